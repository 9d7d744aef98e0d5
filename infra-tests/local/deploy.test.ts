import { expect, test } from "vitest";
import { deploy } from "./deploy.ts";

test.each([{}, { AWS_ENDPOINT_URL: "https://cloudformation.us-east-1.amazonaws.com" }])(
  "nothing is deployed with the endpoint of %o",
  async (env) => {
    // A folder that does not exist: anything that were started here would fail with another error.
    const cloud = { name: "somewhere", env, region: "us-east-1", folder: "/nonexistent" };
    await expect(deploy(cloud)).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining("deploys to local clouds only") as string,
    });
  },
);
