/** What PermK's compressors are together, by going through every permutation. */
import { describe, expect, test } from "vitest";
import { Purpose, Stream } from "../math/streams.ts";
import type { Draw, DrawStreams } from "./compressor.ts";
import { createCompressor } from "./registry.ts";

const spec = { kind: "perm-k" } as const;

/** One draw of all n, for every sequence of numbers that the shared stream can give; all are equally likely. */
function everyDeal(n: number, d: number): Draw[][] {
  const deals: Draw[][] = [];
  const path: { at: number; bound: number }[] = [];
  for (;;) {
    let depth = 0;
    const nextBelow = (bound: number): number => {
      if (depth === path.length) path.push({ at: 0, bound });
      expect(path[depth]!.bound).toBe(bound);
      return path[depth++]!.at;
    };
    const streams: DrawStreams = {
      seed: 0,
      shared: () => ({ nextBelow }) as Stream,
      own: () => {
        throw new Error("a joint draw comes of the shared stream");
      },
    };
    const compressor = createCompressor(spec, d, "float64", { workers: n });
    deals.push(
      Array.from({ length: n }, (_, slot) => compressor.draw(streams, { round: 1, slot, slots: n })),
    );
    while (path.length > 0 && path.at(-1)!.at + 1 === path.at(-1)!.bound) path.pop();
    const last = path.at(-1);
    if (last === undefined) return deals;
    last.at++;
  }
}

const indicesOf = (draw: Draw): number[] => (draw.kind === "indices" ? [...draw.indices] : []);
const squared = (x: Float64Array): number => x.reduce((sum, entry) => sum + entry * entry, 0);

/** n and d: d a multiple of n, not one, equal to it, and a divisor of it. */
const CASES = [
  [2, 4],
  [2, 5],
  [3, 4],
  [3, 5],
  [4, 4],
  [4, 2],
  [6, 3],
] as const;

describe.each(CASES)("%d workers in R^%d", (n, d) => {
  const deals = everyDeal(n, d);
  const compressor = createCompressor(spec, d, "float64", { workers: n });
  const vectors = Array.from({ length: n }, (_, i) =>
    Float64Array.from({ length: d }, (_, j) => Math.sin(3 * i + 2 * j * j + 1) * (1 + i)),
  );

  function meanOf(deal: readonly Draw[], of: readonly Float64Array[]): Float64Array {
    const sum = new Float64Array(d);
    deal.forEach((draw, i) => {
      compressor.accumulate(compressor.encode(of[i]!, draw).bytes, draw, sum);
    });
    return sum.map((entry) => entry / n);
  }

  test("share every coordinate out equally often, and nearly equally many to each", () => {
    for (const deal of deals) {
      const all = deal.flatMap(indicesOf);
      const times = Array.from({ length: d }, (_, j) => all.filter((index) => index === j).length);
      expect(times).toEqual(new Array(d).fill(Math.max(1, n / d)));
      for (const { length } of deal.map(indicesOf)) {
        expect([Math.floor(d / n), Math.ceil(d / n)].map((size) => Math.max(1, size))).toContain(length);
      }
    }
  });

  test("have each coordinate with probability max(1, n/d)/n, whichever the worker", () => {
    for (let slot = 0; slot < n; slot++) {
      for (let j = 0; j < d; j++) {
        const count = deals.filter((deal) => indicesOf(deal[slot]!).includes(j)).length;
        expect(count / deals.length).toBeCloseTo(Math.max(1, n / d) / n, 12);
      }
    }
  });

  test("are unbiased, and E|mean Q_i(a_i) - abar|^2 = A mean |a_i|^2 - B |abar|^2", () => {
    const average = new Float64Array(d).map((_, j) => vectors.reduce((sum, a) => sum + a[j]!, 0) / n);
    const mean = new Float64Array(d);
    let error = 0;
    for (const deal of deals) {
      const found = meanOf(deal, vectors);
      error += squared(found.map((entry, j) => entry - average[j]!)) / deals.length;
      for (let j = 0; j < d; j++) mean[j] = mean[j]! + found[j]! / deals.length;
    }
    for (let j = 0; j < d; j++) expect(mean[j]).toBeCloseTo(average[j]!, 12);
    const { A, B } = compressor.joint!;
    expect(A).toBe(n > d ? (d - 1) / (n - 1) : 1);
    const square = vectors.reduce((sum, a) => sum + squared(a), 0) / n;
    expect(error).toBeCloseTo(A * square - B * squared(average), 12);
    expect(error).toBeGreaterThan(0.01);
  });

  test("average equal vectors exactly", () => {
    const same = new Array(n).fill(vectors[0]) as Float64Array[];
    for (const deal of deals) {
      for (const [j, entry] of meanOf(deal, same).entries()) expect(entry).toBeCloseTo(vectors[0]![j]!, 14);
    }
  });
});

describe("the draw", () => {
  const streams = (seed: number, round: number): DrawStreams => ({
    seed,
    own: () => new Stream({ seed, purpose: Purpose.compressor, round, index: 0 }),
    shared: () => new Stream({ seed, purpose: Purpose.jointCompressor, round, index: 0 }),
  });
  const compressor = createCompressor(spec, 112, "float32", { workers: 5 });
  const drawn = (seed: number, round: number, slot: number, by = compressor) =>
    by.draw(streams(seed, round), { round, slot, slots: 5 });

  test("is the same by whichever compressor and in whichever order it is made", () => {
    const keys = [1, 2].flatMap((seed) => [3, 4].map((round) => [seed, round] as const));
    const fresh = () => createCompressor(spec, 112, "float32", { workers: 5 });
    const expected = keys.map(([seed, round]) => drawn(seed, round, 2, fresh()));
    expect(new Set(expected.map((draw) => indicesOf(draw).join(" "))).size).toBe(4);
    for (const i of [0, 1, 0, 2, 3, 1, 2]) expect(drawn(...keys[i]!, 2)).toEqual(expected[i]);
  });

  test("is refused for another number of slots than workers", () => {
    expect(() => compressor.draw(streams(1, 1), { round: 1, slot: 0, slots: 4 })).toThrow(
      /expected a draw for 5 slots, got one for 4/,
    );
  });

  test("of more workers than coordinates exists only where each coordinate goes to equally many", () => {
    expect(() => createCompressor(spec, 4, "float32", { workers: 6 })).toThrow(
      /algorithm\.compressor: perm-k shares 4 coordinates .* expected at most 4 workers, or a multiple of 4, got 6/,
    );
    expect(createCompressor(spec, 4, "float32", { workers: 8 }).omega).toBe(3);
  });
});
