import { describe, expect, it } from "vitest";
import { rangesOf } from "./reduction.ts";

const vectors = (n: number, dimension: number, entryBytes: 4 | 8 = 4) => ({
  ...{ vectors: n, dimension, entryBytes },
});

describe("who adds dense vectors", () => {
  it("of a million float32 numbers: seventeen reducers, whatever n", () => {
    for (const n of [20, 100, 1000, 10_000]) expect(rangesOf("auto", vectors(n, 1e6))).toBe(17);
  });

  it("of S reducers where n S requests and n w d / S bytes take as long", () => {
    for (const [dimension, entryBytes] of [
      [1e6, 4],
      [1e6, 8],
      [1e7, 4],
    ] as const) {
      const ranges = rangesOf("auto", vectors(1000, dimension, entryBytes));
      const requests = (1000 * ranges) / 5500;
      const bytes = (1000 * entryBytes * dimension) / ranges / 78.125e6;
      expect(requests / bytes).toBeGreaterThan(0.9);
      expect(requests / bytes).toBeLessThan(1.15);
    }
  });

  it("of few or short vectors: the aggregator, as a second exchange would take longer", () => {
    for (const [n, dimension] of [
      [5, 112],
      [1000, 112],
      [100, 47_236],
      [5, 1e5],
      [1, 1e7],
      [2, 1e6],
    ] as const)
      expect(rangesOf("auto", vectors(n, dimension)), `${n} of ${dimension}`).toBe(0);
  });

  it("is as the spec says; reducers that were asked for are several where there are several coordinates", () => {
    expect(rangesOf("aggregator", vectors(10_000, 1e7))).toBe(0);
    expect(rangesOf("workers", vectors(5, 112))).toBe(2);
    expect(rangesOf("workers", vectors(5, 1))).toBe(1);
    expect(rangesOf(undefined, vectors(100, 1e6))).toBe(17);
  });
});
