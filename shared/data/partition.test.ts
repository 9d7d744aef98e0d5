import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partition } from "./partition.ts";

describe("partition", () => {
  it("drops what an even split leaves over", () => {
    expect(partition(11, 4, "drop")).toEqual([
      { first: 0, count: 2 },
      { first: 2, count: 2 },
      { first: 4, count: 2 },
      { first: 6, count: 2 },
    ]);
  });

  it("spreads what an even split leaves over to the first workers", () => {
    expect(partition(11, 4, "spread")).toEqual([
      { first: 0, count: 3 },
      { first: 3, count: 3 },
      { first: 6, count: 3 },
      { first: 9, count: 2 },
    ]);
  });

  it("covers the rows in order without gap or overlap, in counts that differ by at most one", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 5000 }), (a, b) => {
        const [workers, rows] = [Math.min(a, b), Math.max(a, b)];
        for (const remainder of ["spread", "drop"] as const) {
          const parts = partition(rows, workers, remainder);
          let next = 0;
          for (const part of parts) {
            expect(part.first).toBe(next);
            next += part.count;
          }
          expect(parts).toHaveLength(workers);
          expect(next).toBe(remainder === "spread" ? rows : rows - (rows % workers));
          const counts = parts.map((part) => part.count);
          expect(Math.max(...counts) - Math.min(...counts)).toBe(
            remainder === "spread" && rows % workers > 0 ? 1 : 0,
          );
        }
      }),
    );
  });

  it("refuses more workers than rows, and no workers", () => {
    expect(() => partition(3, 4, "spread")).toThrow(
      "workers: expected at most 3 (the rows of the data set), got 4",
    );
    expect(() => partition(3, 0, "drop")).toThrow("at least 1, got 0");
    expect(() => partition(3, 1.5, "drop")).toThrow("at least 1, got 1.5");
  });
});
