import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kthLargest } from "./kth-largest.ts";

describe("kthLargest", () => {
  it("is the k-th entry of the list in descending order, for every k", () => {
    // Few different values: most lists have ties.
    const entry = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true }));
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 60 }), (entries) => {
        const descending = entries.map((value) => value + 0).sort((a, b) => b - a);
        for (const [i, expected] of descending.entries()) {
          expect(
            kthLargest(
              Float64Array.from(entries, (value) => value + 0),
              i + 1,
            ),
          ).toBe(expected);
        }
      }),
    );
  });

  it("needs no more than a moment where all entries are equal or in order", () => {
    const length = 300_000;
    const lists = [() => 0, (i: number) => i, (i: number) => -i, (i: number) => i % 2];
    for (const list of lists) {
      const values = Float64Array.from({ length }, (_, i) => list(i));
      const sorted = Float64Array.from(values).sort();
      expect(kthLargest(values, 1000)).toBe(sorted[length - 1000]);
    }
  });
});
