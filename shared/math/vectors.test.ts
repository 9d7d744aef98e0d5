import { describe, expect, test } from "vitest";
import { axpy, dot, firstNonFinite, normSquared, scale, sub, sum } from "./vectors.ts";

const v = (...entries: number[]): Float64Array => Float64Array.from(entries);

describe("vectors", () => {
  test("dot, normSquared and sum are the sums of their definitions", () => {
    expect(dot(v(1, -2, 3), v(4, 5, -6))).toBe(-24);
    expect(normSquared(v(3, -4, 12))).toBe(169);
    expect(sum(v(1, -2, 3.5))).toBe(2.5);
  });

  test("sums run from left to right", () => {
    // 1e16 + 1 rounds to 1e16: only this order gives 2 at the end.
    expect(sum(v(1e16, 1, -1e16, 2))).toBe(2);
    expect(dot(v(1e16, 1, -1e16, 2), v(1, 1, 1, 1))).toBe(2);
  });

  test("the empty sum is 0", () => {
    expect([sum(v()), dot(v(), v()), normSquared(v())]).toEqual([0, 0, 0]);
  });

  test("axpy adds a multiple and leaves x alone", () => {
    const x = v(1, 2, 3);
    const y = v(10, 20, 30);
    axpy(-2, x, y);
    expect([...y]).toEqual([8, 16, 24]);
    expect([...x]).toEqual([1, 2, 3]);
  });

  test("scale multiplies in place", () => {
    const x = v(1, -2);
    scale(0.5, x);
    expect([...x]).toEqual([0.5, -1]);
  });

  test("sub may write over either operand", () => {
    const out = v(0, 0);
    sub(v(5, 7), v(2, 10), out);
    expect([...out]).toEqual([3, -3]);
    const a = v(5, 7);
    sub(a, v(2, 10), a);
    expect([...a]).toEqual([3, -3]);
    const b = v(2, 10);
    sub(v(5, 7), b, b);
    expect([...b]).toEqual([3, -3]);
  });

  test("firstNonFinite finds the first NaN or infinity and takes no huge number for one", () => {
    expect(firstNonFinite(v(1, Number.MAX_VALUE, Number.MAX_VALUE, -Number.MAX_VALUE))).toBe(-1);
    expect(firstNonFinite(v())).toBe(-1);
    expect(firstNonFinite(v(1, Number.NaN, Infinity))).toBe(1);
    expect(firstNonFinite(v(1, 2, -Infinity))).toBe(2);
    expect(firstNonFinite(v(Infinity, -Infinity))).toBe(0);
    expect(firstNonFinite(Float32Array.of(1, 1e39))).toBe(1);
  });

  test("firstNonFinite finds one at every place of vectors of every length", () => {
    for (let length = 1; length <= 13; length++) {
      for (let place = 0; place < length; place++) {
        const vector = new Float64Array(length).fill(1e308);
        vector[length - 1] = Number.NaN;
        vector[place] = Infinity;
        expect(firstNonFinite(vector)).toBe(place);
      }
    }
  });
});
