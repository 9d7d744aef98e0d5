import { describe, expect, test } from "vitest";
import { log1pUpToOne } from "./log1p.ts";
import { FRACTION, fixed, ONE, ulpsApart } from "./testing/fixed-point.ts";

/** log(1 + x) = 2 artanh(x/(2 + x)) by its series; s^2 <= 1/9: off by less than 2^-1380. */
function exactLog1p(x: bigint): bigint {
  const s = (x << FRACTION) / (2n * ONE + x);
  const square = (s * s) >> FRACTION;
  let total = 0n;
  let power = s;
  for (let n = 1n; power !== 0n; n += 2n) {
    total += power / n;
    power = (power * square) >> FRACTION;
  }
  return 2n * total;
}

const ulps = (x: number): number => ulpsApart(log1pUpToOne(x), exactLog1p(fixed(x)));

describe("log1pUpToOne", () => {
  test("is within 1 unit in the last place over the whole range", () => {
    let worst = 0;
    for (let i = 1; i <= 300; i++) worst = Math.max(worst, ulps(i / 300), ulps((i * 0.6180339887498949) % 1));
    for (let x = 1; x > 5e-324; x *= 0.2718281828) worst = Math.max(worst, ulps(x));
    expect(worst).toBeGreaterThan(0.4); // the oracle sees rounding errors at all
    expect(worst).toBeLessThan(1);
  });

  test.each([
    ["where 1 + x begins to be halved", Math.SQRT2 - 1],
    ["where the polynomial begins", 2 ** -29],
    ["at 1", 1],
  ])("is within 1 unit, and never falls, %s", (_where, edge) => {
    let previous = 0;
    for (let i = -40; i <= 40; i++) {
      const x = edge * (1 + i * 2 ** -52);
      if (x > 1) break;
      expect(ulps(x)).toBeLessThan(1);
      const value = log1pUpToOne(x);
      if (value < previous) expect.fail(`log(1 + ${x}) = ${value} < ${previous}`);
      previous = value;
    }
  });

  test("never falls on a fine grid", () => {
    let previous = 0;
    for (let i = 0; i <= 200_000; i++) {
      const value = log1pUpToOne(i / 200_000);
      if (value < previous) expect.fail(`log(1 + ${i}/200000) = ${value} < ${previous}`);
      previous = value;
    }
  });

  test("is 0 at zero, x for the smallest numbers, and lets NaN pass", () => {
    expect(log1pUpToOne(0)).toBe(0);
    expect(log1pUpToOne(5e-324)).toBe(5e-324);
    expect(log1pUpToOne(1e-17)).toBe(1e-17);
    expect(log1pUpToOne(Number.NaN)).toBeNaN();
  });

  test.each([-5e-324, 1 + 2 ** -52, Infinity, -1])("refuses %d", (x) => {
    expect(() => log1pUpToOne(x)).toThrow(`log1pUpToOne: expected 0 <= x <= 1, got ${x}`);
  });

  // Fingerprints of the exact bits: another engine or a kernel in another language must give these.
  test.each([
    [1, Math.LN2],
    [0.5, 0.4054651081081644],
    [0.1, 0.09531017980432487],
    [0.7, 0.5306282510621704],
    [1e-8, 9.999999950000001e-9],
  ])("has the recorded bits at %d", (x, expected) => {
    expect(log1pUpToOne(x)).toBe(expected);
  });
});
