/**
 * The products and losses of one pass over a shard's rows, with the bits of `../kernels.ts` and `../losses.ts`.
 *
 * AssemblyScript, compiled by `scripts/build-kernel.ts` into `kernel-binary.ts`. Two lanes of a vector are the two points
 * of a pair, two rows of a loss, or two coordinates of a dense row, never two terms of one sum: every sum has the order
 * that the TypeScript kernel gives it. Multiplications and additions are rounded one by one (WebAssembly has no fused
 * multiply-add outside its relaxed instructions, which are not used).
 *
 * All arguments are addresses, but for `count` (rows) and `dimension`. `offsets` points at the offset of the first row,
 * counted in entries from `indices` and `values`. Of a pair, points, margins, coefficients and sums are interleaved:
 * entry j of both vectors is one vector register. Rows are dense when each has all entries: no indices are read then.
 *
 * I: type of an index (u16, u32). V: type of a value (f32, f64).
 */

// --- z[i] = <a_i, x> ---------------------------------------------------------------------------------------------

@inline
function onesMargins<I>(offsets: usize, indices: usize, x: usize, count: i32, z: usize): void {
  let at = entry<I>(indices, offsets);
  const last = z + (<usize>count << 3);
  for (; z < last; z += 8) {
    offsets += 4;
    const end = entry<I>(indices, offsets);
    let sum: f64 = 0;
    for (; at < end; at += sizeof<I>()) sum += load<f64>(x + (<usize>load<I>(at) << 3));
    store<f64>(z, sum);
  }
}

@inline
function valuesMargins<I, V>(offsets: usize, indices: usize, values: usize, x: usize, count: i32, z: usize): void {
  let at = entry<I>(indices, offsets);
  let value = entry<V>(values, offsets);
  const last = z + (<usize>count << 3);
  for (; z < last; z += 8) {
    offsets += 4;
    const end = entry<I>(indices, offsets);
    let sum: f64 = 0;
    for (; at < end; at += sizeof<I>()) {
      sum += <f64>load<V>(value) * load<f64>(x + (<usize>load<I>(at) << 3));
      value += sizeof<V>();
    }
    store<f64>(z, sum);
  }
}

@inline
function onesMarginsPair<I>(offsets: usize, indices: usize, x: usize, count: i32, z: usize): void {
  let at = entry<I>(indices, offsets);
  const last = z + (<usize>count << 4);
  for (; z < last; z += 16) {
    offsets += 4;
    const end = entry<I>(indices, offsets);
    let sum = f64x2.splat(0);
    for (; at < end; at += sizeof<I>()) sum = f64x2.add(sum, v128.load(x + (<usize>load<I>(at) << 4)));
    v128.store(z, sum);
  }
}

@inline
function valuesMarginsPair<I, V>(offsets: usize, indices: usize, values: usize, x: usize, count: i32, z: usize): void {
  let at = entry<I>(indices, offsets);
  let value = entry<V>(values, offsets);
  const last = z + (<usize>count << 4);
  for (; z < last; z += 16) {
    offsets += 4;
    const end = entry<I>(indices, offsets);
    let sum = f64x2.splat(0);
    for (; at < end; at += sizeof<I>()) {
      const a = f64x2.splat(<f64>load<V>(value));
      sum = f64x2.add(sum, f64x2.mul(a, v128.load(x + (<usize>load<I>(at) << 4))));
      value += sizeof<V>();
    }
    v128.store(z, sum);
  }
}

/** Four rows at once: four sums that do not wait for one another. */
@inline
function denseMargins<V>(offsets: usize, dimension: usize, values: usize, x: usize, count: i32, z: usize): void {
  values = entry<V>(values, offsets);
  const row = dimension * sizeof<V>();
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    let point = x;
    const end = values + row;
    let s0: f64 = 0;
    let s1: f64 = 0;
    let s2: f64 = 0;
    let s3: f64 = 0;
    for (; values < end; values += sizeof<V>()) {
      const xj = load<f64>(point);
      s0 += <f64>load<V>(values) * xj;
      s1 += <f64>load<V>(values + row) * xj;
      s2 += <f64>load<V>(values + 2 * row) * xj;
      s3 += <f64>load<V>(values + 3 * row) * xj;
      point += 8;
    }
    store<f64>(z, s0);
    store<f64>(z, s1, 8);
    store<f64>(z, s2, 16);
    store<f64>(z, s3, 24);
    z += 32;
    values += 3 * row;
  }
  for (; i < count; i++) {
    let point = x;
    const end = values + row;
    let sum: f64 = 0;
    for (; values < end; values += sizeof<V>()) {
      sum += <f64>load<V>(values) * load<f64>(point);
      point += 8;
    }
    store<f64>(z, sum);
    z += 8;
  }
}

@inline
function denseMarginsPair<V>(offsets: usize, dimension: usize, values: usize, x: usize, count: i32, z: usize): void {
  values = entry<V>(values, offsets);
  const row = dimension * sizeof<V>();
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    let point = x;
    const end = values + row;
    let s0 = f64x2.splat(0);
    let s1 = f64x2.splat(0);
    let s2 = f64x2.splat(0);
    let s3 = f64x2.splat(0);
    for (; values < end; values += sizeof<V>()) {
      const xj = v128.load(point);
      s0 = f64x2.add(s0, f64x2.mul(f64x2.splat(<f64>load<V>(values)), xj));
      s1 = f64x2.add(s1, f64x2.mul(f64x2.splat(<f64>load<V>(values + row)), xj));
      s2 = f64x2.add(s2, f64x2.mul(f64x2.splat(<f64>load<V>(values + 2 * row)), xj));
      s3 = f64x2.add(s3, f64x2.mul(f64x2.splat(<f64>load<V>(values + 3 * row)), xj));
      point += 16;
    }
    v128.store(z, s0);
    v128.store(z, s1, 16);
    v128.store(z, s2, 32);
    v128.store(z, s3, 48);
    z += 64;
    values += 3 * row;
  }
  for (; i < count; i++) {
    let point = x;
    const end = values + row;
    let sum = f64x2.splat(0);
    for (; values < end; values += sizeof<V>()) {
      sum = f64x2.add(sum, f64x2.mul(f64x2.splat(<f64>load<V>(values)), v128.load(point)));
      point += 16;
    }
    v128.store(z, sum);
    z += 16;
  }
}

// --- out += sum_i s[i] a_i ---------------------------------------------------------------------------------------

@inline
function onesTransposed<I>(offsets: usize, indices: usize, s: usize, count: i32, out: usize): void {
  let at = entry<I>(indices, offsets);
  const last = s + (<usize>count << 3);
  for (; s < last; s += 8) {
    offsets += 4;
    const end = entry<I>(indices, offsets);
    const si = load<f64>(s);
    for (; at < end; at += sizeof<I>()) {
      const target = out + (<usize>load<I>(at) << 3);
      store<f64>(target, load<f64>(target) + si);
    }
  }
}

@inline
function valuesTransposed<I, V>(offsets: usize, indices: usize, values: usize, s: usize, count: i32, out: usize): void {
  let at = entry<I>(indices, offsets);
  let value = entry<V>(values, offsets);
  const last = s + (<usize>count << 3);
  for (; s < last; s += 8) {
    offsets += 4;
    const end = entry<I>(indices, offsets);
    const si = load<f64>(s);
    for (; at < end; at += sizeof<I>()) {
      const target = out + (<usize>load<I>(at) << 3);
      store<f64>(target, load<f64>(target) + si * <f64>load<V>(value));
      value += sizeof<V>();
    }
  }
}

@inline
function onesTransposedPair<I>(offsets: usize, indices: usize, s: usize, count: i32, out: usize): void {
  let at = entry<I>(indices, offsets);
  const last = s + (<usize>count << 4);
  for (; s < last; s += 16) {
    offsets += 4;
    const end = entry<I>(indices, offsets);
    const si = v128.load(s);
    for (; at < end; at += sizeof<I>()) {
      const target = out + (<usize>load<I>(at) << 4);
      v128.store(target, f64x2.add(v128.load(target), si));
    }
  }
}

@inline
function valuesTransposedPair<I, V>(
  offsets: usize,
  indices: usize,
  values: usize,
  s: usize,
  count: i32,
  out: usize,
): void {
  let at = entry<I>(indices, offsets);
  let value = entry<V>(values, offsets);
  const last = s + (<usize>count << 4);
  for (; s < last; s += 16) {
    offsets += 4;
    const end = entry<I>(indices, offsets);
    const si = v128.load(s);
    for (; at < end; at += sizeof<I>()) {
      const target = out + (<usize>load<I>(at) << 4);
      const a = f64x2.splat(<f64>load<V>(value));
      v128.store(target, f64x2.add(v128.load(target), f64x2.mul(si, a)));
      value += sizeof<V>();
    }
  }
}

/** Two coordinates at once, and four rows a visit, added one after the other. */
@inline
function denseTransposed<V>(offsets: usize, dimension: usize, values: usize, s: usize, count: i32, out: usize): void {
  values = entry<V>(values, offsets);
  const row = dimension * sizeof<V>();
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const s0 = load<f64>(s);
    const s1 = load<f64>(s, 8);
    const s2 = load<f64>(s, 16);
    const s3 = load<f64>(s, 24);
    let target = out;
    let j: usize = 0;
    for (; j + 2 <= dimension; j += 2) {
      let sum = v128.load(target);
      sum = f64x2.add(sum, f64x2.mul(f64x2.splat(s0), two<V>(values)));
      sum = f64x2.add(sum, f64x2.mul(f64x2.splat(s1), two<V>(values + row)));
      sum = f64x2.add(sum, f64x2.mul(f64x2.splat(s2), two<V>(values + 2 * row)));
      sum = f64x2.add(sum, f64x2.mul(f64x2.splat(s3), two<V>(values + 3 * row)));
      v128.store(target, sum);
      values += 2 * sizeof<V>();
      target += 16;
    }
    if (j < dimension) {
      let sum = load<f64>(target);
      sum += s0 * <f64>load<V>(values);
      sum += s1 * <f64>load<V>(values + row);
      sum += s2 * <f64>load<V>(values + 2 * row);
      sum += s3 * <f64>load<V>(values + 3 * row);
      store<f64>(target, sum);
      values += sizeof<V>();
    }
    s += 32;
    values += 3 * row;
  }
  for (; i < count; i++) {
    const si = load<f64>(s);
    const end = values + row;
    let target = out;
    for (; values < end; values += sizeof<V>()) {
      store<f64>(target, load<f64>(target) + si * <f64>load<V>(values));
      target += 8;
    }
    s += 8;
  }
}

@inline
function denseTransposedPair<V>(offsets: usize, dimension: usize, values: usize, s: usize, count: i32, out: usize): void {
  values = entry<V>(values, offsets);
  const row = dimension * sizeof<V>();
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const s0 = v128.load(s);
    const s1 = v128.load(s, 16);
    const s2 = v128.load(s, 32);
    const s3 = v128.load(s, 48);
    let target = out;
    const end = values + row;
    for (; values < end; values += sizeof<V>()) {
      let sum = v128.load(target);
      sum = f64x2.add(sum, f64x2.mul(s0, f64x2.splat(<f64>load<V>(values))));
      sum = f64x2.add(sum, f64x2.mul(s1, f64x2.splat(<f64>load<V>(values + row))));
      sum = f64x2.add(sum, f64x2.mul(s2, f64x2.splat(<f64>load<V>(values + 2 * row))));
      sum = f64x2.add(sum, f64x2.mul(s3, f64x2.splat(<f64>load<V>(values + 3 * row))));
      v128.store(target, sum);
      target += 16;
    }
    s += 64;
    values += 3 * row;
  }
  for (; i < count; i++) {
    const si = v128.load(s);
    const end = values + row;
    let target = out;
    for (; values < end; values += sizeof<V>()) {
      v128.store(target, f64x2.add(v128.load(target), f64x2.mul(si, f64x2.splat(<f64>load<V>(values)))));
      target += 16;
    }
    s += 16;
  }
}

// --- losses: s[i] = loss'(z[i]), in place, and their sum -----------------------------------------------------------
// Rows two at a time; of an odd count the last one beside whatever follows it, which is written but not summed.

export function nonconvexLosses(z: usize, labels: usize, count: i32): f64 {
  let sum: f64 = 0;
  const last = labels + (<usize>count << 3);
  for (; labels < last; labels += 16) {
    const y = v128.load(labels);
    const wrong = nonconvex(z, y);
    const loss = f64x2.mul(wrong, wrong);
    sum += f64x2.extract_lane(loss, 0);
    if (labels + 8 < last) sum += f64x2.extract_lane(loss, 1);
    z += 16;
  }
  return sum;
}

export function nonconvexLossesPair(z: usize, labels: usize, count: i32): f64 {
  let sum: f64 = 0;
  const last = labels + (<usize>count << 3);
  for (; labels < last; labels += 8) {
    const wrong = f64x2.extract_lane(nonconvex(z, v128.load64_splat(labels)), 0);
    sum += wrong * wrong;
    z += 16;
  }
  return sum;
}

/** s in the place of z; returns sig(-t). */
@inline
function nonconvex(z: usize, y: v128): v128 {
  const t = f64x2.mul(y, v128.load(z));
  const e = expNonPositive(f64x2.neg(f64x2.abs(t)));
  const P = f64x2.div(f64x2.splat(1), f64x2.add(f64x2.splat(1), e));
  const R = f64x2.mul(e, P);
  const wrong = v128.bitselect(P, R, f64x2.lt(t, f64x2.splat(0)));
  v128.store(z, f64x2.mul(f64x2.mul(f64x2.mul(f64x2.splat(-2), y), wrong), f64x2.mul(P, R)));
  return wrong;
}

/** The loss needs a logarithm, which is the engine's: t and e go out, and the caller sums max(-t, 0) + log1p(e). */
export function logisticLosses(z: usize, labels: usize, count: i32, ts: usize, es: usize): void {
  const last = labels + (<usize>count << 3);
  for (; labels < last; labels += 16) {
    logistic(z, v128.load(labels), ts, es);
    z += 16;
    ts += 16;
    es += 16;
  }
}

export function logisticLossesPair(z: usize, labels: usize, count: i32, ts: usize, es: usize): void {
  const last = labels + (<usize>count << 3);
  for (; labels < last; labels += 8) {
    logistic(z, v128.load64_splat(labels), ts, es);
    z += 16;
    ts += 8; // the next row overwrites the other point's
    es += 8;
  }
}

@inline
function logistic(z: usize, y: v128, ts: usize, es: usize): void {
  const t = f64x2.mul(y, v128.load(z));
  const e = expNonPositive(f64x2.neg(f64x2.abs(t)));
  const P = f64x2.div(f64x2.splat(1), f64x2.add(f64x2.splat(1), e));
  const missed = v128.bitselect(P, f64x2.mul(e, P), f64x2.lt(t, f64x2.splat(0)));
  v128.store(z, f64x2.mul(f64x2.neg(y), missed));
  v128.store(ts, t);
  v128.store(es, e);
}

export function leastSquaresLosses(z: usize, labels: usize, count: i32): f64 {
  let sum: f64 = 0;
  const last = labels + (<usize>count << 3);
  for (; labels < last; labels += 8) {
    const residual = load<f64>(z) - load<f64>(labels);
    store<f64>(z, residual);
    sum += residual * residual;
    z += 8;
  }
  return sum / 2;
}

export function leastSquaresLossesPair(z: usize, labels: usize, count: i32): f64 {
  let sum: f64 = 0;
  const last = labels + (<usize>count << 3);
  for (; labels < last; labels += 8) {
    const residual = f64x2.sub(v128.load(z), v128.load64_splat(labels));
    v128.store(z, residual);
    const first = f64x2.extract_lane(residual, 0);
    sum += first * first;
    z += 16;
  }
  return sum / 2;
}

/** `expNonPositive` of ../../math/exp.ts, two arguments at once, step by step the same operations. */
@inline
function expNonPositive(x: v128): v128 {
  const k = i32x4.trunc_sat_f64x2_s_zero(
    f64x2.sub(f64x2.mul(f64x2.splat(1.4426950408889634), x), f64x2.splat(0.5)),
  );
  const kf = f64x2.convert_low_i32x4_s(k);
  const high = f64x2.sub(x, f64x2.mul(kf, f64x2.splat(0.6931471803691238)));
  const low = f64x2.mul(kf, f64x2.splat(1.9082149292705877e-10));
  const r = f64x2.sub(high, low);
  const t = f64x2.mul(r, r);
  let p = f64x2.add(f64x2.splat(-1.6533902205465252e-6), f64x2.mul(t, f64x2.splat(4.1381367970572385e-8)));
  p = f64x2.add(f64x2.splat(6.613756321437934e-5), f64x2.mul(t, p));
  p = f64x2.add(f64x2.splat(-0.0027777777777015593), f64x2.mul(t, p));
  p = f64x2.add(f64x2.splat(0.16666666666666602), f64x2.mul(t, p));
  const c = f64x2.sub(r, f64x2.mul(t, p));
  const quotient = f64x2.div(f64x2.mul(r, c), f64x2.sub(f64x2.splat(2), c));
  const y = f64x2.sub(f64x2.splat(1), f64x2.sub(f64x2.sub(low, quotient), high));
  // 2^k in two factors: the first product is exact, so that the second alone rounds where 2^k is subnormal.
  const upper = i32x4.max_s(k, i32x4.splat(-1000));
  const scaled = f64x2.mul(f64x2.mul(y, powerOfTwo(upper)), powerOfTwo(i32x4.sub(k, upper)));
  return v128.andnot(scaled, f64x2.lt(x, f64x2.splat(-745.1332191019411)));
}

/** 2^k of the two lower lanes, -1022 <= k <= 1023. */
@inline
function powerOfTwo(k: v128): v128 {
  return i64x2.shl(i64x2.extend_low_i32x4_s(i32x4.add(k, i32x4.splat(1023))), 52);
}

// --- addresses -----------------------------------------------------------------------------------------------------

/** Where the entry lies that an offset names. */
@inline
function entry<T>(array: usize, offset: usize): usize {
  return array + <usize>load<u32>(offset) * sizeof<T>();
}

@inline
function two<V>(values: usize): v128 {
  if (sizeof<V>() == 4) return f64x2.promote_low_f32x4(v128.load64_zero(values));
  return v128.load(values);
}

// --- one export a type ---------------------------------------------------------------------------------------------

export function onesMargins16(offsets: usize, indices: usize, values: usize, x: usize, count: i32, z: usize): void {
  onesMargins<u16>(offsets, indices, x, count, z);
}

export function onesTransposed16(offsets: usize, indices: usize, values: usize, s: usize, count: i32, out: usize): void {
  onesTransposed<u16>(offsets, indices, s, count, out);
}

export function f32Margins16(offsets: usize, indices: usize, values: usize, x: usize, count: i32, z: usize): void {
  valuesMargins<u16, f32>(offsets, indices, values, x, count, z);
}

export function f32Transposed16(offsets: usize, indices: usize, values: usize, s: usize, count: i32, out: usize): void {
  valuesTransposed<u16, f32>(offsets, indices, values, s, count, out);
}

export function f64Margins16(offsets: usize, indices: usize, values: usize, x: usize, count: i32, z: usize): void {
  valuesMargins<u16, f64>(offsets, indices, values, x, count, z);
}

export function f64Transposed16(offsets: usize, indices: usize, values: usize, s: usize, count: i32, out: usize): void {
  valuesTransposed<u16, f64>(offsets, indices, values, s, count, out);
}

export function onesMarginsPair16(offsets: usize, indices: usize, values: usize, x: usize, count: i32, z: usize): void {
  onesMarginsPair<u16>(offsets, indices, x, count, z);
}

export function onesTransposedPair16(offsets: usize, indices: usize, values: usize, s: usize, count: i32, out: usize): void {
  onesTransposedPair<u16>(offsets, indices, s, count, out);
}

export function f32MarginsPair16(offsets: usize, indices: usize, values: usize, x: usize, count: i32, z: usize): void {
  valuesMarginsPair<u16, f32>(offsets, indices, values, x, count, z);
}

export function f32TransposedPair16(offsets: usize, indices: usize, values: usize, s: usize, count: i32, out: usize): void {
  valuesTransposedPair<u16, f32>(offsets, indices, values, s, count, out);
}

export function f64MarginsPair16(offsets: usize, indices: usize, values: usize, x: usize, count: i32, z: usize): void {
  valuesMarginsPair<u16, f64>(offsets, indices, values, x, count, z);
}

export function f64TransposedPair16(offsets: usize, indices: usize, values: usize, s: usize, count: i32, out: usize): void {
  valuesTransposedPair<u16, f64>(offsets, indices, values, s, count, out);
}

export function onesMargins32(offsets: usize, indices: usize, values: usize, x: usize, count: i32, z: usize): void {
  onesMargins<u32>(offsets, indices, x, count, z);
}

export function onesTransposed32(offsets: usize, indices: usize, values: usize, s: usize, count: i32, out: usize): void {
  onesTransposed<u32>(offsets, indices, s, count, out);
}

export function f32Margins32(offsets: usize, indices: usize, values: usize, x: usize, count: i32, z: usize): void {
  valuesMargins<u32, f32>(offsets, indices, values, x, count, z);
}

export function f32Transposed32(offsets: usize, indices: usize, values: usize, s: usize, count: i32, out: usize): void {
  valuesTransposed<u32, f32>(offsets, indices, values, s, count, out);
}

export function f64Margins32(offsets: usize, indices: usize, values: usize, x: usize, count: i32, z: usize): void {
  valuesMargins<u32, f64>(offsets, indices, values, x, count, z);
}

export function f64Transposed32(offsets: usize, indices: usize, values: usize, s: usize, count: i32, out: usize): void {
  valuesTransposed<u32, f64>(offsets, indices, values, s, count, out);
}

export function onesMarginsPair32(offsets: usize, indices: usize, values: usize, x: usize, count: i32, z: usize): void {
  onesMarginsPair<u32>(offsets, indices, x, count, z);
}

export function onesTransposedPair32(offsets: usize, indices: usize, values: usize, s: usize, count: i32, out: usize): void {
  onesTransposedPair<u32>(offsets, indices, s, count, out);
}

export function f32MarginsPair32(offsets: usize, indices: usize, values: usize, x: usize, count: i32, z: usize): void {
  valuesMarginsPair<u32, f32>(offsets, indices, values, x, count, z);
}

export function f32TransposedPair32(offsets: usize, indices: usize, values: usize, s: usize, count: i32, out: usize): void {
  valuesTransposedPair<u32, f32>(offsets, indices, values, s, count, out);
}

export function f64MarginsPair32(offsets: usize, indices: usize, values: usize, x: usize, count: i32, z: usize): void {
  valuesMarginsPair<u32, f64>(offsets, indices, values, x, count, z);
}

export function f64TransposedPair32(offsets: usize, indices: usize, values: usize, s: usize, count: i32, out: usize): void {
  valuesTransposedPair<u32, f64>(offsets, indices, values, s, count, out);
}

export function f32MarginsDense(offsets: usize, dimension: usize, values: usize, x: usize, count: i32, z: usize): void {
  denseMargins<f32>(offsets, dimension, values, x, count, z);
}

export function f32TransposedDense(offsets: usize, dimension: usize, values: usize, s: usize, count: i32, out: usize): void {
  denseTransposed<f32>(offsets, dimension, values, s, count, out);
}

export function f64MarginsDense(offsets: usize, dimension: usize, values: usize, x: usize, count: i32, z: usize): void {
  denseMargins<f64>(offsets, dimension, values, x, count, z);
}

export function f64TransposedDense(offsets: usize, dimension: usize, values: usize, s: usize, count: i32, out: usize): void {
  denseTransposed<f64>(offsets, dimension, values, s, count, out);
}

export function f32MarginsPairDense(offsets: usize, dimension: usize, values: usize, x: usize, count: i32, z: usize): void {
  denseMarginsPair<f32>(offsets, dimension, values, x, count, z);
}

export function f32TransposedPairDense(offsets: usize, dimension: usize, values: usize, s: usize, count: i32, out: usize): void {
  denseTransposedPair<f32>(offsets, dimension, values, s, count, out);
}

export function f64MarginsPairDense(offsets: usize, dimension: usize, values: usize, x: usize, count: i32, z: usize): void {
  denseMarginsPair<f64>(offsets, dimension, values, x, count, z);
}

export function f64TransposedPairDense(offsets: usize, dimension: usize, values: usize, s: usize, count: i32, out: usize): void {
  denseTransposedPair<f64>(offsets, dimension, values, s, count, out);
}
