/** The example as its README tells it, on the embedded cloud. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { openMarina, type RunSpecInput } from "../../client/library.ts";

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const home = mkdtempSync(join(tmpdir(), "marina-example-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

it("nine tenths of the delays are below what the network with the quantile loss predicts, and more load means more", async () => {
  await using marina = await openMarina({ home });
  await marina.importData(file("delays.csv"), { labelColumn: "delay", labels: "real" });
  const { sha256 } = await marina.buildModel(file("model.ts"));
  const spec = JSON.parse(readFileSync(file("spec.json"), "utf8")) as RunSpecInput;
  const run = await marina.createRun({ ...spec, problem: { kind: "model", program: sha256 } });
  expect((await run.result()).status).toBe("done");
  const rows = readFileSync(file("delays.csv"), "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",").map(Number));
  const found: number[] = [];
  for await (const { prediction } of run.predictions()) found.push(prediction as number);
  const below = rows.filter(([, , delay], row) => delay! < found[row]!).length / rows.length;
  expect(below).toBeGreaterThan(0.85);
  expect(below).toBeLessThan(0.95);
  const above = (load: (value: number) => boolean) => {
    const widths = rows.flatMap(([time, value], row) =>
      load(value!) ? [found[row]! - Math.sin(2 * time!)] : [],
    );
    return widths.reduce((sum, width) => sum + width, 0) / widths.length;
  };
  expect(above((load) => load > 0.7)).toBeGreaterThan(above((load) => load < 0.3) + 0.1);
});
