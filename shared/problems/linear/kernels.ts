/**
 * The four products that every objective is made of, over the rows of a shard in compressed sparse row form.
 *
 * Rows are handed over in blocks, so that a block's indices are still in the cache when the transposed product reads
 * them again. Entries of a row, and rows within a sum, are always added in stored order: results do not depend on the
 * size of the blocks. Nothing is allocated.
 */
import type { Shard } from "../problem.ts";

/** z[i] = <a_{first+i}, x> for i = 0 .. count-1. x has length d. */
export function margins(shard: Shard, x: Float64Array, first: number, count: number, z: Float64Array): void {
  const { offsets, indices, values } = shard;
  if (values === null) onesMargins(offsets, indices, x, first, count, z);
  else valuesMargins(offsets, indices, values, x, first, count, z);
}

/** `margins` at two points, reading each row once: the same bits as two calls. */
export function marginsPair(
  shard: Shard,
  x: Float64Array,
  w: Float64Array,
  first: number,
  count: number,
  z: Float64Array,
  zOther: Float64Array,
): void {
  const { offsets, indices, values } = shard;
  if (values === null) onesMarginsPair(offsets, indices, x, w, first, count, z, zOther);
  else valuesMarginsPair(offsets, indices, values, x, w, first, count, z, zOther);
}

/** out += sum_i s[i] a_{first+i}, i = 0 .. count-1: the transposed product. out has length d. */
export function addTransposed(
  shard: Shard,
  s: Float64Array,
  first: number,
  count: number,
  out: Float64Array,
): void {
  const { offsets, indices, values } = shard;
  if (values === null) onesTransposed(offsets, indices, s, first, count, out);
  else valuesTransposed(offsets, indices, values, s, first, count, out);
}

/** `addTransposed` of two coefficient vectors into two sums, reading each row once: the same bits as two calls. */
export function addTransposedPair(
  shard: Shard,
  s: Float64Array,
  sOther: Float64Array,
  first: number,
  count: number,
  out: Float64Array,
  outOther: Float64Array,
): void {
  const { offsets, indices, values } = shard;
  if (values === null) onesTransposedPair(offsets, indices, s, sOther, first, count, out, outOther);
  else valuesTransposedPair(offsets, indices, values, s, sOther, first, count, out, outOther);
}

type Indices = Uint16Array | Uint32Array;
type Values = Float32Array | Float64Array;

function onesMargins(
  offsets: Uint32Array,
  indices: Indices,
  x: Float64Array,
  first: number,
  count: number,
  z: Float64Array,
): void {
  const base = offsets[0]!;
  let at = offsets[first]! - base;
  for (let i = 0; i < count; i++) {
    const end = offsets[first + i + 1]! - base;
    let sum = 0;
    for (; at < end; at++) sum += x[indices[at]!]!;
    z[i] = sum;
  }
}

function valuesMargins(
  offsets: Uint32Array,
  indices: Indices,
  values: Values,
  x: Float64Array,
  first: number,
  count: number,
  z: Float64Array,
): void {
  const base = offsets[0]!;
  let at = offsets[first]! - base;
  for (let i = 0; i < count; i++) {
    const end = offsets[first + i + 1]! - base;
    let sum = 0;
    for (; at < end; at++) sum += values[at]! * x[indices[at]!]!;
    z[i] = sum;
  }
}

function onesMarginsPair(
  offsets: Uint32Array,
  indices: Indices,
  x: Float64Array,
  w: Float64Array,
  first: number,
  count: number,
  z: Float64Array,
  zOther: Float64Array,
): void {
  const base = offsets[0]!;
  let at = offsets[first]! - base;
  for (let i = 0; i < count; i++) {
    const end = offsets[first + i + 1]! - base;
    let sum = 0;
    let sumOther = 0;
    for (; at < end; at++) {
      const j = indices[at]!;
      sum += x[j]!;
      sumOther += w[j]!;
    }
    z[i] = sum;
    zOther[i] = sumOther;
  }
}

function valuesMarginsPair(
  offsets: Uint32Array,
  indices: Indices,
  values: Values,
  x: Float64Array,
  w: Float64Array,
  first: number,
  count: number,
  z: Float64Array,
  zOther: Float64Array,
): void {
  const base = offsets[0]!;
  let at = offsets[first]! - base;
  for (let i = 0; i < count; i++) {
    const end = offsets[first + i + 1]! - base;
    let sum = 0;
    let sumOther = 0;
    for (; at < end; at++) {
      const j = indices[at]!;
      const a = values[at]!;
      sum += a * x[j]!;
      sumOther += a * w[j]!;
    }
    z[i] = sum;
    zOther[i] = sumOther;
  }
}

function onesTransposed(
  offsets: Uint32Array,
  indices: Indices,
  s: Float64Array,
  first: number,
  count: number,
  out: Float64Array,
): void {
  const base = offsets[0]!;
  let at = offsets[first]! - base;
  for (let i = 0; i < count; i++) {
    const end = offsets[first + i + 1]! - base;
    const si = s[i]!;
    for (; at < end; at++) {
      const j = indices[at]!;
      out[j] = out[j]! + si;
    }
  }
}

function valuesTransposed(
  offsets: Uint32Array,
  indices: Indices,
  values: Values,
  s: Float64Array,
  first: number,
  count: number,
  out: Float64Array,
): void {
  const base = offsets[0]!;
  let at = offsets[first]! - base;
  for (let i = 0; i < count; i++) {
    const end = offsets[first + i + 1]! - base;
    const si = s[i]!;
    for (; at < end; at++) {
      const j = indices[at]!;
      out[j] = out[j]! + si * values[at]!;
    }
  }
}

function onesTransposedPair(
  offsets: Uint32Array,
  indices: Indices,
  s: Float64Array,
  sOther: Float64Array,
  first: number,
  count: number,
  out: Float64Array,
  outOther: Float64Array,
): void {
  const base = offsets[0]!;
  let at = offsets[first]! - base;
  for (let i = 0; i < count; i++) {
    const end = offsets[first + i + 1]! - base;
    const si = s[i]!;
    const siOther = sOther[i]!;
    for (; at < end; at++) {
      const j = indices[at]!;
      out[j] = out[j]! + si;
      outOther[j] = outOther[j]! + siOther;
    }
  }
}

function valuesTransposedPair(
  offsets: Uint32Array,
  indices: Indices,
  values: Values,
  s: Float64Array,
  sOther: Float64Array,
  first: number,
  count: number,
  out: Float64Array,
  outOther: Float64Array,
): void {
  const base = offsets[0]!;
  let at = offsets[first]! - base;
  for (let i = 0; i < count; i++) {
    const end = offsets[first + i + 1]! - base;
    const si = s[i]!;
    const siOther = sOther[i]!;
    for (; at < end; at++) {
      const j = indices[at]!;
      const a = values[at]!;
      out[j] = out[j]! + si * a;
      outOther[j] = outOther[j]! + siOther * a;
    }
  }
}
