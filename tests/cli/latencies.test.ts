/** `--latencies FILE`: predictions are made with it, bits are not; what is no such file is refused before anything is done. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { latencyFileText } from "../../client/measure/latency-file.ts";
import { AWS_LATENCIES } from "../../embedded/latency/latencies.ts";
import { shippedFile } from "../../shared/data/testing/load.ts";
import { marina } from "../fixtures/cli.ts";

const folder = mkdtempSync(join(tmpdir(), "marina-latencies-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const call = (...args: string[]) => marina([...args, "--home", "home"], { cwd: folder });

const ROUNDS = 20;
const HOP_MILLISECONDS = 700;
const spec = {
  ...{ data: "mushrooms", workers: 3, problem: { kind: "nonconvex-binary" }, evaluateEvery: 0 },
  algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 10 }, stepSize: 0.1, probability: 0.1 },
  stop: { rounds: ROUNDS },
};
const always = (value: number) => ({ p10: value, p50: value, p90: value, p99: value, max: value });

beforeAll(async () => {
  writeFileSync(join(folder, "spec.json"), JSON.stringify(spec));
  writeFileSync(
    join(folder, "sweep.json"),
    JSON.stringify({ name: "s", base: "spec.json", grid: { "algorithm.compressor.k": [5] }, seeds: [1] }),
  );
  writeFileSync(
    join(folder, "slow.json"),
    latencyFileText({
      version: 1,
      measured: {
        ...{ on: "aws", stack: "Marina", region: "us-east-1", architecture: "arm64" },
        ...{ workerMemoryMb: 1769, aggregatorMemoryMb: 1769, answers: 1 },
      },
      asPublished: [],
      latencies: { ...AWS_LATENCIES, coldChance: 0, dispatchStandard: always(HOP_MILLISECONDS) },
    }),
  );
  writeFileSync(join(folder, "bad.json"), '{"latencies": {}}');
  const data = await call("data", "import", shippedFile("mushrooms"), "--name", "mushrooms");
  expect(data.code).toBe(0);
});

const resultOf = async (...args: string[]): Promise<Record<string, unknown>> => {
  const { stdout, stderr, code } = await call("run", "spec.json", "--json", ...args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
};

it("a run has the bits that it has without, and the seconds of the file", async () => {
  const [published, slow] = [await resultOf(), await resultOf("--latencies", "slow.json")];
  expect(slow["iterateSha256"]).toBe(published["iterateSha256"]);
  expect(published["predictedSeconds"]).toBeLessThan((0.5 * ROUNDS * HOP_MILLISECONDS) / 1000);
  // Every round waits for a hop.
  expect(slow["predictedSeconds"]).toBeGreaterThan((ROUNDS * HOP_MILLISECONDS) / 1000);
  expect(slow["predictedSeconds"]).toBeLessThan((1.3 * ROUNDS * HOP_MILLISECONDS) / 1000);
});

it("a sweep's cells are those of the file: what was done with others is not taken for them", async () => {
  const secondsOf = async (...args: string[]): Promise<number> => {
    const { code, stderr } = await call("sweep", "sweep.json", ...args);
    expect(code, stderr).toBe(0);
    const cells = JSON.parse(readFileSync(join(folder, "home/sweeps/s/results.json"), "utf8")) as {
      result: { seconds: number };
    }[];
    expect(cells).toHaveLength(1);
    return cells[0]!.result.seconds;
  };
  const published = await secondsOf();
  const slow = await secondsOf("--latencies", "slow.json");
  expect(slow).toBeGreaterThan((ROUNDS * HOP_MILLISECONDS) / 1000);
  expect(await secondsOf()).toBe(published);
});

it.each([
  ["run", "spec.json"],
  ["power", "spec.json"],
  ["sweep", "sweep.json"],
])("%s: a bad file is refused with its name and its fields, and exit code 2", async (command, input) => {
  for (const [file, said] of [
    ["bad.json", "latencies.queueCall: missing"],
    ["none.json", "give a file that marina measure --out has written"],
  ] as const) {
    const { code, stdout, stderr } = await call(command, input, "--latencies", file);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^marina: /);
    expect(stderr).not.toContain("    at ");
    expect(stderr).toContain(said);
  }
});

it("measure: the embedded cloud, a file that is there and bursts beyond the bound are refused", async () => {
  const embedded = await call("measure");
  expect([embedded.code, embedded.stderr]).toEqual([
    2,
    expect.stringContaining("measure looks at a deployed stack: give --on aws or --on localstack"),
  ]);
  const there = await call("measure", "--on", "localstack", "--out", "slow.json");
  expect([there.code, there.stderr]).toEqual([
    2,
    "marina: --out slow.json: is there already; give another name\n",
  ]);
  const many = await call("measure", "--on", "localstack", "--bursts", "10,501");
  expect(many.code).toBe(2);
  expect(many.stderr).toContain("expected up to five whole numbers from 2 to 500");
});
