import { describe, expect, it } from "vitest";
import type { Plan, RequestDefinition } from "../../../shared/methods/method.ts";
import { METHODS, methodOf, reusesGradients } from "../../../shared/methods/registry.ts";
import type { Problem } from "../../../shared/problems/problem.ts";
import type { Task } from "../../../shared/protocol/messages/task.ts";
import { taskOf } from "../../../shared/protocol/testing/samples.ts";
import { keepsGradients, keptGradient, reuseUsd, usedGradients, withReuse } from "./gradient-reuse.ts";

const marina = { kind: "marina", compressor: { kind: "rand-k", k: 10 } } as never;
const uniform = (dimension: number, tasks: number, seconds: number) => ({ dimension, tasks, seconds });

describe("what a gradient costs, computed again or kept", () => {
  it("is seconds of one vCPU's memory, or a PUT, a GET, their time and 8 d bytes each way", () => {
    // us-east-1: $0.0000133334 a GB-second, $5 a million PUTs, $0.40 a million GETs; 45 and 27 ms; 625 Mbit/s.
    const second = (1769 / 1024) * 0.0000133334;
    const { computing, keeping } = reuseUsd(uniform(1e6, 10, 2));
    expect(computing).toBeCloseTo(0.9 * 2 * second, 15);
    const seconds = 0.045 + 0.027 + 16e6 / 78.125e6 + 6 * 1e6 * 1.76e-9;
    expect(keeping).toBeCloseTo(5e-6 + 0.4e-6 + seconds * second, 15);
  });

  it("decides by itself: a third of a second of computing is where keeping begins to pay", () => {
    const auto = (dimension: number, tasks: number, seconds: number) =>
      keepsGradients({ algorithm: marina }, uniform(dimension, tasks, seconds));
    // 5.4 requests of a million dollars are 0.234 s, calls 0.072 s: 0.306 s and little more.
    expect([auto(1000, 1000, 0.3), auto(1000, 1000, 0.32)]).toEqual([false, true]);
    // 16 d bytes take 0.2 s at d = 1e6.
    expect([auto(1e6, 1000, 0.5), auto(1e6, 1000, 0.53)]).toEqual([false, true]);
    // One task's environment has computed it itself; of two it is one half of the time.
    expect([auto(1000, 1, 60), auto(1000, 2, 0.6), auto(1000, 2, 0.64)]).toEqual([false, false, true]);
  });

  it("is nothing where it is forced, or where no gradient is needed twice", () => {
    const small = uniform(10, 5, 1e-6);
    expect(keepsGradients({ algorithm: marina, reuse: "store" }, small)).toBe(true);
    const large = uniform(10, 5, 100);
    expect(keepsGradients({ algorithm: marina, reuse: "environment" }, large)).toBe(false);
    for (const { example } of METHODS) {
      const twice = ["marina", "pp-marina", "dasha"].includes(example.kind);
      expect(reusesGradients(example as never), example.kind).toBe(twice);
      expect(keepsGradients({ algorithm: example as never }, large), example.kind).toBe(twice);
    }
  });

  it("is a worker's mean share of the rows, at a network's rate", () => {
    // 6 d flop a row: 60,000 rows of ten workers at 8e9 flop a second.
    const problem = {
      parameters: { dimension: 1e5 },
      work: (rows: number, nonZeros: number) => ({ rows: 0, nonZeros: 0 * nonZeros, flop: 6e5 * rows }),
    } as unknown as Problem;
    const taking = { workers: 10, participants: 4, shardsPerTask: 3 };
    expect(keptGradient(taking, { rows: 60_000, nonZeros: 1 }, problem)).toEqual({
      dimension: 1e5,
      tasks: 2,
      seconds: 0.45,
    });
  });
});

const requests = new Map<string, RequestDefinition>(
  METHODS.flatMap(({ requests: each }) => each as readonly RequestDefinition[]).map((each) => [
    each.name,
    each,
  ]),
);
const plan = (name: string, workers: readonly number[]): Plan => ({
  request: requests.get(name)!,
  workers: Uint32Array.from(workers),
  refresh: false,
});
const tasks = (name: Task["kind"], workers: readonly number[]): readonly Task[] =>
  workers.map((worker, slot) => taskOf(name, { round: 7, slot, worker }));
/** By worker: r is read, k is kept. */
const orders = (all: readonly Task[]): readonly string[] =>
  all.map(({ worker, reuse }) => {
    if (reuse === undefined) return `${worker}`;
    expect(reuse).toHaveLength(1);
    return `${worker}${reuse[0]!.read ? "r" : ""}${reuse[0]!.keep ? "k" : ""}`;
  });

describe("a round's tasks", () => {
  const beside = (before: Plan, after: Plan, change = {}) => ({
    ...{ round: 7, since: 0, end: 100 },
    plan: (at: number) => ({ 6: before, 8: after })[at]!,
    ...change,
  });

  it("read what the round before has kept, and keep what the next one needs", () => {
    const difference = plan("difference", [0, 1, 2]);
    const ordered = (change = {}) =>
      orders(withReuse(tasks("difference", [0, 1, 2]), difference, beside(difference, difference, change)));
    expect(ordered()).toEqual(["0rk", "1rk", "2rk"]);
    // The first round of an epoch has nothing before it, the last of a run nothing after it.
    expect(ordered({ since: 7 })).toEqual(["0k", "1k", "2k"]);
    expect(ordered({ end: 8 })).toEqual(["0r", "1r", "2r"]);
    expect(ordered({ since: 7, end: 8 })).toEqual(["0", "1", "2"]);
  });

  it("that are dense read nothing, and keep nothing for another dense round", () => {
    const [full, difference] = [plan("full", [0, 1]), plan("difference", [0, 1])];
    expect(orders(withReuse(tasks("full", [0, 1]), full, beside(difference, difference)))).toEqual([
      "0k",
      "1k",
    ]);
    expect(orders(withReuse(tasks("full", [0, 1]), full, beside(difference, full)))).toEqual(["0", "1"]);
    expect(orders(withReuse(tasks("difference", [0, 1]), difference, beside(full, full)))).toEqual([
      "0r",
      "1r",
    ]);
  });

  it("of some of the workers do so for those that take part in both rounds, for one that comes twice once", () => {
    const now = plan("difference", [4, 1, 4, 2]);
    const around = beside(plan("difference", [1, 3]), plan("difference", [2, 4, 4]));
    expect(orders(withReuse(tasks("difference", [4, 1, 4, 2]), now, around))).toEqual([
      "4k",
      "1r",
      "4",
      "2k",
    ]);
  });

  it("of mini-batches are as they are", () => {
    const batch = plan("difference-batch", [0, 1]);
    expect(orders(withReuse(tasks("difference-batch", [0, 1]), batch, beside(batch, batch)))).toEqual([
      "0",
      "1",
    ]);
  });

  it("leave behind, once each, the gradients that they were to read", () => {
    const now = plan("difference", [4, 1, 4]);
    const around = beside(plan("difference", [1, 4]), plan("full", [0, 1, 2, 3, 4]));
    const ordered = withReuse(tasks("difference", [4, 1, 4]), now, around);
    const { run, phase } = ordered[0]!;
    const key = (worker: number) =>
      `runs/${run}/contributions/gradients-${phase}/0000000006/000000000${worker}`;
    expect(usedGradients(ordered)).toEqual([key(4), key(1)]);
  });
});

it("a method's plans do not depend on its state, where its gradients are kept: rounds beside are known", () => {
  for (const { example } of METHODS) {
    if (!reusesGradients(example as never)) continue;
    const definition = methodOf(example as never);
    const numbers = { workers: 5, stepSize: 1, probability: 0.5, shiftStep: 1 } as never;
    const method = definition.server(example as never, numbers);
    const draws = {
      coin: () => false,
      slots: () => Uint32Array.of(3, 1),
      weightedSlots: () => Uint32Array.of(),
    };
    const untouchable = new Proxy({}, { get: () => expect.unreachable("a plan has looked at the state") });
    for (const round of [0, 1, 9]) method.plan(untouchable as never, round, draws);
  }
});
