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
import { addRows, channels } from "./channels";
import { bytes } from "./lanes";
import { affine, clip, unary, within } from "./one-value";
import { pack } from "./panels";
import { addTransposedProduct, product } from "./products";
import { decode } from "./rows-of-bytes";
import { binary } from "./two-values";
import { addPatches, maxPool, patches, sumPool } from "./windows";
import { largest, pick, place, spreadGroups, sumGroups } from "./within-rows";

/** Where memory is free: behind the constants. */
export function firstAddress(): usize {
  return (__heap_base + 63) & ~63;
}


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
