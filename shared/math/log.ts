/**
 * The natural logarithm of our own, for the reason of `exp.ts`: only + - * / and bits of the representation.
 *
 * log x = k ln 2 + log(1 + f) with sqrt(2)/2 < 1 + f < sqrt(2); with s = f/(2 + f), log(1 + f) = 2s + s R(s^2), which is
 * f - f^2/2 + s (f^2/2 + R).
 * @see the scheme and the constants of `e_log.c` in FDLIBM 5.3 (Sun Microsystems, 1993-2004).
 */

/** The leading 32 bits of ln 2, so that k * LN2_HIGH is exact for |k| < 2^11 ... */
const LN2_HIGH = 0.6931471803691238;
/** ... and the rest of it. */
const LN2_LOW = 1.9082149292705877e-10;
const L1 = 0.6666666666666735;
const L2 = 0.3999999999940942;
const L3 = 0.2857142874366239;
const L4 = 0.22222198432149784;
const L5 = 0.1818357216161805;
const L6 = 0.15313837699209373;
const L7 = 0.14798198605116586;

const SMALLEST_NORMAL = 2.2250738585072014e-308;
const TWO_54 = 18014398509481984;
/** sqrt(2)/2, cut to its upper word: where the exponent's count begins. */
const UPPER_OF_ROOT = 0x3fe6a09e;

/** One number seen as its two words (of a little-endian machine, as every engine's). */
const number = new Float64Array(1);
const words = new Int32Array(number.buffer);

/** log x, off by less than 1 unit in the last place. -Infinity at 0, NaN below. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : Number.NaN;
  if (x === Infinity) return x;
  let k = 0;
  number[0] = x;
  if (x < SMALLEST_NORMAL) {
    k = -54;
    number[0] = x * TWO_54;
  }
  const upper = words[1]! + (0x3ff00000 - UPPER_OF_ROOT);
  k += (upper >> 20) - 0x3ff;
  words[1] = (upper & 0xfffff) + UPPER_OF_ROOT;
  const f = number[0]! - 1;
  const half = 0.5 * f * f;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (L2 + w * (L4 + w * L6));
  const odd = z * (L1 + w * (L3 + w * (L5 + w * L7)));
  return s * (half + (odd + even)) + k * LN2_LOW - half + f + k * LN2_HIGH;
}
