import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryStore } from "../../shared/data/testing/memory-store.ts";
import { Purpose, Stream } from "../../shared/math/streams.ts";
import { roundsKey } from "../../shared/protocol/keys.ts";
import { encodeCheckpoint } from "../../shared/protocol/stored/checkpoint.ts";
import { encodeRounds, type RoundRecord } from "../../shared/protocol/stored/round-record.ts";
import { checkpoint } from "../../shared/protocol/testing/samples.ts";
import { digestOf, RoundsDigester } from "./digest.ts";
import { EpochCounter } from "./epochs.ts";
import { RoundsReader, readRounds, roundBlocks } from "./read-rounds.ts";

function record(round: number, changes: Partial<RoundRecord> = {}): RoundRecord {
  return {
    round,
    dense: round === 0,
    slots: 5,
    loss: 1 / (1 + round),
    gradientNormSquared: 1 / (1 + round) ** 2,
    uplinkBitsPerWorker: 32 * round,
    uplinkBytes: 4 * round,
    downlinkBytes: 8 * round,
    seconds: 0.1 * round,
    usd: 1e-6 * round,
    resent: 0,
    hedged: 0,
    dropped: 0,
    ...changes,
  };
}

const rounds = (from: number, to: number, changes?: Partial<RoundRecord>) =>
  Array.from({ length: to - from }, (_, i) => record(from + i, changes));

/** A store as an aggregator leaves it: blocks, and the newest records in the checkpoint. */
async function storeWith(blocks: readonly (readonly RoundRecord[])[], newest: readonly RoundRecord[]) {
  const objects = memoryStore();
  for (const block of blocks) await objects.put(roundsKey("r", block[0]!.round), encodeRounds(block));
  await objects.put("runs/r/checkpoint", encodeCheckpoint({ ...checkpoint, run: "r", records: newest }));
  return objects;
}

describe("the rounds of a run", () => {
  it("come once each and in order, whatever the blocks are, and of what was told twice the later telling", async () => {
    const redone = rounds(100, 164, { usd: 7 });
    const objects = await storeWith([rounds(0, 64), rounds(64, 128), redone], rounds(150, 170, { usd: 9 }));
    const read = await readRounds(objects, "r");
    expect(read.map(({ round }) => round)).toEqual(Array.from({ length: 170 }, (_, round) => round));
    expect([99, 100, 149, 150].map((round) => read[round]!.usd)).toEqual([99e-6, 7, 7, 9]);
  });

  it("are read from the block that holds the first one that is asked for", async () => {
    const objects = await storeWith([rounds(0, 64), rounds(64, 128), rounds(128, 192)], rounds(192, 200));
    const asked: string[] = [];
    const watched = {
      ...objects,
      get(key: string) {
        asked.push(key);
        return objects.get(key);
      },
      list: objects.list,
    };
    const found: number[] = [];
    for await (const block of roundBlocks(watched, "r", { from: 70, to: 130 })) {
      found.push(...block.map(({ round }) => round));
    }
    expect(found).toEqual(Array.from({ length: 60 }, (_, i) => 70 + i));
    expect(asked).not.toContain(roundsKey("r", 0));
  });

  it("are settled once whole, and come again while they are not", async () => {
    const reader = new RoundsReader(await storeWith([rounds(0, 64), rounds(64, 80)], []), "r");
    const settled: number[] = [];
    const read = () => reader.read((records) => settled.push(...records.map(({ round }) => round)));
    expect((await read()).newest.map(({ round }) => round)).toEqual(
      Array.from({ length: 16 }, (_, i) => 64 + i),
    );
    expect(settled).toHaveLength(64);
    expect((await read()).newest).toHaveLength(16);
    expect(settled).toHaveLength(64);
  });
});

describe("a digest of rounds", () => {
  const value = (round: number) =>
    new Stream({ seed: 1, purpose: Purpose.coin, round, index: 0 }).nextUniform();

  it("of some thousands has them all", () => {
    const { kept, count } = digestOf(rounds(0, 20_000), undefined);
    expect(count).toBe(20_000);
    expect(kept.map(({ round }) => round)).toEqual(Array.from({ length: 20_000 }, (_, round) => round));
  });

  it("of a million is bounded, keeps every extreme, and is even", () => {
    const digester = new RoundsDigester(undefined);
    let [least, largest] = [Infinity, -Infinity];
    for (let round = 0; round < 1_000_000; round++) {
      const norm = value(round);
      if (round >= 4096) [least, largest] = [Math.min(least, norm), Math.max(largest, norm)];
      digester.add(record(round, { gradientNormSquared: norm, loss: norm }));
    }
    const { kept, count, leastLoss, last, latencies } = digester.view();
    expect(count).toBe(1_000_000);
    expect(last!.round).toBe(999_999);
    expect(kept.length).toBeLessThan(60_000);
    const late = kept
      .filter(({ round }) => round >= 4096)
      .map(({ gradientNormSquared }) => gradientNormSquared!);
    expect([Math.min(...late), Math.max(...late)]).toEqual([least, largest]);
    expect(leastLoss).toBe(Math.min(...kept.map(({ loss }) => loss!)));
    const gaps = kept.map(({ round }, i) => round - (kept[i - 1]?.round ?? -1));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(128);
    expect(latencies.rounds).toBe(999_999);
    expect(latencies.sample.length).toBeLessThanOrEqual(2 ** 20);
  }, 60_000);

  it("keeps the slowest rounds and those that were sent again among the slowest of their kind", () => {
    const records = rounds(0, 10_000);
    let seconds = 0;
    const slowed = records.map((one) => {
      const told = { ...one, seconds, resent: one.round % 1000 === 500 ? 1 : 0 };
      seconds += one.round === 7777 ? 9 : 0.1 + (one.round % 100) / 1000;
      return told;
    });
    const { slow, most } = digestOf(slowed, undefined).latencies;
    expect(most).toBeCloseTo(9000, 6);
    expect(slow.filter(({ resent }) => resent > 0)).toHaveLength(10);
    expect(slow.find(({ round }) => round === 7777)!.milliseconds).toBeCloseTo(9000, 6);
  });

  it("shows the newest rounds without taking them in", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 30 }), (settled, newest) => {
        const digester = new RoundsDigester(undefined);
        for (const one of rounds(0, settled)) digester.add(one);
        const whole = digestOf(rounds(0, settled + newest), undefined);
        const seen = digester.view(rounds(settled, settled + newest));
        expect(seen.kept).toEqual(whole.kept);
        expect(seen.latencies).toEqual(whole.latencies);
        expect([seen.count, seen.last, seen.leastLoss]).toEqual([whole.count, whole.last, whole.leastLoss]);
        expect(digester.view().count).toBe(settled);
      }),
    );
  });
});

describe("epochs", () => {
  const compressor = { kind: "rand-k", k: 2 } as const;
  const epochsAfter = (algorithm: object, records: readonly RoundRecord[], probability = 0.2) => {
    const counter = new EpochCounter({
      spec: { algorithm: algorithm as never, seed: 3 },
      rows: 1000,
      probability,
    });
    for (const one of records) counter.add(one);
    return counter.epochs;
  };
  const mixed = (dense: readonly boolean[], compressedSlots = 5) =>
    dense.map((one, round) => record(round, { dense: one, slots: one ? 5 : compressedSlots }));

  it("of methods over all rows are the rounds: MARINA knows the older gradient of a pair", () => {
    for (const kind of ["gd", "qgd", "diana", "marina"]) {
      const dense = kind === "gd" ? true : undefined;
      const records = rounds(0, 7).map((one) => ({
        ...one,
        dense: dense ?? (kind === "marina" && one.dense),
      }));
      expect(epochsAfter({ kind, compressor }, records)).toBe(7);
    }
  });

  it("of VR-MARINA are passes in dense rounds and two batches of every worker in the others", () => {
    // 2 dense rounds of 1000 rows, 3 of 5 workers with 17 rows at two points.
    const records = mixed([true, false, false, true, false]);
    expect(epochsAfter({ kind: "vr-marina", compressor, batchSize: 17 }, records)).toBeCloseTo(
      (2 * 1000 + 3 * 5 * 17 * 2) / 1000,
      12,
    );
    const online = { kind: "vr-marina-online", compressor, batchSize: 17, largeBatchSize: 40 };
    expect(epochsAfter(online, records)).toBeCloseTo((2 * 5 * 40 + 3 * 5 * 17 * 2) / 1000, 12);
  });

  it("of PP-MARINA are the rows of the slots, at both points", () => {
    const records = mixed([true, false, false], 2);
    expect(epochsAfter({ kind: "pp-marina", compressor, participants: 2 }, records)).toBeCloseTo(
      1 + 2 * (2 / 5) * 2,
      12,
    );
  });

  it("of VR-DIANA are two batches a round, and a pass where the reference point has moved", () => {
    const algorithm = { kind: "vr-diana", compressor, batchSize: 10 };
    const records = rounds(0, 200).map((one) => ({ ...one, dense: false }));
    // The coin of round t moves the point that round t + 1 needs a gradient at.
    const coins = Array.from({ length: 199 }, (_, round) =>
      new Stream({ seed: 3, purpose: Purpose.coin, round, index: 0 }).nextUniform() < 0.2 ? 1 : 0,
    );
    const moved = coins.reduce<number>((sum, coin) => sum + coin, 0);
    expect(moved).toBeGreaterThan(20);
    expect(epochsAfter(algorithm, records)).toBeCloseTo(1 + moved + (200 * 5 * 10 * 2) / 1000, 10);
  });
});
