/** Sweeps on the deployed stack, as a person runs them: the command, its budget, and the embedded cloud's bits. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { parseRunSpec } from "../../shared/protocol/spec/spec.ts";
import { projectRoot } from "../local/paths.ts";
import { embeddedResult } from "./testing/reference.ts";
import { importMushrooms, Service } from "./testing/service.ts";

const SWEEP_SECONDS = 300;
const DATA = "mushrooms-sweep";
const K = [4, 8, 12];
const ROUNDS = 25;
const cloud = inject("cloud");
const service = new Service(cloud);
const on = cloud.kind === "aws" ? "aws" : "localstack";
const home = mkdtempSync(join(tmpdir(), "marina-sweep-e2e-"));
const file = join(home, "sweep.json");
const base = {
  data: DATA,
  workers: 3,
  problem: { kind: "nonconvex-binary" },
  algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 1 } },
  stop: { rounds: ROUNDS },
  evaluateEvery: 10,
};

interface Cell {
  readonly axes: Readonly<Record<string, number>>;
  readonly result: { readonly iterateSha256: string; readonly rounds: number; readonly status: string };
  readonly deployed: { readonly run: string; readonly sameBits: boolean; readonly predictedUsd: number };
}

beforeAll(async () => {
  await importMushrooms(service.ports.objects, DATA);
  writeFileSync(file, JSON.stringify({ name: "e2e", base, grid: { "algorithm.compressor.k": K } }));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Runs the command line; resolves whatever its exit code. */
function marina(...words: readonly string[]): Promise<{ code: number; output: string }> {
  const words_ = [join(projectRoot, "cli", "main.ts"), ...words, "--on", on, "--home", home];
  const options = { env: { ...process.env, ...cloud.env }, cwd: projectRoot, timeout: 1000 * SWEEP_SECONDS };
  return new Promise((resolve) => {
    execFile(process.execPath, words_, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? 1);
      resolve({ code, output: `${stdout}\n${stderr}` });
    });
  });
}

function results(): Cell[] {
  return JSON.parse(readFileSync(join(home, "sweeps", "e2e", "results.json"), "utf8")) as Cell[];
}

test(
  "a sweep keeps to its budget, goes on with a larger one, and ends with the embedded cloud's bits",
  async () => {
    // First with less than any run costs: what one is predicted to cost is told, and nothing is started.
    const none = await marina("sweep", file, "--max-usd", "0.0000001");
    expect(none, none.output).toMatchObject({ code: 1 });
    expect(none.output).toContain(`left: ${K.length} runs`);
    const prices = [...none.output.matchAll(/"algorithm.compressor.k":\d+,"seed":1}: \$([\d.e-]+)/g)];
    expect(prices.length).toBe(K.length);

    // A budget for two of three. The emulators' clocks differ from AWS's: real rounds may cost many times the prediction.
    const [first, second, third] = prices.map(([, usd]) => Number(usd));
    const some = await marina("sweep", file, "--max-usd", String(first! + second! + third! / 2));
    expect(some, some.output).toMatchObject({ code: 1 });
    const before = Number(/left: (\d+) runs/.exec(some.output)?.[1]);
    expect(before).toBeGreaterThanOrEqual(1);

    const all = await marina("sweep", file, "--jobs", "2");
    expect(all, all.output).toMatchObject({ code: 0 });
    expect(all.output).toContain("final iterates: the bits of the embedded cloud");
    const cells = results();
    expect(cells.map(({ axes }) => axes["algorithm.compressor.k"])).toEqual(K);
    for (const [i, { result, deployed }] of cells.entries()) {
      const algorithm = { ...base.algorithm, compressor: { kind: "rand-k", k: K[i] } };
      const expected = await embeddedResult(parseRunSpec({ ...base, algorithm }, "test"));
      expect(result).toMatchObject({
        status: "done",
        rounds: ROUNDS,
        iterateSha256: expected.iterateSha256,
      });
      expect(deployed.sameBits).toBe(true);
      expect((await service.result(deployed.run))?.iterateSha256).toBe(expected.iterateSha256);
    }

    // All done: nothing is run again.
    const again = await marina("sweep", file);
    expect(again.output).toContain(`for 0 of ${K.length} runs`);
    expect(results().map(({ deployed }) => deployed.run)).toEqual(cells.map(({ deployed }) => deployed.run));
  },
  1000 * SWEEP_SECONDS,
);

test(
  "a search for the best step runs on the stack and finds what the embedded cloud finds",
  async () => {
    const spec = join(home, "tune.json");
    const algorithm = { kind: "marina", compressor: { kind: "rand-k", k: 40 } };
    const stop = { rounds: 20, relativeGradientNormSquared: 0.2 };
    writeFileSync(spec, JSON.stringify({ ...base, algorithm, stop, evaluateEvery: 1 }));
    const words = ["tune", spec, "--by", "rounds", "--json"] as const;
    const found = await marina(...words);
    expect(found, found.output).toMatchObject({ code: 0 });
    const { value, trials } = JSON.parse(
      found.output.split("\n").find((line) => line.startsWith("{")) ?? "{}",
    ) as { value: { times: number }; trials: { value: { times: number }; cost: number | null }[] };
    const best = Math.min(...trials.map(({ cost }) => cost ?? Infinity));
    const chosen = trials.find((trial) => trial.value.times === value.times);
    expect(chosen?.cost).toBe(best);
    const expected = await embeddedResult(
      parseRunSpec({ ...base, algorithm: { ...algorithm, stepSize: value }, stop, evaluateEvery: 1 }, "test"),
    );
    expect(expected.rounds).toBe(best);
  },
  1000 * SWEEP_SECONDS,
);
