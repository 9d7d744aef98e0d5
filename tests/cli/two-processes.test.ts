/** Commands that work on one home at one time, in processes of their own: none does harm to another. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shippedFile } from "../../shared/data/testing/load.ts";
import type { RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { marina } from "../fixtures/cli.ts";
import { readWhole } from "../fixtures/kill-trial.ts";

const folder = mkdtempSync(join(tmpdir(), "marina-two-"));
const file = (name: string) => join(folder, name);
const HOME = file("home");
const call = (...args: readonly string[]) => marina([...args, "--home", HOME], { cwd: folder });
const json = (path: string): Record<string, unknown> => JSON.parse(readFileSync(join(HOME, path), "utf8"));

const spec: RunSpecInput = {
  name: "r",
  data: "small",
  workers: 3,
  problem: { kind: "nonconvex-binary" },
  algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 10 }, probability: 0.2, stepSize: 0.1 },
  stop: { rounds: 300 },
};

beforeAll(async () => {
  const lines = gunzipSync(readFileSync(shippedFile("mushrooms")))
    .toString("latin1")
    .split("\n");
  const rows = (from: number, to: number) => `${lines.slice(from, to).join("\n")}\n`;
  writeFileSync(file("small.svm"), rows(0, 60));
  for (const [i, name] of ["a", "b", "c"].entries())
    writeFileSync(file(`${name}.svm`), rows(100 * i, 80 + 110 * i));
  writeFileSync(file("spec.json"), JSON.stringify(spec));
  writeFileSync(
    file("sweep.json"),
    JSON.stringify({ name: "s", base: "spec.json", grid: { "algorithm.compressor.k": [5, 10] }, seeds: [1] }),
  );
  expect(await call("data", "import", "small.svm")).toMatchObject({ code: 0 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("at one time", () => {
  it("three imports under one name: each ends well, and one of them is there, whole", async () => {
    const imports = ["a", "b", "c"].map((name) =>
      call("data", "import", `${name}.svm`, "--name", "shared", "--replace"),
    );
    for (const outcome of await Promise.all(imports)) expect(outcome).toMatchObject({ code: 0, stderr: "" });
    readWhole(HOME);
    expect([80, 90, 100]).toContain(json("objects/datasets/shared/manifest.json")["rows"]);
  });

  it("three first imports under one name: one is there, the others say that the name is taken", async () => {
    const outcomes = await Promise.all(
      ["a", "b", "c"].map((name) => call("data", "import", `${name}.svm`, "--name", "first")),
    );
    expect(outcomes.map(({ code }) => code).sort()).toEqual([0, 1, 1]);
    for (const { code, stderr } of outcomes)
      if (code !== 0)
        expect(stderr).toMatch(/^marina: data set "first" (exists already|was written by another)[^\n]*\n$/);
    readWhole(HOME);
  });

  it("two runs of one name, beside an import: two runs with the same bits, and the data set", async () => {
    const [one, other, imported] = await Promise.all([
      call("run", "spec.json"),
      call("run", "spec.json"),
      call("data", "import", "b.svm"),
    ]);
    expect([one.code, other.code, imported.code]).toEqual([0, 0, 0]);
    const digest = (run: string) => json(`objects/runs/${run}/result.json`)["iterateSha256"];
    expect(digest("r-2")).toBe(digest("r"));
    expect(json("objects/datasets/b/manifest.json")["rows"]).toBe(90);
    readWhole(HOME);
  });

  it("two sweeps of one file: both come to the same results", async () => {
    const both = await Promise.all([
      call("sweep", "sweep.json", "--out", file("one")),
      call("sweep", "sweep.json", "--out", file("two")),
    ]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    const digests = (out: string) =>
      (
        JSON.parse(readFileSync(file(`${out}/results.json`), "utf8")) as {
          result: { iterateSha256: string };
        }[]
      ).map(({ result }) => result.iterateSha256);
    expect(digests("one")).toEqual(digests("two"));
    expect(new Set(digests("one")).size).toBe(2);
    readWhole(HOME);
  });

  it("a list beside imports that come and go shows what is there", async () => {
    const [list, replaced] = await Promise.all([
      call("data", "list"),
      call("data", "import", "c.svm", "--name", "shared", "--replace"),
    ]);
    expect([list.code, replaced.code]).toEqual([0, 0]);
    expect(list.stdout).toContain("small");
  });
});
