/**
 * e^x of our own: `Math.exp` may differ in the last bit from one engine or processor to the next, and a
 * trajectory must not. Only + - * / and table look-ups, hence the same bits wherever IEEE 754 holds.
 */
import { MarinaError } from "../base/index.ts";

const LOG2_E = Math.LOG2E;
/** The leading 33 bits of ln 2, so that k * LN2_HIGH is exact for |k| < 2^20 ... */
const LN2_HIGH = 0.6931471803691238;
/** ... and the rest of it. */
const LN2_LOW = 1.9082149292705877e-10;
// Remez polynomial of r (e^r + 1)/(e^r - 1) = 2 + P1 r^2 + P2 r^4 + ... on |r| <= (ln 2)/2, error below 2^-59.
const P1 = 0.16666666666666602;
const P2 = -0.0027777777777015593;
const P3 = 6.613756321437934e-5;
const P4 = -1.6533902205465252e-6;
const P5 = 4.1381367970572385e-8;

/** Below this e^x rounds to 0: (1074 + 1) ln 2. */
const UNDERFLOW = -745.1332191019411;

/** Above this e^x rounds to infinity: 1024 ln 2. */
const OVERFLOW = 709.782712893384;

/** 2^-i, i = 0 .. 1000: all of them normal numbers. */
const POWERS = powersOfOneHalf(1001);
const SHIFT = 1000;
const TWO_MINUS_1000 = POWERS[SHIFT]!;

/**
 * e^x for x <= 0.
 *
 * x = k ln 2 + r with an integer k and |r| <= (ln 2)/2 (Cody and Waite: ln 2 in two parts, so that r keeps its bits);
 * e^r = 1 + 2r/(R - r) with R = r (e^r + 1)/(e^r - 1), a polynomial of r^2; e^x = 2^k e^r.
 * The error is below 1 unit in the last place; subnormal results are rounded once; e^0 = 1 and e^-1e9 = 0 exactly.
 *
 * @param x at most 0, -Infinity and NaN (which passes) included.
 * @throws MarinaError `usage` when x > 0.
 * @see the scheme and the constants of `e_exp.c` in FDLIBM 5.3 (Sun Microsystems, 1993-2004); Cody, Waite, Software
 * Manual for the Elementary Functions, 1980.
 */
export function expNonPositive(x: number): number {
  if (!(x >= UNDERFLOW)) return Number.isNaN(x) ? x : 0;
  if (x > 0) throw positive(x);
  return reduced(x, (LOG2_E * x - 0.5) | 0); // to the nearest integer: the cut is towards zero, and x <= 0
}

/** e^x for every x, by the same scheme and with the same bits for x <= 0; Infinity above 709.78. */
export function exp(x: number): number {
  if (!(x >= UNDERFLOW)) return Number.isNaN(x) ? x : 0;
  if (x > OVERFLOW) return Infinity;
  return reduced(x, (LOG2_E * x + (x < 0 ? -0.5 : 0.5)) | 0);
}

/** 2^k e^(x - k ln 2), k the integer next to x / ln 2. */
function reduced(x: number, k: number): number {
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const t = r * r;
  const c = r - t * (P1 + t * (P2 + t * (P3 + t * (P4 + t * P5))));
  const y = 1 - (low - (r * c) / (2 - c) - high);
  // 2^k itself may be subnormal, zero or infinite: of two factors the first product is exact, so that the second alone rounds.
  if (k > 0) return k <= SHIFT ? y / POWERS[k]! : (y / TWO_MINUS_1000) * (1 / POWERS[k - SHIFT]!);
  if (k >= -SHIFT) return y * POWERS[-k]!;
  return y * POWERS[-k - SHIFT]! * TWO_MINUS_1000;
}

function powersOfOneHalf(count: number): Float64Array {
  const powers = new Float64Array(count);
  let power = 1;
  for (let i = 0; i < count; i++) {
    powers[i] = power;
    power /= 2;
  }
  return powers;
}

function positive(x: number): MarinaError {
  return new MarinaError("usage", `expNonPositive: expected x <= 0, got ${x}; write e^x as 1 / e^-x`);
}
