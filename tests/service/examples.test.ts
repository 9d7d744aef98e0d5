/** The specs of `examples/` run, as their READMEs say, and learn something. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { importDigits } from "../../client/import/digits.ts";
import { createEmbeddedService } from "../../embedded/service/service.ts";
import type { RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { recordsOf, runToEnd } from "../fixtures/service.ts";

const folder = new URL("../../examples/", import.meta.url);
const data = new URL("../../experiments/data/digits.csv.gz", import.meta.url).pathname;
/** Networks as layers; models of one's own have tests of their own. */
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .filter((name) => {
    const spec = JSON.parse(readFileSync(new URL(`${name}/spec.json`, folder), "utf8")) as RunSpecInput;
    return spec.problem.kind === "network";
  });

describe.each(names)("examples/%s", (name) => {
  const at = (file: string) => readFileSync(new URL(`${name}/${file}`, folder), "utf8");

  it("has a README that runs it", () => {
    expect(at("README.md")).toContain(`marina.js run examples/${name}/spec.json`);
  });

  it("runs on the shipped digits, and ends with nine of ten images right that it has not seen", async () => {
    const service = createEmbeddedService({ seed: 1, latencies: "none" });
    const { objects } = service.cloud.client;
    await importDigits(objects, data, "train");
    await importDigits(objects, data, "test");
    const spec = JSON.parse(at("spec.json")) as RunSpecInput;
    const heldOut = { data: "digits-test", every: 1000 };
    const result = await runToEnd(service, name, { ...spec, heldOut });
    expect(result.status).toBe("done");
    const records = await recordsOf(service, name);
    expect(result.loss!).toBeLessThan(records[0]!.loss! / 5);
    expect(result.heldOut!.correct! / result.heldOut!.rows).toBeGreaterThan(0.85);
  });
});
