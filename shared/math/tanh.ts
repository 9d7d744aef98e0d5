/** The hyperbolic tangent of our own, for the reason of `exp.ts`. */
import { expNonPositive } from "./exp.ts";

/** Below this a rational function, above it the exponential. */
const SMALL = 0.625;
// tanh x = x + x^3 P(x^2)/Q(x^2) for |x| < 0.625.
const P0 = -0.9643991794250523;
const P1 = -99.28772310019185;
const P2 = -1614.6876844170845;
const Q0 = 112.81167849163293;
const Q1 = 2235.4883906010045;
const Q2 = 4844.063053251255;

/**
 * tanh x, off by less than 2 units in the last place.
 * @see the scheme and the constants of `tanh.c` in Cephes 2.8 (Moshier, 1984-2000).
 */
export function tanh(x: number): number {
  const a = Math.abs(x);
  if (a < SMALL) {
    const s = x * x;
    return x + x * (s * (((P0 * s + P1) * s + P2) / (((s + Q0) * s + Q1) * s + Q2)));
  }
  const e = expNonPositive(-2 * a);
  const t = (1 - e) / (1 + e);
  return x < 0 ? -t : t;
}
