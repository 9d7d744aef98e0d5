import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseSweep, sweepJsonSchema } from "./sweep-spec.ts";

describe("the schema of sweeps", () => {
  it("is the one that is shipped for editors", () => {
    const shipped = readFileSync(new URL("../docs/schema/sweep.schema.json", import.meta.url), "utf8");
    // Written with: marina schema sweep
    expect(JSON.parse(shipped)).toEqual(JSON.parse(JSON.stringify(sweepJsonSchema())));
  });

  it("has no field for the seed beside the list of seeds", () => {
    expect(() => parseSweep({ name: "s", base: {}, grid: { seed: [1, 2] } }, "s.json")).toThrow(/"seeds"/);
  });
});
