import { describe, expect, test } from "vitest";
import { cubeRoot } from "./cube-root.ts";
import { FRACTION, fixed, ulpsApart } from "./testing/fixed-point.ts";

/** The integer below the cube root of x 2^(2 FRACTION), by bisection: the root to FRACTION bits. */
function exactRoot(x: number): bigint {
  const target = fixed(x) << (2n * FRACTION);
  // Around the platform's, which is right to twelve digits at least.
  const near = fixed(Math.cbrt(x));
  let [low, high] = [near - (near >> 40n), near + (near >> 40n)];
  expect(low ** 3n).toBeLessThan(target);
  expect(high ** 3n).toBeGreaterThan(target);
  while (high - low > 1n << (FRACTION - 500n)) {
    const middle = (low + high) >> 1n;
    if (middle ** 3n <= target) low = middle;
    else high = middle;
  }
  return low;
}

describe("cubeRoot", () => {
  test("is within 1 unit in the last place", () => {
    let worst = 0;
    for (let i = 0; i < 150; i++)
      worst = Math.max(worst, ulpsApart(cubeRoot(1 + i * 0.0466), exactRoot(1 + i * 0.0466)));
    for (const x of [
      95.5764705882353 ** 2,
      21.721925133689837,
      1e-12,
      7.999999999999999,
      1e15,
      1e300,
      1e-300,
    ])
      worst = Math.max(worst, ulpsApart(cubeRoot(x), exactRoot(x)));
    expect(worst).toBeGreaterThan(0.3); // the oracle sees rounding errors at all
    expect(worst).toBeLessThan(1);
  });

  test("is exact for cubes of small integers and for powers of eight", () => {
    for (let n = 1; n <= 2000; n++) expect(cubeRoot(n ** 3)).toBe(n);
    for (let k = -300; k <= 300; k++) expect(cubeRoot(8 ** k)).toBe(2 ** k);
  });

  test.each([0, -8, Number.NaN, Infinity])("refuses %d", (x) => {
    expect(() => cubeRoot(x)).toThrow(`cubeRoot: expected x > 0, got ${x}`);
  });
});
