import { describe, expect, test } from "vitest";
import { norm } from "./norm.ts";

const v = (...entries: number[]): Float64Array => Float64Array.from(entries);

describe("norm", () => {
  test("is the Euclidean norm", () => {
    expect(norm(v(3, -4))).toBe(5);
    expect(norm(v(1, -15, 0.2, -7, 10))).toBeCloseTo(19.3659495, 7);
    expect(norm(v())).toBe(0);
    expect(norm(v(0, -0))).toBe(0);
  });

  test.each([-1074, -1000, -600, -500, -480, -450, 500, 512, 600, 1000, 1020])(
    "neither overflows nor underflows for entries near 2^%d",
    (exponent) => {
      expect(norm(v(3 * 2 ** exponent, -4 * 2 ** exponent))).toBe(5 * 2 ** exponent);
    },
  );

  test("of a single entry is its magnitude, bit for bit", () => {
    for (const x of [1 / 3, -0.1, 1e-300, 1e300, Number.MIN_VALUE, Number.MAX_VALUE, 5e-200]) {
      expect(norm(v(x))).toBe(Math.abs(x));
    }
  });

  test("doubles exactly with the vector", () => {
    const x = v(0.1, -15, 0.2, 1 / 3);
    for (let k = -1000; k < 1000; k += 37) {
      expect(norm(x.map((entry) => entry * 2 ** k))).toBe(norm(x) * 2 ** k);
    }
  });

  test("is never below the magnitude of an entry", () => {
    for (let i = 1; i < 2000; i++) {
      const entry = Math.sin(i) * 2 ** ((i % 9) * 200 - 900);
      expect(norm(v(entry * 1e-9, entry, entry * 1e-8))).toBeGreaterThanOrEqual(Math.abs(entry));
    }
  });

  test("is infinite only when the norm itself is out of range", () => {
    expect(norm(v(Number.MAX_VALUE, Number.MAX_VALUE))).toBe(Infinity);
  });
});
