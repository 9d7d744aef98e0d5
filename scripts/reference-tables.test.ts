import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { runSpecSchema } from "../shared/protocol/spec/spec.ts";
import { readSweep } from "../sweep/index.ts";
import { fieldTable, withTables } from "./reference-tables.ts";

const readme = readFileSync(fileURLToPath(new URL("../README.md", import.meta.url)), "utf8");
const folder = mkdtempSync(join(tmpdir(), "marina-readme-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("README's tables are those of the commands and of the spec's schema (else: node scripts/run.js scripts/reference-tables.ts)", async () => {
  expect(readme === (await withTables(readme))).toBe(true);
});

it("the table of fields has every field of a spec, each once", () => {
  const paths = [...fieldTable().matchAll(/^\| `([^`]+)` /gm)].map(([, path]) => path!);
  expect(new Set(paths).size).toBe(paths.length);
  const told = new Set(paths.map((path) => path.split(/[.[]/)[0]!));
  expect([...told].sort()).toEqual(
    Object.keys(runSpecSchema.shape)
      .filter((name) => name !== "$schema")
      .sort(),
  );
  for (const path of [
    "stop.usd",
    "algorithm.compressor.k",
    "algorithm.stepSize.times",
    "workers[].fromRound",
  ])
    expect(paths).toContain(path);
});

it("README's sweep is one", () => {
  const [, text] = /^```json sweep\.json\n([\s\S]*?)^```$/m.exec(readme)!;
  writeFileSync(join(folder, "sweep.json"), text!);
  const { sweep } = readSweep(join(folder, "sweep.json"));
  expect(sweep.seeds?.length).toBe(3);
});
