import { describe, expect, test } from "vitest";
import { exp, expNonPositive } from "./exp.ts";
import { FRACTION, fixed, ONE, ulpsApart } from "./testing/fixed-point.ts";

/** e^-a by Taylor's series of a/4096 and twelve squarings: off by less than 2^-1380. */
function exactExp(a: bigint): bigint {
  const r = a >> 12n;
  let total = ONE;
  let term = ONE;
  for (let n = 1n; term !== 0n; n++) {
    term = (term * r) / (n << FRACTION);
    total += n % 2n === 1n ? -term : term;
  }
  for (let i = 0; i < 12; i++) total = (total * total) >> FRACTION;
  return total;
}

/** The error of the result in units of its last place. */
const ulps = (x: number): number => ulpsApart(expNonPositive(x), exactExp(fixed(x)));

describe("expNonPositive", () => {
  test("is within 1 unit in the last place over the whole range", () => {
    let worst = 0;
    for (let i = 0; i < 700; i++) worst = Math.max(worst, ulps(-i * 1.0639 - 1e-3 * ((i * 17) % 23)));
    for (let i = 1; i < 700; i++) worst = Math.max(worst, ulps(-i * 0.001973));
    for (let i = 1; i < 60; i++) worst = Math.max(worst, ulps(-(2 ** -i)));
    expect(worst).toBeGreaterThan(0.4); // the oracle sees rounding errors at all
    expect(worst).toBeLessThan(1);
  });

  test("is within 1 unit at the ends of every reduced interval, (k - 1/2) ln 2", () => {
    let worst = 0;
    for (let k = 0; k > -1074; k -= 13) {
      const edge = (k - 0.5) * Math.LN2;
      worst = Math.max(worst, ulps(edge), ulps(edge * (1 + 2 ** -52)), ulps(edge * (1 - 2 ** -52)));
    }
    expect(worst).toBeLessThan(1);
  });

  test("underflows gradually, with a single rounding", () => {
    for (let x = -708.4; x > -745.1; x -= 0.37) {
      // Half a unit for the rounding, and one unit of the normal number before it, which is this much smaller.
      expect(ulps(x)).toBeLessThan(0.5 + Math.exp(x) / 2 ** -1022 + 1e-6);
    }
    expect(expNonPositive(-745.1332191019411)).toBe(Number.MIN_VALUE);
    expect(expNonPositive(-745.1332191019412)).toBe(0);
  });

  test("never decreases on a grid of neighbours and of wide steps", () => {
    for (const start of [-1e-9, -0.34657359, -1.0397207, -17.3, -700, -740]) {
      let x = start;
      let previous = expNonPositive(x);
      for (let i = 0; i < 20_000; i++) {
        x *= 1 + 2 ** -52;
        const value = expNonPositive(x);
        if (value > previous) expect.fail(`e^${x} = ${value} > ${previous}`);
        previous = value;
      }
    }
    let previous = 1;
    for (let x = 0; x > -746; x -= 0.0037) {
      const value = expNonPositive(x);
      if (value > previous) expect.fail(`e^${x} = ${value} > ${previous}`);
      previous = value;
    }
  });

  test("is 1 at zero, 0 far out, and lets NaN pass", () => {
    expect(expNonPositive(0)).toBe(1);
    expect(expNonPositive(-0)).toBe(1);
    expect(expNonPositive(-800)).toBe(0);
    expect(expNonPositive(-1e300)).toBe(0);
    expect(expNonPositive(-Infinity)).toBe(0);
    expect(expNonPositive(Number.NaN)).toBeNaN();
  });

  test("refuses a positive number", () => {
    expect(() => expNonPositive(1e-300)).toThrow(/expected x <= 0, got 1e-300/);
  });

  // Fingerprints of the exact bits: another engine or a kernel in another language must give these.
  test.each([
    [-0.1, 0.9048374180359595],
    [-1, 0.36787944117144233],
    [-Math.PI, 0.04321391826377226],
    [-100, 3.720075976020836e-44],
    [-744.4, 5e-324],
  ])("has the recorded bits at %d", (x, expected) => {
    expect(expNonPositive(x)).toBe(expected);
  });
});

describe("exp", () => {
  test("has the bits of expNonPositive up to 0", () => {
    for (let x = 0; x > -760; x -= 0.0713) expect(exp(x)).toBe(expNonPositive(x));
  });

  test("is within 1 unit in the last place above 0", () => {
    let worst = 0;
    for (let i = 1; i < 709; i++) {
      const x = i * 1.001 - 1e-3 * ((i * 17) % 23);
      // e^x as the inverse of e^-x, which has 300 digits more than a double.
      worst = Math.max(worst, ulpsApart(exp(x), (ONE * ONE) / exactExp(fixed(x))));
    }
    expect(worst).toBeGreaterThan(0.4);
    expect(worst).toBeLessThan(1);
  });

  test("overflows where e^x does", () => {
    expect(exp(709.782712893384)).toBeGreaterThan(1.797e308);
    expect(exp(709.782712893384)).toBeLessThan(Infinity);
    expect(exp(709.7827128933841)).toBe(Infinity);
    expect(exp(Infinity)).toBe(Infinity);
    expect(exp(-Infinity)).toBe(0);
    expect(exp(Number.NaN)).toBeNaN();
  });
});
