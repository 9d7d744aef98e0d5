import { describe, expect, test } from "vitest";
import { Purpose, Stream } from "./streams.ts";
import { sampleSubset } from "./subset.ts";

/** A stream that plays given numbers and records the bounds that were asked for. */
class Played {
  readonly bounds: number[] = [];
  readonly #numbers: readonly number[];
  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }
  nextBelow(bound: number): number {
    this.bounds.push(bound);
    return this.#numbers[this.bounds.length - 1]!;
  }
}

/** Every sequence (r_1 .. r_k) with 0 <= r_i <= d - k + i - 1: all equally likely draws. */
function* sequences(d: number, k: number, prefix: number[] = []): Generator<number[]> {
  if (prefix.length === k) {
    yield prefix;
    return;
  }
  for (let r = 0; r <= d - k + prefix.length; r++) yield* sequences(d, k, [...prefix, r]);
}

const binomial = (d: number, k: number): number => (k === 0 ? 1 : (binomial(d - 1, k - 1) * d) / k);
const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));

/** Floyd's algorithm as published, with a Set. */
function floyd(stream: Stream, d: number, k: number): number[] {
  const subset = new Set<number>();
  for (let t = d - k; t < d; t++) {
    const r = stream.nextBelow(t + 1);
    subset.add(subset.has(r) ? t : r);
  }
  return [...subset].sort((a, b) => a - b);
}

describe("sampleSubset", () => {
  test.each([
    [4, 1],
    [5, 2],
    [6, 3],
    [6, 5],
    [7, 4],
  ])("reaches each subset of %d with %d elements by the same number of draws: exactly uniform", (d, k) => {
    const counts = new Map<string, number>();
    for (const draws of sequences(d, k)) {
      const stream = new Played(draws);
      const subset = sampleSubset(stream, d, k);
      expect(stream.bounds).toEqual(draws.map((_, i) => d - k + i + 1));
      const name = subset.join(" ");
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    expect(counts.size).toBe(binomial(d, k));
    expect(new Set(counts.values())).toEqual(new Set([factorial(k)]));
  });

  // On both sides of the switch between a bitmap and a hash table.
  test.each([
    [112, 10],
    [2560, 10],
    [2561, 10],
    [100_000, 200],
    [4_000_000_000, 500],
    [1000, 999],
  ])("is Floyd's algorithm for d = %d, K = %d, in increasing order", (d, k) => {
    for (let index = 0; index < 20; index++) {
      const key = { seed: 3, purpose: Purpose.compressor, round: 1, index };
      expect([...sampleSubset(new Stream(key), d, k)]).toEqual(floyd(new Stream(key), d, k));
    }
  });

  test("handles draws that repeat in a sparse ground set", () => {
    expect([...sampleSubset(new Played([5, 5, 5, 997]), 10_000, 4)]).toEqual([5, 997, 9997, 9998]);
    expect([...sampleSubset(new Played([5, 5, 9997, 0]), 10_000, 4)]).toEqual([0, 5, 9997, 9998]);
    expect([...sampleSubset(new Played([9996, 9996, 9997]), 10_000, 3)]).toEqual([9996, 9997, 9998]);
  });

  test("gives everything for K = d, and nothing for K = 0, without drawing", () => {
    const stream = new Played([]);
    expect([...sampleSubset(stream, 5, 5)]).toEqual([0, 1, 2, 3, 4]);
    expect([...sampleSubset(stream, 5, 0)]).toEqual([]);
    expect(stream.bounds).toEqual([]);
  });

  test.each([
    [5, 6],
    [5, -1],
    [5, 1.5],
    [0, 0],
    [Number.NaN, 1],
  ])("refuses d = %d, K = %d", (d, k) => {
    expect(() => sampleSubset(new Played([]), d, k)).toThrow(/expected integers 0 <= k <= d/);
  });
});
