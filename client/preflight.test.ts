import { describe, expect, it } from "vitest";
import { dataForm } from "../shared/data/data-form.ts";
import type { Manifest } from "../shared/data/manifest.ts";
import { openProblem } from "../shared/problems/registry.ts";
import { parseRunSpec, type RunSpec } from "../shared/protocol/spec/spec.ts";
import { checkFunction, checkMemory, checkReducer, checkTask } from "./preflight.ts";
import { taskSeconds } from "./task-seconds.ts";

/** Ten million rows of a hundred entries. */
const manifest: Manifest = {
  version: 1,
  name: "large",
  source: { fileName: "large.txt", bytes: 1, sha256: "0".repeat(64) },
  rows: 10_000_000,
  featureCount: 1000,
  nonZeros: 1_000_000_000,
  labels: { kind: "real", min: 0, max: 1 },
  groups: [],
  object: { key: "datasets/large/rows-0", bytes: 781_250_000, etag: "e", sha256: "0".repeat(64) },
};

const problem = openProblem({ kind: "least-squares" }, dataForm(manifest));

function specOf(workers: number, shardsPerTask = 1): RunSpec {
  return parseRunSpec(
    {
      data: "large",
      workers,
      shardsPerTask,
      problem: { kind: "least-squares" },
      algorithm: { kind: "gd" },
      stop: { rounds: 1 },
    },
    "a test",
  );
}

/** Two points, 16 ns a row and 4.64 ns an entry of one vCPU. */
const ALL_ROWS_SECONDS = 2 * (10e6 * 16e-9 + 1e9 * 4.64e-9);

describe("a function that can't be invoked", () => {
  const limits = { timeoutSeconds: 60, memoryMb: 1769, reservedConcurrency: undefined };

  it.each([
    ["Pending", /try again in a minute$/],
    ["Inactive", /wake it/],
    ["Failed", /last deployment failed: deploy the stack again/],
    ["Deleting", /expected Active/],
  ])("in state %s is told what it is, not that its time-out is too short", (state, advice) => {
    const { good, text } = checkFunction("worker", { ...limits, state }, 60);
    expect(good).toBe(false);
    expect(text).toMatch(advice);
    expect(text).not.toMatch(/needs a time-out/);
    expect(checkFunction("worker", { ...limits, state }, 61).text).toMatch(/needs a time-out of 61 s/);
  });
});

describe("a worker's largest task", () => {
  it("reads and passes over its rows only, at the network's and the vCPU's speed", () => {
    const { reading, computing } = taskSeconds(specOf(10), manifest, problem, 1769);
    // 625 Mbit/s
    expect(reading).toBeCloseTo(1, 6);
    expect(computing).toBeCloseTo(ALL_ROWS_SECONDS / 10, 3);
  });

  it("takes longer by the number of shards that it packs, and by the share of a vCPU that memory brings", () => {
    expect(taskSeconds(specOf(10, 5), manifest, problem, 1769).computing).toBeCloseTo(
      ALL_ROWS_SECONDS / 2,
      3,
    );
    expect(taskSeconds(specOf(10), manifest, problem, 1769 / 8).computing).toBeCloseTo(
      0.8 * ALL_ROWS_SECONDS,
      3,
    );
  });

  it("is refused where it outlasts the time-out, with what to do", () => {
    const small = { timeoutSeconds: 60, memoryMb: 128 };
    expect(checkTask(specOf(10), manifest, problem, small)).toMatchObject({ good: true });
    const { good, text } = checkTask(specOf(1), manifest, problem, small);
    expect(good).toBe(false);
    expect(text).toMatch(/2\.2 min to compute, time-out 60 s: .* more workers or fewer shardsPerTask/);
  });
});

describe("the aggregator's largest round", () => {
  const wide = openProblem({ kind: "least-squares" }, { ...dataForm(manifest), features: 1_000_000 });

  const whole = (workers: number) => ({ ...specOf(workers), reduction: "aggregator" }) as const;

  it("is no limit where reducers add the answers", () => {
    expect(checkMemory(specOf(10_000), wide, { memoryMb: 1769 }).good).toBe(true);
  });

  it("is refused where the answers of all workers do not fit into the function's memory, with what to do", () => {
    // 12 bytes an entry: 1.2 GB of answers.
    expect(checkMemory(whole(100), wide, { memoryMb: 1769 }).good).toBe(true);
    const { good, text } = checkMemory(whole(200), wide, { memoryMb: 1769 });
    expect(good).toBe(false);
    expect(text).toMatch(
      /about 2556 MB of the aggregator's 1769 MB .*deploy with -c aggregatorMemoryMb=2556/,
    );
  });

  it("that no function can hold is refused with fewer workers as the only way", () => {
    const { good, text } = checkMemory(whole(1000), wide, { memoryMb: 10_240 });
    expect(good).toBe(false);
    expect(text).toMatch(/a function has 10240 MB at most: give the spec fewer workers/);
  });
});

describe("a reducer's task", () => {
  const wide = openProblem({ kind: "least-squares" }, { ...dataForm(manifest), features: 1_000_000 });
  const worker = { timeoutSeconds: 60 };

  it("is none where the aggregator adds the vectors", () => {
    expect(checkReducer(specOf(1000), problem, worker)).toBeUndefined();
    expect(checkReducer({ ...specOf(1000), reduction: "aggregator" }, wide, worker)).toBeUndefined();
  });

  it("is refused where the store's rate alone outlasts the time-out, with what to do", () => {
    // 24 ranges of 1,000 vectors at 5,500 reads a second: 4.4 s.
    expect(checkReducer(specOf(1000), wide, worker)).toMatchObject({
      good: true,
      text: "largest sum: 24 reducers read 1000 vectors by ranges in about 4.36 s, time-out 60 s",
    });
    expect(checkReducer(specOf(20_000), wide, worker)).toMatchObject({
      good: false,
      text: expect.stringMatching(/about 87.3 s, time-out 60 s: reducers would be cut off; .*fewer workers/),
    });
  });
});

describe("a deployed function", () => {
  const deployed = { timeoutSeconds: 60, memoryMb: 1769, reservedConcurrency: undefined, state: "Active" };

  it("is fit with the time-out that the program builds on, and with a longer one", () => {
    expect(checkFunction("W", deployed, 60).good).toBe(true);
    expect(checkFunction("W", { ...deployed, timeoutSeconds: 900 }, 60).good).toBe(true);
  });

  it("is unfit with a shorter one, or while it is being made", () => {
    const short = checkFunction("W", { ...deployed, timeoutSeconds: 3 }, 60);
    expect(short).toEqual({
      good: false,
      text: "W: Active, 1769 MB, time-out 3 s; this program needs a time-out of 60 s: deploy the stack again (npx cdk deploy)",
    });
    expect(checkFunction("W", { ...deployed, state: "Pending" }, 60).good).toBe(false);
  });
});
