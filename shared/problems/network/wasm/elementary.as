/** Elementary functions, two float64 at once, step by step the operations of shared/math. */

// Constants lie in memory, by their place there: loading one is a single instruction, where the engine makes a vector constant
// anew by four.

const SIGN: usize = 0;
const HALF: usize = 8;
const LOG2_E: usize = 16;
const LN2_HIGH: usize = 24;
const LN2_LOW: usize = 32;
const P1: usize = 40;
const P2: usize = 48;
const P3: usize = 56;
const P4: usize = 64;
const P5: usize = 72;
const TWO: usize = 80;
const ONE: usize = 88;
const UNDERFLOW: usize = 96;
const OVERFLOW: usize = 104;
const INFINITE: usize = 112;
const MINUS_INFINITE: usize = 120;
const NOT_A_NUMBER: usize = 128;
const ZERO: usize = 136;
const SMALLEST_NORMAL: usize = 144;
const TWO_54: usize = 152;
const FIFTY_FOUR: usize = 160;
const L1: usize = 168;
const L2: usize = 176;
const L3: usize = 184;
const L4: usize = 192;
const L5: usize = 200;
const L6: usize = 208;
const L7: usize = 216;
const T0: usize = 224;
const T1: usize = 232;
const T2: usize = 240;
const U0: usize = 248;
const U1: usize = 256;
const U2: usize = 264;
const MINUS_TWO: usize = 272;
const SMALL: usize = 280;
const LEAST_POWER: usize = 288;
const MOST_POWER: usize = 296;
const TO_EXPONENT: usize = 304;
const TWENTY: usize = 312;
const HALVED_FROM: usize = 320;
const SMALL_LOG: usize = 328;

const CONSTANTS = memory.data<f64>([
  -0.0, 0.5, 1.4426950408889634, 0.6931471803691238, 1.9082149292705877e-10, 0.16666666666666602,
  -0.0027777777777015593, 6.613756321437934e-5, -1.6533902205465252e-6, 4.1381367970572385e-8, 2, 1,
  -745.1332191019411, 709.782712893384, Infinity, -Infinity, NaN, 0,
  2.2250738585072014e-308, 18014398509481984, 54, 0.6666666666666735, 0.3999999999940942, 0.2857142874366239,
  0.22222198432149784, 0.1818357216161805, 0.15313837699209373, 0.14798198605116586, -0.9643991794250523, -99.28772310019185,
  -1614.6876844170845, 112.81167849163293, 2235.4883906010045, 4844.063053251255, -2, 0.625,
  -1000, 1000, 4503599627371519, 20, 0.41421356237309503, 1.862645149230957e-9,
]);

/** The constant in both lanes. */
@inline
function d(constant: usize): v128 {
  return v128.load64_splat(CONSTANTS + constant);
}

export const TANH = 0;
export const SIGMOID = 1;
export const SOFTPLUS = 2;
export const EXP = 3;
export const LOG = 4;
export const RELU = 5;
export const STEP = 6;
export const SQRT = 7;

// An exponential is a long chain of operations, each of which waits for the one before; the processor looks ahead over two or
// three of them only. So those of many pairs are computed in stages, from one table into the same table: then the operations
// next to each other belong to different pairs.
//
// pmin(a, b) and pmax(a, b) are a where one of them is NaN, in one instruction; min and max take eight for the same result here.

/** Pairs of a stage. */
export const PAIRS = 32;
/** Of a pair in the table: the argument, then what one stage hands to the next. */
export const SLOT: usize = 96;
export const X: usize = 0;
const K: usize = 16;
const HIGH: usize = 32;
const LOW: usize = 48;
const NUMERATOR: usize = 64;
const DENOMINATOR: usize = 80;
export const TABLE = memory.data(PAIRS * <i32>SLOT, 16);

/** The exponential's argument for a function of x. */
@inline
function exponent(operation: i32, x: v128): v128 {
  if (operation == EXP) return x;
  // Beyond 20 tanh is 1 whatever the exponential.
  if (operation == TANH) return f64x2.mul(d(MINUS_TWO), f64x2.pmin(f64x2.abs(x), d(TWENTY)));
  return f64x2.neg(f64x2.abs(x));
}

/** x = k ln 2 + high - low; of all but EXP the argument is at most 0. */
@inline
export function splitUp(operation: i32, slot: usize): void {
  const x = exponent(operation, v128.load(slot, X));
  const z = f64x2.mul(d(LOG2_E), x);
  const nearest =
    operation == EXP ? f64x2.add(z, v128.or(v128.and(x, d(SIGN)), d(HALF))) : f64x2.sub(z, d(HALF));
  const k = f64x2.trunc(nearest);
  v128.store(slot, k, K);
  v128.store(slot, f64x2.sub(x, f64x2.mul(k, d(LN2_HIGH))), HIGH);
  v128.store(slot, f64x2.mul(k, d(LN2_LOW)), LOW);
}

/** e^(high - low) = 1 - ((low - numerator / denominator) - high) */
@inline
export function fraction(slot: usize): void {
  const r = f64x2.sub(v128.load(slot, HIGH), v128.load(slot, LOW));
  const t = f64x2.mul(r, r);
  let p = f64x2.add(d(P4), f64x2.mul(t, d(P5)));
  p = f64x2.add(d(P3), f64x2.mul(t, p));
  p = f64x2.add(d(P2), f64x2.mul(t, p));
  p = f64x2.add(d(P1), f64x2.mul(t, p));
  const c = f64x2.sub(r, f64x2.mul(t, p));
  v128.store(slot, f64x2.mul(r, c), NUMERATOR);
  v128.store(slot, f64x2.sub(d(TWO), c), DENOMINATOR);
}

/** e^x of what the stages before left. */
@inline
export function powered(operation: i32, slot: usize): v128 {
  const k = v128.load(slot, K);
  const quotient = f64x2.div(v128.load(slot, NUMERATOR), v128.load(slot, DENOMINATOR));
  const y = f64x2.sub(d(ONE), f64x2.sub(f64x2.sub(v128.load(slot, LOW), quotient), v128.load(slot, HIGH)));
  // Where x >= -40, 2^k needs no care.
  if (operation == TANH) return f64x2.mul(y, powerOfTwo(k));
  // 2^k in two factors: the first product is exact, so that the second alone rounds where 2^k is no normal number.
  let first = f64x2.pmax(k, d(LEAST_POWER));
  if (operation == EXP) first = f64x2.pmin(first, d(MOST_POWER));
  const scaled = f64x2.mul(f64x2.mul(y, powerOfTwo(first)), powerOfTwo(f64x2.sub(k, first)));
  const x = exponent(operation, v128.load(slot, X));
  const tiny = v128.andnot(scaled, f64x2.lt(x, d(UNDERFLOW)));
  if (operation != EXP) return tiny;
  return v128.bitselect(d(INFINITE), tiny, f64x2.gt(x, d(OVERFLOW)));
}

/** 2^k for whole -1022 <= k <= 1023: k + 1023 in the last bits of a number just above 2^52, shifted to the exponent. */
@inline
function powerOfTwo(k: v128): v128 {
  return i64x2.shl(f64x2.add(k, d(TO_EXPONENT)), 52);
}

@inline
export function log(x: v128): v128 {
  const subnormal = f64x2.lt(x, d(SMALLEST_NORMAL));
  const normal = v128.bitselect(f64x2.mul(x, d(TWO_54)), x, subnormal);
  const bits = i64x2.add(normal, i64x2.splat(<i64>(0x3ff00000 - 0x3fe6a09e) << 32));
  const k = i64x2.sub(i64x2.shr_s(bits, 52), i64x2.splat(0x3ff));
  const whole = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(k, k, 0, 2, 0, 2));
  const kf = f64x2.sub(whole, v128.and(subnormal, d(FIFTY_FOUR)));
  const m = i64x2.add(v128.and(bits, i64x2.splat(0x000fffffffffffff)), i64x2.splat(<i64>0x3fe6a09e << 32));
  const f = f64x2.sub(m, d(ONE));
  const half = f64x2.mul(f64x2.mul(d(HALF), f), f);
  const s = f64x2.div(f, f64x2.add(d(TWO), f));
  const z = f64x2.mul(s, s);
  const w = f64x2.mul(z, z);
  let even = f64x2.add(d(L4), f64x2.mul(w, d(L6)));
  even = f64x2.add(d(L2), f64x2.mul(w, even));
  even = f64x2.mul(w, even);
  let odd = f64x2.add(d(L5), f64x2.mul(w, d(L7)));
  odd = f64x2.add(d(L3), f64x2.mul(w, odd));
  odd = f64x2.add(d(L1), f64x2.mul(w, odd));
  odd = f64x2.mul(z, odd);
  let y = f64x2.mul(s, f64x2.add(half, f64x2.add(odd, even)));
  y = f64x2.add(y, f64x2.mul(kf, d(LN2_LOW)));
  y = f64x2.sub(y, half);
  y = f64x2.add(y, f);
  y = f64x2.add(y, f64x2.mul(kf, d(LN2_HIGH)));
  const finite = v128.bitselect(x, y, f64x2.eq(x, d(INFINITE)));
  const positive = v128.bitselect(finite, d(NOT_A_NUMBER), f64x2.gt(x, d(ZERO)));
  return v128.bitselect(d(MINUS_INFINITE), positive, f64x2.eq(x, d(ZERO)));
}

/** `log1pUpToOne`, its three cases side by side. */
@inline
function log1p(x: v128): v128 {
  const halved = f64x2.ge(x, d(HALVED_FROM));
  const u = f64x2.add(d(ONE), x);
  const f = v128.bitselect(f64x2.sub(f64x2.mul(u, d(HALF)), d(ONE)), x, halved);
  const half = f64x2.mul(f64x2.mul(d(HALF), f), f);
  const s = f64x2.div(f, f64x2.add(d(TWO), f));
  const z = f64x2.mul(s, s);
  let r = f64x2.add(d(L6), f64x2.mul(z, d(L7)));
  r = f64x2.add(d(L5), f64x2.mul(z, r));
  r = f64x2.add(d(L4), f64x2.mul(z, r));
  r = f64x2.add(d(L3), f64x2.mul(z, r));
  r = f64x2.add(d(L2), f64x2.mul(z, r));
  r = f64x2.add(d(L1), f64x2.mul(z, r));
  const rest = f64x2.mul(s, f64x2.add(half, f64x2.mul(z, r)));
  const whole = f64x2.sub(f, f64x2.sub(half, rest));
  const lost = f64x2.div(f64x2.sub(x, f64x2.sub(u, d(ONE))), u);
  const corrected = f64x2.add(rest, f64x2.add(d(LN2_LOW), lost));
  const ofHalf = f64x2.sub(d(LN2_HIGH), f64x2.sub(f64x2.sub(half, corrected), f));
  const tiny = f64x2.sub(x, f64x2.mul(f64x2.mul(x, x), d(HALF)));
  return v128.bitselect(tiny, v128.bitselect(ofHalf, whole, halved), f64x2.lt(x, d(SMALL_LOG)));
}

/** tanh x with e^(-2|x|); of its two cases' quotients each lane needs one. */
@inline
export function tanh(x: v128, e: v128): v128 {
  const s = f64x2.mul(x, x);
  let p = f64x2.add(f64x2.mul(d(T0), s), d(T1));
  p = f64x2.add(f64x2.mul(p, s), d(T2));
  let q = f64x2.add(s, d(U0));
  q = f64x2.add(f64x2.mul(q, s), d(U1));
  q = f64x2.add(f64x2.mul(q, s), d(U2));
  const small = f64x2.lt(f64x2.abs(x), d(SMALL));
  const above = v128.bitselect(p, f64x2.sub(d(ONE), e), small);
  const below = v128.bitselect(q, f64x2.add(d(ONE), e), small);
  const quotient = f64x2.div(above, below);
  const near = f64x2.add(x, f64x2.mul(x, f64x2.mul(s, quotient)));
  return v128.bitselect(near, v128.or(quotient, v128.and(x, d(SIGN))), small);
}

/** 1/(1 + e^-z) with e^-|z|. */
@inline
export function sigmoid(z: v128, e: v128): v128 {
  const p = f64x2.div(d(ONE), f64x2.add(d(ONE), e));
  return v128.bitselect(f64x2.mul(e, p), p, f64x2.lt(z, d(ZERO)));
}

/** log(1 + e^z) with e^-|z|. */
@inline
export function softplus(z: v128, e: v128): v128 {
  return f64x2.add(f64x2.pmax(z, d(ZERO)), log1p(e));
}
