/** The first rounds of the example, on the embedded cloud. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { openMarina, type RunSpecInput } from "../../client/library.ts";

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const home = mkdtempSync(join(tmpdir(), "marina-example-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

it("the loss falls from log 10, and more digits are told right", async () => {
  await using marina = await openMarina({ home });
  await marina.importData(file("../../experiments/data/digits.csv.gz"), {
    name: "digits",
    header: false,
    labelColumn: "65",
    labels: "classes",
    shape: "8,8,1",
    scale: true,
  });
  const { sha256, work } = await marina.buildModel(file("model.ts"));
  expect(work.dimension).toBe(80 + 1168 + 170);
  const spec = JSON.parse(readFileSync(file("spec.json"), "utf8")) as RunSpecInput;
  const run = await marina.createRun({
    ...spec,
    problem: { kind: "model", program: sha256 },
    stop: { rounds: 60 },
  });
  expect((await run.result()).status).toBe("done");
  const [before, after] = [await run.evaluate({ at: "start" }), await run.evaluate()];
  expect(after.loss).toBeLessThan(0.95 * before.loss);
  expect(after.accuracy).toBeGreaterThan(before.accuracy! + 0.1);
});
