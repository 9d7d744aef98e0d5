import { describe, expect, it } from "vitest";
import { quantile } from "./quantile.ts";

describe("a quantile", () => {
  it("lies linearly between its neighbours, as R's type 7", () => {
    // quantile(c(1, 2, 4, 8), c(0, .25, .5, .75, 1)) in R.
    expect([0, 0.25, 0.5, 0.75, 1].map((share) => quantile([1, 2, 4, 8], share))).toEqual([1, 1.75, 3, 5, 8]);
    // Of 1, 2, 3, 4 the quartiles are 1.75, 2.5 and 3.25.
    expect([0.25, 0.5, 0.75].map((share) => quantile([1, 2, 3, 4], share))).toEqual([1.75, 2.5, 3.25]);
  });

  it("of one entry is that entry", () => {
    expect([0, 0.25, 1].map((share) => quantile([7], share))).toEqual([7, 7, 7]);
  });

  it("has infinite entries, and is none where it falls on a finite neighbour of theirs", () => {
    expect(quantile([1, Infinity, Infinity], 0.75)).toBe(Infinity);
    expect(quantile([1, 2, Infinity], 0.5)).toBe(2);
    expect(quantile([1, Infinity], 0.5)).toBe(Infinity);
  });
});
