import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudFormationClient } from "@aws-sdk/client-cloudformation";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { prepareAwsVariables } from "./aws-variables.ts";

function refusalOf(env: NodeJS.ProcessEnv): string {
  try {
    prepareAwsVariables(env);
    return "none";
  } catch (error) {
    return (error as Error).message;
  }
}

describe("AWS_* variables", () => {
  it.each([
    ["AWS_ACCESS_KEY_ID", "AKID\r", "a carriage return (U+000D) at character 5 of 5"],
    ["AWS_SECRET_ACCESS_KEY", "sec ret", "a space (U+0020) at character 4 of 7"],
    ["AWS_SESSION_TOKEN", "\ttoken", "a tab (U+0009) at character 1 of 6"],
    ["AWS_REGION", "eu-north-1\n", "a line feed (U+000A) at character 11 of 11"],
    ["AWS_DEFAULT_REGION", "eu-north-1 ", "a space (U+0020) at character 11 of 11"],
    ["AWS_PROFILE", "mine\r", "a carriage return (U+000D) at character 5 of 5"],
    ["AWS_CONFIG_FILE", "\ufeff/home/me/config", "one (U+FEFF) at character 1 of 16"],
  ])(
    "%s with characters that can't be meant is refused in one line that does not show it",
    (name, value, what) => {
      expect(refusalOf({ [name]: value })).toBe(
        `environment variable ${name}: expected no spaces or control characters, got ${what}; set it again without`,
      );
    },
  );

  it("may have spaces where the AWS CLI allows them, and count as not set where they are empty", () => {
    const env: NodeJS.ProcessEnv = {
      AWS_PROFILE: "my work",
      AWS_CONFIG_FILE: "/a b/config",
      AWS_REGION: "",
      HOME: "",
    };
    expect(refusalOf(env)).toBe("none");
    expect(env).toEqual({ AWS_PROFILE: "my work", AWS_CONFIG_FILE: "/a b/config", HOME: "" });
  });

  it("that should be an address and are none are refused", () => {
    for (const value of ["127.0.0.1:4566", "localhost", "http://", "ftp://x"]) {
      expect(refusalOf({ AWS_ENDPOINT_URL_S3: value })).toContain(
        `environment variable AWS_ENDPOINT_URL_S3: expected an address such as http://127.0.0.1:4566, got "${value}"`,
      );
    }
    expect(refusalOf({ AWS_ENDPOINT_URL: "http://127.0.0.1:4566" })).toBe("none");
  });
});

describe("the region and the profile", () => {
  let folder: string;
  const config = "[default]\nregion = ca-central-1\n[profile mine]\nregion = sa-east-1\n";

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "marina-aws-"));
    writeFileSync(join(folder, "config"), config);
    for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) vi.stubEnv(name, undefined);
    vi.stubEnv("AWS_CONFIG_FILE", join(folder, "config"));
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(folder, "credentials"));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  it.each([
    [{}, "ca-central-1"],
    [{ AWS_PROFILE: "mine" }, "sa-east-1"],
    [{ AWS_DEFAULT_PROFILE: "mine" }, "sa-east-1"],
    [{ AWS_DEFAULT_REGION: "eu-west-3" }, "eu-west-3"],
    [{ AWS_PROFILE: "mine", AWS_DEFAULT_REGION: "eu-west-3" }, "eu-west-3"],
    [{ AWS_REGION: "", AWS_DEFAULT_REGION: "eu-west-3" }, "eu-west-3"],
    [{ AWS_REGION: "ap-south-1", AWS_DEFAULT_REGION: "eu-west-3" }, "ap-south-1"],
  ] as const)("with %o are those of the AWS CLI: %s", async (variables, region) => {
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    prepareAwsVariables(process.env);
    const client = new CloudFormationClient({});
    expect(await client.config.region()).toBe(region);
    client.destroy();
  });
});
