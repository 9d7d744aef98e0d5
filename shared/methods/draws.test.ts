/** The run's random choices: keyed, distributed as they must be, and pinned. Seeds are fixed: nothing here can flicker. */
import { describe, expect, it } from "vitest";
import { createCompressor } from "../compressors/registry.ts";
import { Purpose, Stream } from "../math/streams.ts";
import { sha256 } from "../protocol/digest.ts";
import { type BatchSetting, compressorDraw, serverDraws, workerDraws } from "./draws.ts";

const randK = createCompressor({ kind: "rand-k", k: 10 }, 112, "float32");
const natural = createCompressor({ kind: "natural" }, 112, "float32");
const batches: BatchSetting = { rows: 1624, batchSize: 17, largeBatchSize: 40, replacement: true };

const at = (round: number, slot: number) => ({ round, slot, slots: 5 });

/** Every kind of draw of one round and slot, as bytes. */
const kinds = {
  slots: (seed: number, round: number) => serverDraws(seed, round).slots(20, 100, true),
  subset: (seed: number, round: number) => serverDraws(seed, round).slots(20, 100, false),
  indices: (seed: number, round: number, slot = 0) => indices(seed, round, slot),
  uniforms: (seed: number, round: number, slot = 0) => uniforms(seed, round, slot),
  batch: (seed: number, round: number, slot = 0) =>
    workerDraws(seed, at(round, slot), randK, batches).batch("batch"),
  subsetBatch: (seed: number, round: number, slot = 0) =>
    workerDraws(seed, at(round, slot), randK, { ...batches, replacement: false }).batch("batch"),
  largeBatch: (seed: number, round: number, slot = 0) =>
    workerDraws(seed, at(round, slot), randK, batches).batch("large-batch"),
} as const;

function indices(seed: number, round: number, slot: number): Uint32Array {
  const draw = workerDraws(seed, at(round, slot), randK, undefined).compressor();
  if (draw.kind !== "indices") throw new Error(`expected indices, got ${draw.kind}`);
  return draw.indices;
}

function uniforms(seed: number, round: number, slot: number): Float64Array {
  const draw = workerDraws(seed, at(round, slot), natural, undefined).compressor();
  if (draw.kind !== "uniforms") throw new Error(`expected uniforms, got ${draw.kind}`);
  return draw.uniforms;
}

/** |count - trials p| within five standard deviations of the binomial law. */
function expectBinomial(count: number, trials: number, p: number): void {
  const deviation = (count - trials * p) / Math.sqrt(trials * p * (1 - p));
  expect(Math.abs(deviation), `${count} of ${trials}, expected ${trials * p}`).toBeLessThan(5);
}

describe("draws are functions of their key", () => {
  it.each(Object.entries(kinds))(
    "%s: the same key gives the same bits, another round or seed others",
    (_, draw) => {
      expect(draw(7, 3)).toEqual(draw(7, 3));
      const all = [draw(7, 3), draw(7, 4), draw(7, 2 ** 32 - 1), draw(8, 3), draw(7 + 2 ** 32, 3)];
      expect(new Set(all.map(String)).size).toBe(all.length);
    },
  );

  it.each(["indices", "uniforms", "batch", "subsetBatch", "largeBatch"] as const)(
    "%s: slots draw apart",
    (kind) => {
      const all = Array.from({ length: 50 }, (_, slot) => String(kinds[kind](7, 3, slot)));
      expect(new Set(all).size).toBe(50);
    },
  );

  it("a coin gives the same answer however often it is asked, also after other draws", () => {
    for (let round = 0; round < 50; round++) {
      const draws = serverDraws(7, round);
      const first = draws.coin(0.5);
      draws.slots(3, 5, true);
      expect(draws.coin(0.5)).toBe(first);
      expect(serverDraws(7, round).coin(0.5)).toBe(first);
    }
  });

  it("repeated calls for one slot draw the same again", () => {
    const draws = workerDraws(7, at(3, 1), randK, batches);
    expect(draws.batch("batch")).toEqual(draws.batch("batch"));
    expect(draws.compressor()).toEqual(draws.compressor());
  });

  it("a draw of one purpose is not that of another", () => {
    const first = (purpose: Purpose) => new Stream({ seed: 7, purpose, round: 3, index: 0 }).nextBelow(1624);
    const { coin, participants, compressor, batch } = Purpose;
    expect(new Set([coin, participants, compressor, batch].map(first)).size).toBe(4);
    expect(kinds.batch(7, 3, 0)[0]).toBe(first(batch));
    expect(serverDraws(7, 3).slots(1, 1624, true)[0]).toBe(first(participants));
  });

  it("whoever receives a message draws as its sender did", () => {
    for (let slot = 0; slot < 5; slot++) {
      const sent = workerDraws(7, at(3, slot), randK, undefined).compressor();
      expect(compressorDraw(7, at(3, slot), randK)).toEqual(sent);
    }
  });
});

describe("the coin", () => {
  it.each([0.01, 10 / 112, 0.5, 0.9])("falls on a dense round with the frequency p = %d", (p) => {
    const rounds = 40_000;
    let dense = 0;
    for (let round = 0; round < rounds; round++) dense += Number(serverDraws(1, round).coin(p));
    expectBinomial(dense, rounds, p);
  });

  it("p = 1 is always dense, p = 0 never, and a larger p keeps every dense round", () => {
    for (let round = 0; round < 2000; round++) {
      const draws = serverDraws(1, round);
      expect(draws.coin(1)).toBe(true);
      expect(draws.coin(0)).toBe(false);
      if (draws.coin(0.2)) expect(draws.coin(0.3)).toBe(true);
    }
  });

  it("is dense for a uniform below p, not at p", () => {
    for (let round = 0; round < 100; round++) {
      const u = new Stream({ seed: 1, purpose: Purpose.coin, round, index: 0 }).nextUniform();
      expect(serverDraws(1, round).coin(u)).toBe(false);
      expect(serverDraws(1, round).coin(u + 2 ** -53)).toBe(true);
    }
  });

  it("does not remember: dense follows dense with the frequency p^2", () => {
    const rounds = 40_000;
    let both = 0;
    for (let round = 0; round < 2 * rounds; round += 2) {
      both += Number(serverDraws(2, round).coin(0.3) && serverDraws(2, round + 1).coin(0.3));
    }
    expectBinomial(both, rounds, 0.09);
  });
});

describe("the slots of PP-MARINA", () => {
  const n = 5;
  const rounds = 40_000;

  it("with replacement are independent and uniform: every pair of workers has frequency 1/n^2", () => {
    const pairs = new Uint32Array(n * n);
    for (let round = 0; round < rounds; round++) {
      const [a, b] = serverDraws(3, round).slots(2, n, true);
      pairs[a! * n + b!]!++;
    }
    for (const count of pairs) expectBinomial(count, rounds, 1 / n ** 2);
    // The same worker twice: 1/n.
    const equal = Array.from({ length: n }, (_, i) => pairs[i * n + i]!).reduce(
      (sum, count) => sum + count,
      0,
    );
    expectBinomial(equal, rounds, 1 / n);
  });

  it("without replacement are a uniform subset in increasing order", () => {
    const counts = new Map<string, number>();
    for (let round = 0; round < rounds; round++) {
      const slots = serverDraws(3, round).slots(3, n, false);
      counts.set(slots.join(), (counts.get(slots.join()) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([
      "0,1,2",
      "0,1,3",
      "0,1,4",
      "0,2,3",
      "0,2,4",
      "0,3,4",
      "1,2,3",
      "1,2,4",
      "1,3,4",
      "2,3,4",
    ]);
    for (const count of counts.values()) expectBinomial(count, rounds, 1 / 10);
  });

  it("may outnumber the workers with replacement, and are all of them with r = n without", () => {
    expect(serverDraws(3, 1).slots(12, n, true)).toHaveLength(12);
    expect([...serverDraws(3, 1).slots(n, n, false)]).toEqual([0, 1, 2, 3, 4]);
  });

  it("do not depend on the coin", () => {
    const p = 0.4;
    const joint = new Uint32Array(2 * n);
    for (let round = 0; round < rounds; round++) {
      const draws = serverDraws(4, round);
      joint[Number(draws.coin(p)) * n + draws.slots(1, n, true)[0]!]!++;
    }
    for (let i = 0; i < n; i++) {
      expectBinomial(joint[n + i]!, rounds, p / n);
      expectBinomial(joint[i]!, rounds, (1 - p) / n);
    }
  });
});

describe("mini-batches", () => {
  const small = (replacement: boolean, batchSize: number): BatchSetting => ({
    rows: 6,
    batchSize,
    largeBatchSize: 9,
    replacement,
  });

  it("with replacement are independent and uniform rows", () => {
    const rounds = 40_000;
    const pairs = new Uint32Array(36);
    for (let round = 0; round < rounds; round++) {
      const [a, b] = workerDraws(5, at(round, 2), randK, small(true, 2)).batch("batch");
      pairs[a! * 6 + b!]!++;
    }
    for (const count of pairs) expectBinomial(count, rounds, 1 / 36);
  });

  it("without replacement are a uniform subset", () => {
    const rounds = 20_000;
    const pairs = new Map<string, number>();
    for (let round = 0; round < rounds; round++) {
      const pair = workerDraws(5, at(round, 2), randK, small(false, 2)).batch("batch").join();
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
    expect(pairs.size).toBe(15);
    for (const count of pairs.values()) expectBinomial(count, rounds, 1 / 15);
  });

  it("of all rows without replacement are the shard", () => {
    expect([...workerDraws(5, at(0, 0), randK, small(false, 6)).batch("batch")]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("large ones are always drawn with replacement, as they sample a distribution", () => {
    for (const replacement of [true, false]) {
      const rows = workerDraws(5, at(0, 0), randK, small(replacement, 2)).batch("large-batch");
      expect(rows).toHaveLength(9);
      expect(Math.max(...rows)).toBeLessThan(6);
    }
  });

  it("are refused to a method that has none", () => {
    expect(() => workerDraws(5, at(0, 0), randK, undefined).batch("batch")).toThrow(RangeError);
  });
});

/**
 * Known answers, from an independent implementation of Philox4x32-10 and of the rules of this file. They are part of the
 * protocol: a change of one is a change of every trajectory.
 */
describe("known answers under seed 2021", () => {
  const digest = (vector: Uint32Array | Float64Array) =>
    sha256(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)).slice(0, 16);

  it("coins of rounds 0 to 63 at p = 1/4", () => {
    const coins = Array.from({ length: 64 }, (_, round) => (serverDraws(2021, round).coin(0.25) ? "1" : "0"));
    expect(coins.join("")).toBe("0001010100110010001000101010110011001111000100000000000000011010");
  });

  it("slots of round 9", () => {
    expect([...serverDraws(2021, 9).slots(8, 5, true)]).toEqual([0, 1, 3, 0, 0, 4, 2, 2]);
    expect([...serverDraws(2021, 9).slots(4, 50, false)]).toEqual([25, 28, 29, 30]);
  });

  it("RandK's coordinates, slot 3 of round 9", () => {
    expect([...indices(2021, 9, 3)]).toEqual([23, 29, 31, 35, 64, 73, 77, 81, 98, 100]);
  });

  it("a quantiser's uniforms, slot 3 of round 9", () => {
    expect(uniforms(2021, 9, 3)[0]).toBe(0.6465974080362488);
    expect(digest(uniforms(2021, 9, 3))).toBe("b73ad3087546a498");
  });

  it("batches, slot 3 of round 9", () => {
    expect(digest(kinds.batch(2021, 9, 3))).toBe("1d735310edbac7b2");
    expect(digest(kinds.subsetBatch(2021, 9, 3))).toBe("036f787a709ce4bd");
    expect(digest(kinds.largeBatch(2021, 9, 3))).toBe("08fb0ccde522d603");
  });

  it("under a seed of more than 32 bits", () => {
    expect(digest(kinds.batch(2 ** 53 - 1, 4_000_000_000, 3))).toBe("d1afb640d698ad3e");
  });
});
