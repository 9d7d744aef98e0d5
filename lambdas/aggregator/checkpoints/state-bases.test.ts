/** Checkpoints that name a base: what they say leads to the state, bit for bit, and what they name is there. */
import { beforeEach, describe, expect, it } from "vitest";
import type { Log, ObjectStore } from "../../../shared/cloud/ports.ts";
import { memoryStore } from "../../../shared/data/testing/memory-store.ts";
import { serverStateNames } from "../../../shared/methods/replay.ts";
import { vectorCrc } from "../../../shared/protocol/digest.ts";
import { checkpointKey, isTransientKey } from "../../../shared/protocol/keys.ts";
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
} from "../../../shared/protocol/stored/checkpoint.ts";
import { encodeDelta } from "../../../shared/protocol/stored/delta.ts";
import { checkpoint as sample } from "../../../shared/protocol/testing/samples.ts";
import { StateBases } from "./state-bases.ts";
import { UnreadableCheckpoint } from "./stored-checkpoint.ts";
import { wholeCheckpoint } from "./whole-checkpoint.ts";

const D = 8;
const spec = {
  algorithm: { kind: "gd", stepSize: 0.5 } as never,
  wire: "float64" as const,
  seed: 1,
};
const layout = { names: serverStateNames(spec.algorithm) };
const log = { info: () => undefined, warn: () => undefined } as unknown as Log;
/** Entries of a dyadic grid: GD by hand is exact. */
const meanOf = (round: number) => Float64Array.from({ length: D }, (_, j) => ((round + j) % 5) - 2);
const stateOf = (round: number): { iterate: Float64Array } => {
  const iterate = Float64Array.from({ length: D }, (_, j) => j);
  for (let t = 0; t < round; t++) for (let j = 0; j < D; j++) iterate[j] = iterate[j]! - 0.5 * meanOf(t)[j]!;
  return { iterate };
};
const frameOf = (round: number): Uint8Array =>
  encodeDelta({
    ...{ runDigest: "digest", phase: 0, round, workers: 3, request: "full", stepSize: 0.5, shiftStep: 1 },
    refresh: false,
    next: [vectorCrc(stateOf(round + 1).iterate)],
    sum: { kind: "mean", mean: meanOf(round) },
  });

let objects: ObjectStore;
let bases: StateBases;
beforeEach(() => {
  objects = memoryStore();
  bases = new StateBases(objects, log, "r", "2/aggregator-0");
});

/** What was begun is done: the store in memory answers within a few turns. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

/** The checkpoint of a round's state, as it is read back. */
function storedAt(round: number): Checkpoint {
  const base = bases.of(stateOf(round), round);
  const { base: _, ...rest } = sample;
  const checkpoint = {
    ...rest,
    ...{ run: "r", runDigest: "digest", round, constants: { ...sample.constants, dimension: D } },
    ...(base === undefined ? { state: stateOf(round) } : { state: {}, base }),
  };
  return decodeCheckpoint(encodeCheckpoint(checkpoint), "checkpoint");
}

describe("checkpoints by a base", () => {
  it("lead to the state, from the base's round on", async () => {
    expect(storedAt(1).base).toBeUndefined();
    bases.sent(stateOf(1), layout, 1);
    expect(storedAt(1).base).toBeUndefined();
    await settled();
    for (let round = 1; round < 5; round++) {
      const stored = storedAt(round);
      expect(stored.base?.deltas.length).toBe(round - 1);
      expect(stored.state).toEqual({});
      const whole = await wholeCheckpoint(objects, spec, stored);
      expect(whole.state).toEqual(stateOf(round));
      expect(whole).toEqual({ ...stored, base: undefined, state: stateOf(round) });
      bases.made(round, frameOf(round));
    }
  });

  it("take another base when the deltas have become many; the old one goes when none names it any more", async () => {
    bases.sent(stateOf(1), layout, 1);
    await settled();
    const old = storedAt(1).base!.keys;
    for (const key of old) expect(isTransientKey(key)).toBe(false);
    // Each delta of this size is more than 6 d bytes.
    bases.made(1, frameOf(1));
    bases.sent(stateOf(2), layout, 2);
    bases.made(2, frameOf(2));
    expect(storedAt(3).base?.round).toBe(1);
    await settled();
    const newer = storedAt(3);
    expect(newer.base).toMatchObject({ round: 2, deltas: { length: 1 } });
    expect((await wholeCheckpoint(objects, spec, newer)).state).toEqual(stateOf(3));
    // The checkpoint of round 3 may have been made before the new base was there.
    bases.forget(3);
    await settled();
    expect(await objects.list("runs/r/iterates/")).toEqual([...old, ...newer.base!.keys].sort());
    bases.forget(4);
    await settled();
    expect(await objects.list("runs/r/iterates/")).toEqual(newer.base!.keys);
    await bases.forgetAll();
    expect(await objects.list("runs/r/iterates/")).toEqual([]);
    expect(storedAt(3).base).toBeUndefined();
  });

  it("of a successor have keys of their own: one at the same round that goes takes nothing with it", async () => {
    await bases.now(stateOf(1), layout, 1);
    const successor = new StateBases(objects, log, "r", "2/aggregator-1");
    successor.inherit(storedAt(1).base, 1);
    const own = await successor.now(stateOf(1), layout, 1);
    successor.forget(2);
    await settled();
    expect(await objects.list("runs/r/iterates/")).toEqual(own);
  });

  it("are not made of a base that lacks a vector, or a delta", async () => {
    await bases.now(stateOf(1), layout, 1);
    expect(bases.of({ ...stateOf(1), "shift of worker 0": new Float64Array(D) }, 1)).toBeUndefined();
    expect(bases.of(stateOf(2), 2)).toBeUndefined();
    expect(bases.of(stateOf(1), 1)).toBeDefined();
  });

  it("whose base is gone, or another one, or that lack a delta are unreadable and say what to do", async () => {
    await bases.now(stateOf(1), layout, 1);
    bases.made(1, frameOf(1));
    const stored = storedAt(2);
    await objects.put(checkpointKey("r"), encodeCheckpoint(stored));
    const refused = async (checkpoint: Checkpoint, what: string) => {
      const reading = wholeCheckpoint(objects, spec, checkpoint);
      await expect(reading).rejects.toThrow(UnreadableCheckpoint);
      await expect(reading).rejects.toThrow(what);
      await expect(reading).rejects.toThrow("marina resume r");
    };
    const base = stored.base!;
    await refused({ ...stored, base: { ...base, deltas: [] } }, "no delta of round 1");
    await refused({ ...stored, base: { ...base, sums: [7] } }, "not the state of round 1");
    await refused({ ...stored, base: { ...base, deltas: [frameOf(2)] } }, "no delta of round 1");
    await objects.delete(base.keys[0]!);
    await refused(stored, "is gone");
    // Somebody else has committed meanwhile: the next delivery of the control message finds that.
    await objects.put(checkpointKey("r"), encodeCheckpoint({ ...stored, commit: "another" }));
    await expect(wholeCheckpoint(objects, spec, stored)).rejects.toMatchObject({ code: "unavailable" });
  });
});
