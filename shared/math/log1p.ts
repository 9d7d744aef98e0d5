/**
 * log(1 + x) for 0 <= x <= 1, of our own: `Math.log1p` may differ in the last bit from one engine or processor to the next.
 * Only + - * /, hence the same bits wherever IEEE 754 holds.
 */
import { MarinaError } from "../base/index.ts";

/** The leading 33 bits of ln 2 ... */
const LN2_HIGH = 0.6931471803691238;
/** ... and the rest of it. */
const LN2_LOW = 1.9082149292705877e-10;
/** sqrt 2 - 1: from here up 1 + x is halved, so that |f| below stays small. */
const HALVED_FROM = 0.41421356237309503;
/** Below this x - x^2/2 is exact to the last bit. */
const SMALL = 1.862645149230957e-9;
// Remez polynomial of (log(1 + f) - f + f^2/2 ...)/s = z P1 + z^2 P2 + ..., z = s^2, s = f/(2 + f); error below 2^-58.
const P1 = 0.6666666666666735;
const P2 = 0.3999999999940942;
const P3 = 0.2857142874366239;
const P4 = 0.22222198432149784;
const P5 = 0.1818357216161805;
const P6 = 0.15313837699209373;
const P7 = 0.14798198605116586;

/**
 * log(1 + x) for 0 <= x <= 1.
 *
 * 1 + x = 2^k (1 + f) with k = 0 or 1 and |f| < 0.42; with s = f/(2 + f), log(1 + f) = 2 artanh s = f - f^2/2 +
 * s (f^2/2 + R), R a polynomial of s^2. What the rounding of 1 + x loses is added again. The error is below 1 unit in the
 * last place; log(1 + 0) = 0 exactly.
 *
 * @param x from 0 to 1; NaN passes.
 * @throws MarinaError `usage` when x < 0 or x > 1.
 * @see the scheme and the constants of `s_log1p.c` in FDLIBM 5.3 (Sun Microsystems, 1993-2004).
 */
export function log1pUpToOne(x: number): number {
  if (!(x >= 0 && x <= 1)) return outside(x);
  if (x < SMALL) return x - x * x * 0.5;
  const halved = x >= HALVED_FROM;
  const u = 1 + x;
  const f = halved ? u / 2 - 1 : x;
  const half = 0.5 * f * f;
  const s = f / (2 + f);
  const z = s * s;
  const R = z * (P1 + z * (P2 + z * (P3 + z * (P4 + z * (P5 + z * (P6 + z * P7))))));
  const rest = s * (half + R);
  if (!halved) return f - (half - rest);
  const lost = (x - (u - 1)) / u;
  return LN2_HIGH - (half - (rest + (LN2_LOW + lost)) - f);
}

function outside(x: number): number {
  if (Number.isNaN(x)) return x;
  throw new MarinaError("usage", `log1pUpToOne: expected 0 <= x <= 1, got ${x}`);
}
