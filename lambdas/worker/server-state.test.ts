/** An environment's way to the server's state: what it makes is checked, and whatever is wrong ends in being sent the state. */
import { beforeEach, describe, expect, it } from "vitest";
import type { ObjectStore, Ports } from "../../shared/cloud/ports.ts";
import { createCompressor } from "../../shared/compressors/registry.ts";
import { memoryStore } from "../../shared/data/testing/memory-store.ts";
import { compressorDraw } from "../../shared/methods/draws.ts";
import type { Vectors } from "../../shared/methods/method.ts";
import { type MadeStep, replay, serverStateNames, startingServerState } from "../../shared/methods/replay.ts";
import { vectorCrc } from "../../shared/protocol/digest.ts";
import { deltaKey, iterateKey, serverStateKey } from "../../shared/protocol/keys.ts";
import type { Downlink, Task } from "../../shared/protocol/messages/task.ts";
import { type Delta, encodeDelta } from "../../shared/protocol/stored/delta.ts";
import { encodeVector } from "../../shared/protocol/stored/vector-object.ts";
import { heldServerStates, NeedState, type ReplayedRun, serverState } from "./server-state.ts";

const D = 12;
const N = 3;
const SEED = 5;
const compressor = createCompressor({ kind: "rand-k", k: 4 }, D, "float64");
const algorithm = {
  kind: "marina",
  compressor: { kind: "rand-k", k: 4 },
  probability: 0.2,
  stepSize: 0.1,
} as const;
const run: ReplayedRun = {
  spec: { algorithm: algorithm as ReplayedRun["spec"]["algorithm"], seed: SEED },
  dimension: D,
  among: () => ({ compressor }),
};
const OWNER = "digest/2";
const names = serverStateNames(algorithm);
const sumsOf = (state: Vectors) => names.map((name) => vectorCrc(state[name]!));

/** Worker i's vector of round t, with zeros of both signs. */
const vectorOf = (round: number, slot: number): Float64Array =>
  Float64Array.from({ length: D }, (_, j) => (j % 3 === 0 ? -0 : ((7 * round + 5 * slot + j) % 9) - 4));

function stepOf(round: number): MadeStep {
  const payloads = Array.from({ length: N }, (_, slot) =>
    compressor
      .encode(vectorOf(round, slot), compressorDraw(SEED, { round, slot, slots: N }, compressor))
      .bytes.slice(),
  );
  const made = { round, workers: N, stepSize: 0.1, shiftStep: 1, refresh: false };
  const mean = vectorOf(0, 1);
  return round === 0
    ? { ...made, request: "full", sum: { kind: "mean", mean } }
    : { ...made, request: "difference", sum: { kind: "messages", payloads } };
}

/** S_{t+1} by the equations of MARINA, entry by entry. */
function byHand({ iterate, estimate }: Vectors, round: number): Vectors {
  const g = Float64Array.from(estimate!);
  if (round === 0) g.set(vectorOf(0, 1));
  else {
    const sum = new Float64Array(D);
    for (let slot = 0; slot < N; slot++) {
      const draw = compressorDraw(SEED, { round, slot, slots: N }, compressor);
      if (draw.kind !== "indices") throw new Error("rand-k draws indices");
      for (const j of draw.indices) sum[j] = sum[j]! + (D / 4) * vectorOf(round, slot)[j]!;
    }
    for (let j = 0; j < D; j++) g[j] = g[j]! + sum[j]! / N;
  }
  return {
    iterate: Float64Array.from(iterate!, (x, j) => x - 0.1 * g[j]!),
    previous: iterate!,
    estimate: g,
  };
}

const states: Vectors[] = [
  startingServerState(
    run.spec,
    Float64Array.from({ length: D }, (_, j) => j - 5),
  ),
];
for (let round = 0; round < 4; round++) states.push(byHand(states[round]!, round));

const deltaOf = (round: number): Delta => ({
  ...stepOf(round),
  runDigest: "digest",
  phase: 2,
  next: sumsOf(states[round + 1]!),
});

let objects: ObjectStore;
let read: number[];
beforeEach(async () => {
  objects = memoryStore();
  read = [];
  for (let round = 0; round < 4; round++)
    await objects.put(deltaKey("r", 2, round), encodeDelta(deltaOf(round)));
});

/** What an environment that holds S_held makes of a task of round t. */
function made(
  held: number | undefined,
  round: number,
  told: Partial<Downlink> = {},
  store = heldServerStates(),
) {
  const compute = { run: async <T>(_work: unknown, work: () => T) => work() };
  const ports = { objects, compute } as unknown as Ports;
  if (held !== undefined) store.keep(OWNER, { round: held, sums: sumsOf(states[held]!) }, states[held]!);
  const task = { run: "r", runDigest: "digest", phase: 2, round } as Task;
  const downlink = { sums: sumsOf(states[round]!), first: 0, ...told };
  return serverState(ports, store, run, task, downlink, (bytes) => read.push(bytes));
}

/** Bit for bit: toEqual tells -0 from 0. */
describe("an environment", () => {
  it("makes the next state of the one it holds and of the delta in the task, and reads nothing", async () => {
    for (const round of [1, 2, 3, 4]) {
      const last = encodeDelta(deltaOf(round - 1));
      expect(await made(round - 1, round, { last })).toEqual(states[round]);
    }
    expect(read).toEqual([]);
    expect(states.some(({ estimate }) => estimate!.some((entry) => Object.is(entry, -0)))).toBe(true);
  });

  it("that has missed rounds reads their deltas", async () => {
    expect(await made(1, 4, { last: encodeDelta(deltaOf(3)) })).toEqual(states[4]);
    expect(read).toEqual([1, 2].map((round) => encodeDelta(deltaOf(round)).length));
  });

  it("that holds the state already needs none", async () => {
    expect(await made(3, 3, { first: 3 })).toBe(states[3]);
  });

  it("goes on from what it has made", async () => {
    const store = heldServerStates();
    await made(0, 2, {}, store);
    for (let round = 0; round < 2; round++) await objects.delete(deltaKey("r", 2, round));
    expect(await made(undefined, 4, {}, store)).toEqual(states[4]);
  });

  it("with another state than the deltas lead on from needs the state", async () => {
    const store = heldServerStates();
    // Of the same round, with one bit changed, as a zombie's epoch might leave it.
    const iterate = states[2]!["iterate"]!.slice();
    iterate[3] = iterate[3]! + 2 ** -40;
    const other = { ...states[2]!, iterate };
    store.keep(OWNER, { round: 2, sums: sumsOf(other) }, other);
    await expect(made(undefined, 4, {}, store)).rejects.toThrow(NeedState);
    await expect(made(undefined, 2, {}, store)).rejects.toThrow(NeedState);
  });

  it("that is ahead, or too far behind, or holds nothing needs the state", async () => {
    await expect(made(4, 3)).rejects.toThrow(NeedState);
    await expect(made(0, 3, { first: 1 })).rejects.toThrow(NeedState);
    await expect(made(undefined, 3)).rejects.toThrow(NeedState);
  });

  it("needs the state where a step was made by another step size, other weights or other messages", async () => {
    const right = deltaOf(2);
    if (right.sum.kind !== "messages") throw new Error("a compressed round");
    const { payloads } = right.sum;
    const wrong: readonly Delta[] = [
      { ...right, stepSize: 0.1000001 },
      { ...right, sum: { kind: "messages", payloads, weights: Float64Array.of(1, 1, 1.001) } },
      { ...right, sum: { kind: "messages", payloads: payloads.toReversed() } },
      { ...right, round: 1 },
      { ...right, phase: 1 },
      { ...right, runDigest: "another" },
    ];
    for (const delta of wrong)
      await expect(made(2, 3, { last: encodeDelta(delta) })).rejects.toThrow(NeedState);
    expect(await made(2, 3, { last: encodeDelta(right) })).toEqual(states[3]);
  });

  it("needs the state where a delta is lost or lies damaged", async () => {
    const key = deltaKey("r", 2, 2);
    await objects.put(key, encodeDelta(deltaOf(2)).slice(0, -3));
    await expect(made(1, 4)).rejects.toThrow(NeedState);
    await objects.delete(key);
    await expect(made(1, 4)).rejects.toThrow(NeedState);
  });

  it("reads the whole state where the task says where it lies, and no other one", async () => {
    const state = states[3]!;
    const keys = [iterateKey("r", 2, 3), iterateKey("r", 2, 2), serverStateKey("r", 2, 3, "estimate")];
    const store = async (vectors: Vectors) => {
      for (const [i, name] of names.entries()) await objects.put(keys[i]!, encodeVector(vectors[name]!));
    };
    await expect(made(undefined, 3, { base: { round: 3, keys } })).rejects.toThrow(NeedState);
    await store(states[2]!);
    await expect(made(undefined, 3, { base: { round: 3, keys } })).rejects.toThrow(NeedState);
    await store(state);
    expect(await made(undefined, 3, { base: { round: 3, keys } })).toEqual(state);
  });

  it("that holds nothing makes the state of an earlier one that the task names", async () => {
    const keys = names.map((name) => serverStateKey("r", 2, 1, name));
    for (const [i, name] of names.entries()) await objects.put(keys[i]!, encodeVector(states[1]![name]!));
    const told = { base: { round: 1, keys }, last: encodeDelta(deltaOf(3)) };
    expect(await made(undefined, 4, told)).toEqual(states[4]);
    // So does one that holds another state than it should.
    const store = heldServerStates();
    store.keep(OWNER, { round: 2, sums: sumsOf(states[3]!) }, states[3]!);
    expect(await made(undefined, 4, told, store)).toEqual(states[4]);
    await objects.put(keys[2]!, encodeVector(states[2]!["estimate"]!));
    await expect(made(undefined, 4, told)).rejects.toThrow(NeedState);
  });

  it("makes S_0 of x^0", async () => {
    await objects.put(iterateKey("r", 2, 0), encodeVector(states[0]!["iterate"]!));
    expect(await made(undefined, 0, { base: { round: 0, keys: [iterateKey("r", 2, 0)] } })).toEqual(
      states[0],
    );
  });
});

it("replaying is the step itself: MARINA's equations, entry by entry", () => {
  for (let round = 0; round < 4; round++)
    expect(replay(run.spec, compressor, states[round]!, stepOf(round))).toEqual(states[round + 1]);
});
