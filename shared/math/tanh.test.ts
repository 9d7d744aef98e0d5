import { expect, test } from "vitest";
import { tanh } from "./tanh.ts";
import { doublesApart } from "./testing/doubles-apart.ts";

// The oracle is the engine's own function, itself within 1 unit of the exact value.
test("is within 3 units of the engine's everywhere", () => {
  let worst = 0;
  for (let i = -40_000; i <= 40_000; i++)
    worst = Math.max(worst, doublesApart(tanh(i / 1777), Math.tanh(i / 1777)));
  for (let x = 20; x > 1e-310; x *= 0.77) worst = Math.max(worst, doublesApart(tanh(x), Math.tanh(x)));
  expect(worst).toBeLessThanOrEqual(3);
});

test("is odd, keeps tiny numbers, ends at 1, lets NaN pass", () => {
  for (let x = 1e-9; x < 800; x *= 1.7) expect(tanh(-x)).toBe(-tanh(x));
  expect(tanh(1e-300)).toBe(1e-300);
  expect(tanh(-800)).toBe(-1);
  expect(tanh(Infinity)).toBe(1);
  expect(tanh(Number.NaN)).toBeNaN();
});
