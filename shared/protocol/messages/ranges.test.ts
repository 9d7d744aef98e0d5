import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesOfRange, checksumsOf, rangeStart } from "./ranges.ts";

describe("ranges of coordinates", () => {
  it("of any dimension and number follow one another, each of d/S coordinates to within one", () => {
    const dimensions = fc.integer({ min: 1, max: 2 ** 32 - 2 });
    fc.assert(
      fc.property(dimensions, fc.integer({ min: 1, max: 60 }), (dimension, wanted) => {
        const ranges = Math.min(dimension, wanted);
        expect(rangeStart(dimension, ranges, 0)).toBe(0);
        expect(rangeStart(dimension, ranges, ranges)).toBe(dimension);
        for (let range = 0; range < ranges; range++) {
          const size = rangeStart(dimension, ranges, range + 1) - rangeStart(dimension, ranges, range);
          expect(Math.abs(size - dimension / ranges)).toBeLessThan(1);
          expect(size).toBeGreaterThan(0);
        }
      }),
    );
  });

  it("have the checksums of their bytes, on either wire", () => {
    const bytes = Uint8Array.from({ length: 88 }, (_, i) => (37 * i) % 251);
    // 22 numbers of 4 bytes in three ranges of 7, 7 and 8; 11 of 8 bytes in 3, 4 and 4.
    const parts = (cuts: readonly number[]): number[] =>
      cuts.slice(1).map((end, i) => crc32(bytes.subarray(cuts[i], end)));
    expect([...checksumsOf(bytes, 22, 3)]).toEqual(parts([0, 28, 56, 88]));
    expect([...checksumsOf(bytes, 11, 3)]).toEqual(parts([0, 24, 56, 88]));
    expect(bytesOfRange({ dimension: 11, entryBytes: 8, ranges: 3, range: 1 })).toEqual({
      start: 24,
      end: 56,
    });
  });
});
