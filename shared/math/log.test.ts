import { describe, expect, test } from "vitest";
import { log } from "./log.ts";
import { doublesApart } from "./testing/doubles-apart.ts";

// The oracle is the engine's own function, itself within 1 unit of the exact value.
describe("log", () => {
  test("is within 2 units of the engine's over the whole range", () => {
    let worst = 0;
    for (let e = -1070; e < 1024; e += 3) {
      for (let i = 0; i < 20; i++) {
        const x = (1 + i / 20 + 1e-3 * ((e * 7 + i) & 31)) * 2 ** e;
        if (Number.isFinite(x)) worst = Math.max(worst, doublesApart(log(x), Math.log(x)));
      }
    }
    for (let i = -3000; i < 3000; i++)
      worst = Math.max(worst, doublesApart(log(1 + i / 8191), Math.log(1 + i / 8191)));
    expect(worst).toBeLessThanOrEqual(2);
  });

  test("is exact where the logarithm is", () => {
    expect(log(1)).toBe(0);
    expect(log(0)).toBe(-Infinity);
    expect(log(-0)).toBe(-Infinity);
    expect(log(Infinity)).toBe(Infinity);
    expect(log(-1)).toBeNaN();
    expect(log(Number.NaN)).toBeNaN();
  });

  // To 17 digits of the exact values (Abramowitz and Stegun, table 4.2, and ln of the smallest double, -1074 ln 2).
  test.each([
    [2, Math.LN2],
    [10, Math.LN10],
    [0.5, -Math.LN2],
    [5e-324, -744.4400719213812],
  ])("of %d is %d", (x, expected) => {
    expect(log(x)).toBe(expected);
  });
});
