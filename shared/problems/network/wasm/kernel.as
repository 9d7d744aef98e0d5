/**
 * The loops of `../kernels.ts`, with the bits of `../reference-kernels.ts`.
 *
 * AssemblyScript, compiled by `scripts/build-kernel.ts` into `kernel-binary.ts`. Lanes of a vector are entries of the result,
 * never two terms of one sum: every sum has the order that the TypeScript kernels give it. Multiplications and
 * additions are rounded one by one (WebAssembly has no fused multiply-add outside its relaxed instructions, which are not
 * used); elementary functions of float32 are those of float64, rounded once.
 *
 * T: the type of an entry (f64, f32). Positions are addresses; counts and sizes are in entries.
 */

@inline
function lanes<T>(): i32 {
  return 16 / sizeof<T>();
}

@inline
function bytes<T>(entries: i32): usize {
  return <usize>entries * sizeof<T>();
}

// --- rows of bytes -------------------------------------------------------------------------------------------------

/** Two of the numbers, in float64. */
@inline
function decodePair(numbers: v128, scale: v128, offset: v128): v128 {
  return f64x2.add(f64x2.mul(scale, f64x2.convert_low_i32x4_s(numbers)), offset);
}

/** The bytes are the last ones of out's own memory: what is written covers bytes that have been read, and its own. */
@inline
function decode<T>(out: usize, count: i32, scale: f64, offset: f64): void {
  const s = f64x2.splat(scale);
  const o = f64x2.splat(offset);
  let from = out + bytes<T>(count) - <usize>count;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const four = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(from)));
    const low = decodePair(four, s, o);
    const high = decodePair(v128.shuffle<i32>(four, four, 2, 3, 2, 3), s, o);
    if (sizeof<T>() == 8) {
      v128.store(out, low);
      v128.store(out, high, 16);
    } else {
      v128.store(out, v128.shuffle<i32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5));
    }
    from += 4;
    out += bytes<T>(4);
  }
  for (; i < count; i++) {
    store<T>(out, <T>(scale * <f64>load<u8>(from) + offset));
    from += 1;
    out += sizeof<T>();
  }
}

// --- products ------------------------------------------------------------------------------------------------------
// The right factor B [k, n] lies packed: panels of two vectors' columns, each k rows one after the other, the last one
// filled up with zeros. So one panel stays in the first-level cache, and a row of it is two loads.

@inline
function panelColumns<T>(): i32 {
  return 2 * lanes<T>();
}

/** Packs B: entry (p, j) is read at b + p * bRow + j * bColumn. */
@inline
function pack<T>(b: usize, bRow: usize, bColumn: usize, out: usize, k: i32, n: i32): void {
  const width = panelColumns<T>();
  for (let first = 0; first < n; first += width) {
    const columns = min(width, n - first);
    let row = b + <usize>first * bColumn;
    for (let p = 0; p < k; p++) {
      let from = row;
      if (bColumn == sizeof<T>() && columns == width) {
        v128.store(out, v128.load(from));
        v128.store(out, v128.load(from, 16), 16);
      } else {
        let j = 0;
        for (; j < columns; j++) {
          store<T>(out + bytes<T>(j), load<T>(from));
          from += bColumn;
        }
        for (; j < width; j++) store<T>(out + bytes<T>(j), 0);
      }
      out += 32;
      row += bRow;
    }
  }
}

@inline
function loadLanes<T>(from: usize, count: i32): v128 {
  let v = v128.splat<T>(0);
  if (count > 0) v = v128.replace_lane<T>(v, 0, load<T>(from));
  if (count > 1) v = v128.replace_lane<T>(v, 1, load<T>(from, sizeof<T>()));
  if (sizeof<T>() == 4) {
    if (count > 2) v = v128.replace_lane<f32>(v, 2, load<f32>(from, 8));
    if (count > 3) v = v128.replace_lane<f32>(v, 3, load<f32>(from, 12));
  }
  return v;
}

@inline
function storeLanes<T>(to: usize, v: v128, count: i32): void {
  if (count > 0) store<T>(to, v128.extract_lane<T>(v, 0));
  if (count > 1) store<T>(to, v128.extract_lane<T>(v, 1), sizeof<T>());
  if (sizeof<T>() == 4) {
    if (count > 2) store<f32>(to, v128.extract_lane<f32>(v, 2), 8);
    if (count > 3) store<f32>(to, v128.extract_lane<f32>(v, 3), 12);
  }
}

@inline
function addProduct<T>(sum: v128, a: v128, b: v128): v128 {
  return v128.add<T>(sum, v128.mul<T>(a, b));
}

/**
 * Four rows of C, two vectors wide (of which `columns` entries exist). Entry (i, p) of A is at a + i * aRow + p * aStep;
 * `beside` says that aRow is one entry.
 */
@inline
function tileOfFour<T>(
  a: usize,
  aRow: usize,
  aStep: usize,
  beside: bool,
  panel: usize,
  k: i32,
  c: usize,
  cRow: usize,
  columns: i32,
  onto: bool,
): void {
  const c1 = c + cRow;
  const c2 = c1 + cRow;
  const c3 = c2 + cRow;
  const whole = columns == panelColumns<T>();
  let s00 = v128.splat<T>(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s30 = s00;
  let s31 = s00;
  if (onto) {
    if (whole) {
      s00 = v128.load(c);
      s01 = v128.load(c, 16);
      s10 = v128.load(c1);
      s11 = v128.load(c1, 16);
      s20 = v128.load(c2);
      s21 = v128.load(c2, 16);
      s30 = v128.load(c3);
      s31 = v128.load(c3, 16);
    } else {
      s00 = loadLanes<T>(c, columns);
      s01 = loadLanes<T>(c + 16, columns - lanes<T>());
      s10 = loadLanes<T>(c1, columns);
      s11 = loadLanes<T>(c1 + 16, columns - lanes<T>());
      s20 = loadLanes<T>(c2, columns);
      s21 = loadLanes<T>(c2 + 16, columns - lanes<T>());
      s30 = loadLanes<T>(c3, columns);
      s31 = loadLanes<T>(c3 + 16, columns - lanes<T>());
    }
  }
  const end = panel + (<usize>k << 5);
  if (beside) {
    for (; panel < end; panel += 32) {
      const b0 = v128.load(panel);
      const b1 = v128.load(panel, 16);
      const a0 = v128.load_splat<T>(a);
      s00 = addProduct<T>(s00, a0, b0);
      s01 = addProduct<T>(s01, a0, b1);
      const a1 = v128.load_splat<T>(a, sizeof<T>());
      s10 = addProduct<T>(s10, a1, b0);
      s11 = addProduct<T>(s11, a1, b1);
      const a2 = v128.load_splat<T>(a, 2 * sizeof<T>());
      s20 = addProduct<T>(s20, a2, b0);
      s21 = addProduct<T>(s21, a2, b1);
      const a3 = v128.load_splat<T>(a, 3 * sizeof<T>());
      s30 = addProduct<T>(s30, a3, b0);
      s31 = addProduct<T>(s31, a3, b1);
      a += aStep;
    }
  } else {
    let r1 = a + aRow;
    let r2 = r1 + aRow;
    let r3 = r2 + aRow;
    for (; panel < end; panel += 32) {
      const b0 = v128.load(panel);
      const b1 = v128.load(panel, 16);
      const a0 = v128.load_splat<T>(a);
      s00 = addProduct<T>(s00, a0, b0);
      s01 = addProduct<T>(s01, a0, b1);
      const a1 = v128.load_splat<T>(r1);
      s10 = addProduct<T>(s10, a1, b0);
      s11 = addProduct<T>(s11, a1, b1);
      const a2 = v128.load_splat<T>(r2);
      s20 = addProduct<T>(s20, a2, b0);
      s21 = addProduct<T>(s21, a2, b1);
      const a3 = v128.load_splat<T>(r3);
      s30 = addProduct<T>(s30, a3, b0);
      s31 = addProduct<T>(s31, a3, b1);
      a += sizeof<T>();
      r1 += sizeof<T>();
      r2 += sizeof<T>();
      r3 += sizeof<T>();
    }
  }
  if (whole) {
    v128.store(c, s00);
    v128.store(c, s01, 16);
    v128.store(c1, s10);
    v128.store(c1, s11, 16);
    v128.store(c2, s20);
    v128.store(c2, s21, 16);
    v128.store(c3, s30);
    v128.store(c3, s31, 16);
  } else {
    storeLanes<T>(c, s00, columns);
    storeLanes<T>(c + 16, s01, columns - lanes<T>());
    storeLanes<T>(c1, s10, columns);
    storeLanes<T>(c1 + 16, s11, columns - lanes<T>());
    storeLanes<T>(c2, s20, columns);
    storeLanes<T>(c2 + 16, s21, columns - lanes<T>());
    storeLanes<T>(c3, s30, columns);
    storeLanes<T>(c3 + 16, s31, columns - lanes<T>());
  }
}

/** One row of C, likewise. */
@inline
function tileOfOne<T>(a: usize, aStep: usize, panel: usize, k: i32, c: usize, columns: i32, onto: bool): void {
  let s0 = v128.splat<T>(0);
  let s1 = s0;
  if (onto) {
    s0 = loadLanes<T>(c, columns);
    s1 = loadLanes<T>(c + 16, columns - lanes<T>());
  }
  const end = panel + (<usize>k << 5);
  for (; panel < end; panel += 32) {
    const a0 = v128.load_splat<T>(a);
    s0 = addProduct<T>(s0, a0, v128.load(panel));
    s1 = addProduct<T>(s1, a0, v128.load(panel, 16));
    a += aStep;
  }
  storeLanes<T>(c, s0, columns);
  storeLanes<T>(c + 16, s1, columns - lanes<T>());
}

/** C = A B, A [m, k] row-major, B packed: panel by panel, so that one of them stays near. */
@inline
function product<T>(a: usize, packed: usize, c: usize, m: i32, k: i32, n: i32): void {
  const width = panelColumns<T>();
  const aRow = bytes<T>(k);
  const cRow = bytes<T>(n);
  for (let first = 0; first < n; first += width) {
    const columns = min(width, n - first);
    let row = a;
    let to = c + bytes<T>(first);
    let i = 0;
    for (; i + 4 <= m; i += 4) {
      tileOfFour<T>(row, aRow, sizeof<T>(), false, packed, k, to, cRow, columns, false);
      row += 4 * aRow;
      to += 4 * cRow;
    }
    for (; i < m; i++) {
      tileOfOne<T>(row, sizeof<T>(), packed, k, to, columns, false);
      row += aRow;
      to += cRow;
    }
    packed += <usize>k << 5;
  }
}

/** C += A^T B, A [k, m] and B [k, n] row-major; B is packed into `packed` first. Rows of C one after the other. */
@inline
function addTransposedProduct<T>(a: usize, b: usize, packed: usize, c: usize, m: i32, k: i32, n: i32): void {
  pack<T>(b, bytes<T>(n), sizeof<T>(), packed, k, n);
  const width = panelColumns<T>();
  const aStep = bytes<T>(m);
  const cRow = bytes<T>(n);
  let i = 0;
  for (; i < m; ) {
    const four = i + 4 <= m;
    let panel = packed;
    for (let first = 0; first < n; first += width) {
      const columns = min(width, n - first);
      const to = c + bytes<T>(first);
      if (four) tileOfFour<T>(a, sizeof<T>(), aStep, true, panel, k, to, cRow, columns, true);
      else tileOfOne<T>(a, aStep, panel, k, to, columns, true);
      panel += <usize>k << 5;
    }
    const done = four ? 4 : 1;
    i += done;
    a += bytes<T>(done);
    c += <usize>done * cRow;
  }
}

// --- elementary functions, two float64 at once, step by step the operations of shared/math -----------------------------
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

/** Where memory is free: behind the constants. */
export function firstAddress(): usize {
  return (__heap_base + 63) & ~63;
}

const TANH = 0;
const SIGMOID = 1;
const SOFTPLUS = 2;
const EXP = 3;
const LOG = 4;
const RELU = 5;
const STEP = 6;
const SQRT = 7;

// An exponential is a long chain of operations, each of which waits for the one before; the processor looks ahead over two or
// three of them only. So those of many pairs are computed in stages, from one table into the same table: then the operations
// next to each other belong to different pairs.
//
// pmin(a, b) and pmax(a, b) are a where one of them is NaN, in one instruction; min and max take eight for the same result here.

/** Pairs of a stage. */
const PAIRS = 32;
/** Of a pair in the table: the argument, then what one stage hands to the next. */
const SLOT: usize = 96;
const X: usize = 0;
const K: usize = 16;
const HIGH: usize = 32;
const LOW: usize = 48;
const NUMERATOR: usize = 64;
const DENOMINATOR: usize = 80;
const TABLE = memory.data(PAIRS * <i32>SLOT, 16);

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
function splitUp(operation: i32, slot: usize): void {
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
function fraction(slot: usize): void {
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
function powered(operation: i32, slot: usize): v128 {
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
function log(x: v128): v128 {
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
function tanh(x: v128, e: v128): v128 {
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
function sigmoid(z: v128, e: v128): v128 {
  const p = f64x2.div(d(ONE), f64x2.add(d(ONE), e));
  return v128.bitselect(f64x2.mul(e, p), p, f64x2.lt(z, d(ZERO)));
}

/** log(1 + e^z) with e^-|z|. */
@inline
function softplus(z: v128, e: v128): v128 {
  return f64x2.add(f64x2.pmax(z, d(ZERO)), log1p(e));
}

// --- one value -----------------------------------------------------------------------------------------------------
// Vectors beyond the end may be written: buffers have room for them.


/** Two entries in float64. */
@inline
function loadPair<T>(from: usize): v128 {
  return sizeof<T>() == 8 ? v128.load(from) : f64x2.promote_low_f32x4(v128.load64_zero(from));
}

@inline
function storePair<T>(to: usize, pair: v128): void {
  if (sizeof<T>() == 8) v128.store(to, pair);
  else v128.store64_lane(to, f32x4.demote_f64x2_zero(pair), 0);
}

@inline
function finished(operation: i32, slot: usize): v128 {
  const e = powered(operation, slot);
  if (operation == EXP) return e;
  const x = v128.load(slot, X);
  if (operation == TANH) return tanh(x, e);
  if (operation == SIGMOID) return sigmoid(x, e);
  return softplus(x, e);
}

/** Functions of an exponential. */
@inline
function exponentials<T>(operation: i32, a: usize, out: usize, count: i32): void {
  const pair = bytes<T>(2);
  for (let left = (count + 1) >> 1; left > 0; left -= PAIRS) {
    const end = TABLE + <usize>min(left, PAIRS) * SLOT;
    for (let slot = TABLE; slot < end; slot += SLOT) {
      v128.store(slot, loadPair<T>(a), X);
      splitUp(operation, slot);
      a += pair;
    }
    for (let slot = TABLE; slot < end; slot += SLOT) fraction(slot);
    for (let slot = TABLE; slot < end; slot += SLOT) {
      storePair<T>(out, finished(operation, slot));
      out += pair;
    }
  }
}

@inline
function logarithms<T>(a: usize, out: usize, count: i32): void {
  const pair = bytes<T>(2);
  const end = a + bytes<T>(count);
  for (; a < end; a += pair) {
    storePair<T>(out, log(loadPair<T>(a)));
    out += pair;
  }
}

@inline
function one<T>(operation: i32, x: v128): v128 {
  // -0 becomes +0 in the addition.
  if (operation == RELU) return v128.add<T>(v128.pmax<T>(x, v128.splat<T>(0)), v128.splat<T>(0));
  if (operation == STEP) return v128.and(v128.gt<T>(x, v128.splat<T>(0)), v128.splat<T>(1));
  return v128.sqrt<T>(x);
}

@inline
function each<T>(operation: i32, a: usize, out: usize, count: i32): void {
  const end = a + bytes<T>(count);
  for (; a < end; a += 16) {
    v128.store(out, one<T>(operation, v128.load(a)));
    out += 16;
  }
}

@inline
function unary<T>(operation: i32, a: usize, out: usize, count: i32): void {
  switch (operation) {
    case TANH:
      exponentials<T>(TANH, a, out, count);
      break;
    case SIGMOID:
      exponentials<T>(SIGMOID, a, out, count);
      break;
    case SOFTPLUS:
      exponentials<T>(SOFTPLUS, a, out, count);
      break;
    case EXP:
      exponentials<T>(EXP, a, out, count);
      break;
    case LOG:
      logarithms<T>(a, out, count);
      break;
    case RELU:
      each<T>(RELU, a, out, count);
      break;
    case STEP:
      each<T>(STEP, a, out, count);
      break;
    default:
      each<T>(SQRT, a, out, count);
  }
}

@inline
function affine<T>(a: usize, out: usize, count: i32, scale: f64, offset: f64): void {
  const s = v128.splat<T>(<T>scale);
  const o = v128.splat<T>(<T>offset);
  const end = a + bytes<T>(count);
  for (; a < end; a += 16) {
    v128.store(out, v128.add<T>(v128.mul<T>(v128.load(a), s), o));
    out += 16;
  }
}

@inline
function clip<T>(a: usize, out: usize, count: i32, limit: f64): void {
  const upper = v128.splat<T>(<T>limit);
  const lower = v128.neg<T>(upper);
  const end = a + bytes<T>(count);
  for (; a < end; a += 16) {
    v128.store(out, v128.min<T>(v128.max<T>(v128.load(a), lower), upper));
    out += 16;
  }
}

@inline
function within<T>(a: usize, out: usize, count: i32, limit: f64): void {
  const l = v128.splat<T>(<T>limit);
  const end = a + bytes<T>(count);
  for (; a < end; a += 16) {
    v128.store(out, v128.and(v128.le<T>(v128.abs<T>(v128.load(a)), l), v128.splat<T>(1)));
    out += 16;
  }
}

// --- two values ----------------------------------------------------------------------------------------------------

const ADD = 0;
const SUBTRACT = 1;
const MULTIPLY = 2;
const DIVIDE = 3;

@inline
function two<T>(operation: i32, a: v128, b: v128): v128 {
  if (operation == ADD) return v128.add<T>(a, b);
  if (operation == SUBTRACT) return v128.sub<T>(a, b);
  if (operation == MULTIPLY) return v128.mul<T>(a, b);
  return v128.div<T>(a, b);
}

@inline
function both<T>(operation: i32, a: usize, b: usize, out: usize, count: i32): void {
  const end = a + bytes<T>(count);
  for (; a < end; a += 16) {
    v128.store(out, two<T>(operation, v128.load(a), v128.load(b)));
    b += 16;
    out += 16;
  }
}

@inline
function binary<T>(operation: i32, a: usize, b: usize, out: usize, count: i32): void {
  switch (operation) {
    case ADD:
      both<T>(ADD, a, b, out, count);
      break;
    case SUBTRACT:
      both<T>(SUBTRACT, a, b, out, count);
      break;
    case MULTIPLY:
      both<T>(MULTIPLY, a, b, out, count);
      break;
    default:
      both<T>(DIVIDE, a, b, out, count);
  }
}

// --- a value and one parameter a channel -----------------------------------------------------------------------------
// Rows end where they end: what lies behind belongs to the next one.

@inline
function channels<T>(multiply: bool, a: usize, p: usize, out: usize, count: i32, size: i32): void {
  for (let i = 0; i < count; i++) {
    let c = 0;
    let at = p;
    for (; c + lanes<T>() <= size; c += lanes<T>()) {
      const value = v128.load(a);
      v128.store(out, multiply ? v128.mul<T>(value, v128.load(at)) : v128.add<T>(value, v128.load(at)));
      a += 16;
      at += 16;
      out += 16;
    }
    for (; c < size; c++) {
      const value = load<T>(a);
      store<T>(out, multiply ? value * load<T>(at) : value + load<T>(at));
      a += sizeof<T>();
      at += sizeof<T>();
      out += sizeof<T>();
    }
  }
}

/** sum [size] (from +0 or onto) the `count` rows of a. */
@inline
function addRows<T>(a: usize, sum: usize, count: i32, size: i32, onto: bool): void {
  const row = bytes<T>(size);
  let c = 0;
  for (; c + lanes<T>() <= size; c += lanes<T>()) {
    let total = onto ? v128.load(sum) : v128.splat<T>(0);
    let at = a;
    for (let i = 0; i < count; i++) {
      total = v128.add<T>(total, v128.load(at));
      at += row;
    }
    v128.store(sum, total);
    a += 16;
    sum += 16;
  }
  for (; c < size; c++) {
    let total = onto ? load<T>(sum) : <T>0;
    let at = a;
    for (let i = 0; i < count; i++) {
      total += load<T>(at);
      at += row;
    }
    store<T>(sum, total);
    a += sizeof<T>();
    sum += sizeof<T>();
  }
}

// --- sums and choices within a row -----------------------------------------------------------------------------------

@inline
function sumGroups<T>(a: usize, out: usize, rows: i32, positions: i32, groups: i32, size: i32): void {
  const position = bytes<T>(groups * size);
  for (let row = 0; row < rows; row++) {
    if (size == 1) {
      addRows<T>(a, out, positions, groups, false);
      out += bytes<T>(groups);
    } else {
      for (let g = 0; g < groups; g++) {
        let total: T = 0;
        let from = a + bytes<T>(g * size);
        for (let p = 0; p < positions; p++) {
          const end = from + bytes<T>(size);
          for (let at = from; at < end; at += sizeof<T>()) total += load<T>(at);
          from += position;
        }
        store<T>(out, total);
        out += sizeof<T>();
      }
    }
    a += <usize>positions * position;
  }
}

@inline
function spreadGroups<T>(a: usize, out: usize, rows: i32, positions: i32, groups: i32, size: i32): void {
  for (let row = 0; row < rows; row++) {
    for (let p = 0; p < positions; p++) {
      for (let g = 0; g < groups; g++) {
        const value = load<T>(a + bytes<T>(g));
        const end = out + bytes<T>(size);
        for (; out < end; out += sizeof<T>()) store<T>(out, value);
      }
    }
    a += bytes<T>(groups);
  }
}

@inline
function largest<T>(a: usize, out: usize, rows: i32, size: i32): void {
  for (let row = 0; row < rows; row++) {
    let best = load<T>(a);
    a += sizeof<T>();
    for (let i = 1; i < size; i++) {
      best = max<T>(best, load<T>(a));
      a += sizeof<T>();
    }
    store<T>(out, best);
    out += sizeof<T>();
  }
}

@inline
function pick<T>(a: usize, labels: usize, out: usize, rows: i32, size: i32): void {
  for (let row = 0; row < rows; row++) {
    store<T>(out, load<T>(a + bytes<T>(<i32>load<T>(labels))));
    a += bytes<T>(size);
    labels += sizeof<T>();
    out += sizeof<T>();
  }
}

@inline
function place<T>(a: usize, labels: usize, out: usize, rows: i32, size: i32): void {
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < size; i++) store<T>(out + bytes<T>(i), 0);
    store<T>(out + bytes<T>(<i32>load<T>(labels)), load<T>(a));
    a += sizeof<T>();
    labels += sizeof<T>();
    out += bytes<T>(size);
  }
}

// --- windows -------------------------------------------------------------------------------------------------------

@inline
function copy<T>(from: usize, to: usize, count: i32): void {
  let i = 0;
  for (; i + lanes<T>() <= count; i += lanes<T>()) {
    v128.store(to, v128.load(from));
    from += 16;
    to += 16;
  }
  for (; i < count; i++) {
    store<T>(to, load<T>(from));
    from += sizeof<T>();
    to += sizeof<T>();
  }
}

@inline
function zeros<T>(to: usize, count: i32): void {
  let i = 0;
  for (; i + lanes<T>() <= count; i += lanes<T>()) {
    v128.store(to, v128.splat<T>(0));
    to += 16;
  }
  for (; i < count; i++) {
    store<T>(to, 0);
    to += sizeof<T>();
  }
}

/** to += from */
@inline
function addTo<T>(from: usize, to: usize, count: i32): void {
  let i = 0;
  for (; i + lanes<T>() <= count; i += lanes<T>()) {
    v128.store(to, v128.add<T>(v128.load(to), v128.load(from)));
    from += 16;
    to += 16;
  }
  for (; i < count; i++) {
    store<T>(to, load<T>(to) + load<T>(from));
    from += sizeof<T>();
    to += sizeof<T>();
  }
}

@inline
function patches<T>(
  a: usize, out: usize, height: i32, width: i32, size: i32, windowHeight: i32, windowWidth: i32,
  strideY: i32, strideX: i32, top: i32, left: i32, outHeight: i32, outWidth: i32,
): void {
  const line = windowWidth * size;
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      const column = x * strideX - left;
      // Taps of a line that lie within the image: before .. before + inside - 1.
      const before = min(max(-column, 0), windowWidth);
      const inside = max(min(windowWidth, width - column) - before, 0);
      for (let i = 0; i < windowHeight; i++) {
        const row = y * strideY + i - top;
        if (row < 0 || row >= height || inside == 0) zeros<T>(out, line);
        else {
          zeros<T>(out, before * size);
          const from = a + bytes<T>((row * width + column + before) * size);
          copy<T>(from, out + bytes<T>(before * size), inside * size);
          zeros<T>(out + bytes<T>((before + inside) * size), line - (before + inside) * size);
        }
        out += bytes<T>(line);
      }
    }
  }
}

@inline
function addPatches<T>(
  a: usize, out: usize, height: i32, width: i32, size: i32, windowHeight: i32, windowWidth: i32,
  strideY: i32, strideX: i32, top: i32, left: i32, outHeight: i32, outWidth: i32,
): void {
  for (let row = 0; row < height; row++) {
    // The windows that cover a pixel: the last one with its first tap there, the one before with a tap one stride further on.
    const lastY = (row + top) / strideY;
    const firstI = row + top - lastY * strideY;
    for (let column = 0; column < width; column++) {
      const lastX = (column + left) / strideX;
      const firstJ = column + left - lastX * strideX;
      zeros<T>(out, size);
      for (let i = firstI, y = lastY; i < windowHeight && y >= 0; i += strideY, y--) {
        if (y >= outHeight) continue;
        for (let j = firstJ, x = lastX; j < windowWidth && x >= 0; j += strideX, x--) {
          if (x >= outWidth) continue;
          const tap = ((y * outWidth + x) * windowHeight + i) * windowWidth + j;
          addTo<T>(a + bytes<T>(tap * size), out, size);
        }
      }
      out += bytes<T>(size);
    }
  }
}

/** Where the largest entry of a window's channel is: the first of equal ones, or a NaN. */
@inline
function largestOf<T>(by: usize, width: i32, size: i32, windowHeight: i32, windowWidth: i32): usize {
  let best = by;
  let value = load<T>(by);
  let line = by;
  for (let i = 0; i < windowHeight; i++) {
    let at = line;
    for (let j = 0; j < windowWidth; j++) {
      const entry = load<T>(at);
      if (entry > value || entry != entry) {
        best = at;
        value = entry;
      }
      at += bytes<T>(size);
    }
    line += bytes<T>(width * size);
  }
  return best;
}

/** Lanes where `entry` takes the place of `best`: larger, or a NaN. */
@inline
function replaces<T>(entry: v128, best: v128): v128 {
  return v128.or(v128.gt<T>(entry, best), v128.ne<T>(entry, entry));
}

/** Of a vector of channels: the entries of the image at `a`, a window of it, where those of `by` are largest. */
@inline
function pickLargest<T>(a: usize, by: usize, width: i32, size: i32, windowHeight: i32, windowWidth: i32): v128 {
  let best = v128.load(by);
  let picked = v128.load(a);
  for (let i = 0; i < windowHeight; i++) {
    let at = bytes<T>(i * width * size);
    for (let j = 0; j < windowWidth; j++) {
      const entry = v128.load(by + at);
      const larger = replaces<T>(entry, best);
      best = v128.bitselect(entry, best, larger);
      picked = v128.bitselect(v128.load(a + at), picked, larger);
      at += bytes<T>(size);
    }
  }
  return picked;
}

/** Likewise, adds `value` there to the image at `out`. */
@inline
function addToLargest<T>(
  value: v128, by: usize, out: usize, width: i32, size: i32, windowHeight: i32, windowWidth: i32,
): void {
  let best = v128.load(by);
  let where = v128.splat<T>(0);
  for (let i = 0; i < windowHeight; i++) {
    let at = by + bytes<T>(i * width * size);
    for (let j = 0; j < windowWidth; j++) {
      const entry = v128.load(at);
      const larger = replaces<T>(entry, best);
      best = v128.bitselect(entry, best, larger);
      where = v128.bitselect(v128.splat<T>(<T>(i * windowWidth + j)), where, larger);
      at += bytes<T>(size);
    }
  }
  for (let i = 0; i < windowHeight; i++) {
    let to = out + bytes<T>(i * width * size);
    for (let j = 0; j < windowWidth; j++) {
      const before = v128.load(to);
      const here = v128.eq<T>(where, v128.splat<T>(<T>(i * windowWidth + j)));
      v128.store(to, v128.bitselect(v128.add<T>(before, value), before, here));
      to += bytes<T>(size);
    }
  }
}

@inline
function maxPool<T>(
  put: bool, a: usize, by: usize, out: usize, rows: i32, height: i32, width: i32, size: i32, windowHeight: i32,
  windowWidth: i32, strideY: i32, strideX: i32, outHeight: i32, outWidth: i32,
): void {
  const image = bytes<T>(height * width * size);
  // Pick: a is like `by` and out is what windows give; put: the other way round.
  if (put) zeros<T>(out, rows * height * width * size);
  for (let row = 0; row < rows; row++) {
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++) {
        const window = by + bytes<T>((y * strideY * width + x * strideX) * size);
        let q = 0;
        for (; q + lanes<T>() <= size; q += lanes<T>()) {
          const from = window + bytes<T>(q);
          const at = from - by;
          if (put) {
            addToLargest<T>(v128.load(a), from, out + at, width, size, windowHeight, windowWidth);
            a += 16;
          } else {
            v128.store(out, pickLargest<T>(a + at, from, width, size, windowHeight, windowWidth));
            out += 16;
          }
        }
        for (; q < size; q++) {
          const at = largestOf<T>(window + bytes<T>(q), width, size, windowHeight, windowWidth) - by;
          if (put) {
            store<T>(out + at, load<T>(out + at) + load<T>(a));
            a += sizeof<T>();
          } else {
            store<T>(out, load<T>(a + at));
            out += sizeof<T>();
          }
        }
      }
    }
    by += image;
    if (put) out += image;
    else a += image;
  }
}

@inline
function sumPool<T>(
  transposed: bool, a: usize, out: usize, rows: i32, height: i32, width: i32, size: i32, windowHeight: i32,
  windowWidth: i32, strideY: i32, strideX: i32, outHeight: i32, outWidth: i32,
): void {
  const image = bytes<T>(height * width * size);
  if (transposed) zeros<T>(out, rows * height * width * size);
  for (let row = 0; row < rows; row++) {
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++) {
        const window = bytes<T>((y * strideY * width + x * strideX) * size);
        if (!transposed) zeros<T>(out, size);
        for (let i = 0; i < windowHeight; i++) {
          for (let j = 0; j < windowWidth; j++) {
            const at = window + bytes<T>((i * width + j) * size);
            if (transposed) addTo<T>(a, out + at, size);
            else addTo<T>(a + at, out, size);
          }
        }
        if (transposed) a += bytes<T>(size);
        else out += bytes<T>(size);
      }
    }
    if (transposed) out += image;
    else a += image;
  }
}

// --- one export a type ---------------------------------------------------------------------------------------------

export function decode64(out: usize, count: i32, scale: f64, offset: f64): void {
  decode<f64>(out, count, scale, offset);
}

export function pack64(b: usize, out: usize, k: i32, n: i32): void {
  pack<f64>(b, bytes<f64>(n), sizeof<f64>(), out, k, n);
}

export function packTransposed64(b: usize, out: usize, k: i32, n: i32): void {
  pack<f64>(b, sizeof<f64>(), bytes<f64>(k), out, k, n);
}

export function product64(a: usize, packed: usize, c: usize, m: i32, k: i32, n: i32): void {
  product<f64>(a, packed, c, m, k, n);
}

export function addTransposedProduct64(a: usize, b: usize, packed: usize, c: usize, m: i32, k: i32, n: i32): void {
  addTransposedProduct<f64>(a, b, packed, c, m, k, n);
}

export function unary64(operation: i32, a: usize, out: usize, count: i32): void {
  unary<f64>(operation, a, out, count);
}

export function affine64(a: usize, out: usize, count: i32, scale: f64, offset: f64): void {
  affine<f64>(a, out, count, scale, offset);
}

export function clip64(a: usize, out: usize, count: i32, limit: f64): void {
  clip<f64>(a, out, count, limit);
}

export function within64(a: usize, out: usize, count: i32, limit: f64): void {
  within<f64>(a, out, count, limit);
}

export function binary64(operation: i32, a: usize, b: usize, out: usize, count: i32): void {
  binary<f64>(operation, a, b, out, count);
}

export function addChannels64(a: usize, p: usize, out: usize, count: i32, size: i32): void {
  channels<f64>(false, a, p, out, count, size);
}

export function multiplyChannels64(a: usize, p: usize, out: usize, count: i32, size: i32): void {
  channels<f64>(true, a, p, out, count, size);
}

export function addPositions64(a: usize, sum: usize, count: i32, size: i32): void {
  addRows<f64>(a, sum, count, size, true);
}

export function sumGroups64(a: usize, out: usize, rows: i32, positions: i32, groups: i32, size: i32): void {
  sumGroups<f64>(a, out, rows, positions, groups, size);
}

export function spreadGroups64(a: usize, out: usize, rows: i32, positions: i32, groups: i32, size: i32): void {
  spreadGroups<f64>(a, out, rows, positions, groups, size);
}

export function largest64(a: usize, out: usize, rows: i32, size: i32): void {
  largest<f64>(a, out, rows, size);
}

export function pick64(a: usize, labels: usize, out: usize, rows: i32, size: i32): void {
  pick<f64>(a, labels, out, rows, size);
}

export function place64(a: usize, labels: usize, out: usize, rows: i32, size: i32): void {
  place<f64>(a, labels, out, rows, size);
}

export function patches64(
  a: usize, out: usize, height: i32, width: i32, size: i32, windowHeight: i32, windowWidth: i32,
  strideY: i32, strideX: i32, top: i32, left: i32, outHeight: i32, outWidth: i32,
): void {
  patches<f64>(a, out, height, width, size, windowHeight, windowWidth, strideY, strideX, top, left, outHeight, outWidth);
}

export function addPatches64(
  a: usize, out: usize, height: i32, width: i32, size: i32, windowHeight: i32, windowWidth: i32,
  strideY: i32, strideX: i32, top: i32, left: i32, outHeight: i32, outWidth: i32,
): void {
  addPatches<f64>(a, out, height, width, size, windowHeight, windowWidth, strideY, strideX, top, left, outHeight, outWidth);
}

export function maxPoolPick64(
  a: usize, by: usize, out: usize, rows: i32, height: i32, width: i32, size: i32, windowHeight: i32, windowWidth: i32,
  strideY: i32, strideX: i32, top: i32, left: i32, outHeight: i32, outWidth: i32,
): void {
  maxPool<f64>(false, a, by, out, rows, height, width, size, windowHeight, windowWidth, strideY, strideX, outHeight, outWidth);
}

export function maxPoolPlace64(
  a: usize, by: usize, out: usize, rows: i32, height: i32, width: i32, size: i32, windowHeight: i32, windowWidth: i32,
  strideY: i32, strideX: i32, top: i32, left: i32, outHeight: i32, outWidth: i32,
): void {
  maxPool<f64>(true, a, by, out, rows, height, width, size, windowHeight, windowWidth, strideY, strideX, outHeight, outWidth);
}

export function sumPool64(
  a: usize, out: usize, rows: i32, height: i32, width: i32, size: i32, windowHeight: i32, windowWidth: i32,
  strideY: i32, strideX: i32, top: i32, left: i32, outHeight: i32, outWidth: i32,
): void {
  sumPool<f64>(false, a, out, rows, height, width, size, windowHeight, windowWidth, strideY, strideX, outHeight, outWidth);
}

export function sumPoolTransposed64(
  a: usize, out: usize, rows: i32, height: i32, width: i32, size: i32, windowHeight: i32, windowWidth: i32,
  strideY: i32, strideX: i32, top: i32, left: i32, outHeight: i32, outWidth: i32,
): void {
  sumPool<f64>(true, a, out, rows, height, width, size, windowHeight, windowWidth, strideY, strideX, outHeight, outWidth);
}

export function decode32(out: usize, count: i32, scale: f64, offset: f64): void {
  decode<f32>(out, count, scale, offset);
}

export function pack32(b: usize, out: usize, k: i32, n: i32): void {
  pack<f32>(b, bytes<f32>(n), sizeof<f32>(), out, k, n);
}

export function packTransposed32(b: usize, out: usize, k: i32, n: i32): void {
  pack<f32>(b, sizeof<f32>(), bytes<f32>(k), out, k, n);
}

export function product32(a: usize, packed: usize, c: usize, m: i32, k: i32, n: i32): void {
  product<f32>(a, packed, c, m, k, n);
}

export function addTransposedProduct32(a: usize, b: usize, packed: usize, c: usize, m: i32, k: i32, n: i32): void {
  addTransposedProduct<f32>(a, b, packed, c, m, k, n);
}

export function unary32(operation: i32, a: usize, out: usize, count: i32): void {
  unary<f32>(operation, a, out, count);
}

export function affine32(a: usize, out: usize, count: i32, scale: f64, offset: f64): void {
  affine<f32>(a, out, count, scale, offset);
}

export function clip32(a: usize, out: usize, count: i32, limit: f64): void {
  clip<f32>(a, out, count, limit);
}

export function within32(a: usize, out: usize, count: i32, limit: f64): void {
  within<f32>(a, out, count, limit);
}

export function binary32(operation: i32, a: usize, b: usize, out: usize, count: i32): void {
  binary<f32>(operation, a, b, out, count);
}

export function addChannels32(a: usize, p: usize, out: usize, count: i32, size: i32): void {
  channels<f32>(false, a, p, out, count, size);
}

export function multiplyChannels32(a: usize, p: usize, out: usize, count: i32, size: i32): void {
  channels<f32>(true, a, p, out, count, size);
}

export function addPositions32(a: usize, sum: usize, count: i32, size: i32): void {
  addRows<f32>(a, sum, count, size, true);
}

export function sumGroups32(a: usize, out: usize, rows: i32, positions: i32, groups: i32, size: i32): void {
  sumGroups<f32>(a, out, rows, positions, groups, size);
}

export function spreadGroups32(a: usize, out: usize, rows: i32, positions: i32, groups: i32, size: i32): void {
  spreadGroups<f32>(a, out, rows, positions, groups, size);
}

export function largest32(a: usize, out: usize, rows: i32, size: i32): void {
  largest<f32>(a, out, rows, size);
}

export function pick32(a: usize, labels: usize, out: usize, rows: i32, size: i32): void {
  pick<f32>(a, labels, out, rows, size);
}

export function place32(a: usize, labels: usize, out: usize, rows: i32, size: i32): void {
  place<f32>(a, labels, out, rows, size);
}

export function patches32(
  a: usize, out: usize, height: i32, width: i32, size: i32, windowHeight: i32, windowWidth: i32,
  strideY: i32, strideX: i32, top: i32, left: i32, outHeight: i32, outWidth: i32,
): void {
  patches<f32>(a, out, height, width, size, windowHeight, windowWidth, strideY, strideX, top, left, outHeight, outWidth);
}

export function addPatches32(
  a: usize, out: usize, height: i32, width: i32, size: i32, windowHeight: i32, windowWidth: i32,
  strideY: i32, strideX: i32, top: i32, left: i32, outHeight: i32, outWidth: i32,
): void {
  addPatches<f32>(a, out, height, width, size, windowHeight, windowWidth, strideY, strideX, top, left, outHeight, outWidth);
}

export function maxPoolPick32(
  a: usize, by: usize, out: usize, rows: i32, height: i32, width: i32, size: i32, windowHeight: i32, windowWidth: i32,
  strideY: i32, strideX: i32, top: i32, left: i32, outHeight: i32, outWidth: i32,
): void {
  maxPool<f32>(false, a, by, out, rows, height, width, size, windowHeight, windowWidth, strideY, strideX, outHeight, outWidth);
}

export function maxPoolPlace32(
  a: usize, by: usize, out: usize, rows: i32, height: i32, width: i32, size: i32, windowHeight: i32, windowWidth: i32,
  strideY: i32, strideX: i32, top: i32, left: i32, outHeight: i32, outWidth: i32,
): void {
  maxPool<f32>(true, a, by, out, rows, height, width, size, windowHeight, windowWidth, strideY, strideX, outHeight, outWidth);
}

export function sumPool32(
  a: usize, out: usize, rows: i32, height: i32, width: i32, size: i32, windowHeight: i32, windowWidth: i32,
  strideY: i32, strideX: i32, top: i32, left: i32, outHeight: i32, outWidth: i32,
): void {
  sumPool<f32>(false, a, out, rows, height, width, size, windowHeight, windowWidth, strideY, strideX, outHeight, outWidth);
}

export function sumPoolTransposed32(
  a: usize, out: usize, rows: i32, height: i32, width: i32, size: i32, windowHeight: i32, windowWidth: i32,
  strideY: i32, strideX: i32, top: i32, left: i32, outHeight: i32, outWidth: i32,
): void {
  sumPool<f32>(true, a, out, rows, height, width, size, windowHeight, windowWidth, strideY, strideX, outHeight, outWidth);
}
