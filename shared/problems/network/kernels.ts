/**
 * The loops that a row program is run with. Two sets have the same bits: plain TypeScript (`ReferenceKernels`) and
 * WebAssembly (`WasmKernels`).
 *
 * Positions are in entries of one memory. Every operation is rounded on its own, to the precision of the memory; of
 * elementary functions in float32 the float64 result is rounded. Every sum is in the stated order; "from +0" or
 * "onto": what the first term is added to. Of vectors of `count` entries, up to three more may be read and written.
 */
import type { Precision } from "./spec.ts";
import type { Geometry } from "./window.ts";

export const unaryOperations = ["relu", "step", "tanh", "sigmoid", "softplus", "exp", "log", "sqrt"] as const;
export type UnaryOperation = (typeof unaryOperations)[number];

export const binaryOperations = ["add", "subtract", "multiply", "divide"] as const;
export type BinaryOperation = (typeof binaryOperations)[number];

export interface Kernels {
  readonly precision: Precision;
  /** Memory of so many entries, with unspecified contents; void at the next call. @throws MarinaError `limit`. */
  memory(entries: number): Float64Array | Float32Array;

  /** Where `decode` finds so many bytes: the last ones of out's own memory. Void at the next call of `memory`. */
  bytes(out: number, count: number): Uint8Array;
  /** out [count] = scale byte + offset, in float64 in both precisions, rounded to the memory's at the end. */
  decode(out: number, count: number, scale: number, offset: number): void;

  /** B [k, n] as `product` reads it, in `packedEntries(k, n)` entries. */
  pack(b: number, out: number, k: number, n: number): void;
  /** B^T [k, n] for B [n, k], likewise. */
  packTransposed(b: number, out: number, k: number, n: number): void;
  /** C [m, n] = A [m, k] B [k, n], B packed: from +0, in order of k. */
  product(a: number, packed: number, c: number, m: number, k: number, n: number): void;
  /**
   * C [m, n] += A^T B for A [k, m], B [k, n]: onto C, in order of k. C must hold no -0 (no sum from +0 comes to it): terms of
   * zeros may be left out.
   * @param packed scratch, `packedEntries(k, n)` entries.
   */
  addTransposedProduct(
    a: number,
    b: number,
    packed: number,
    c: number,
    m: number,
    k: number,
    n: number,
  ): void;

  fill(out: number, count: number, value: number): void;
  unary(operation: UnaryOperation, a: number, out: number, count: number): void;
  /** a scale + offset, rounded twice. */
  affine(a: number, out: number, count: number, scale: number, offset: number): void;
  /** min(max(a, -limit), limit) */
  clip(a: number, out: number, count: number, limit: number): void;
  /** 1 where |a| <= limit, else 0. */
  within(a: number, out: number, count: number, limit: number): void;
  binary(operation: BinaryOperation, a: number, b: number, out: number, count: number): void;

  /** out [count, channels] = a + p for each channel. */
  addChannels(a: number, p: number, out: number, count: number, channels: number): void;
  multiplyChannels(a: number, p: number, out: number, count: number, channels: number): void;
  /** sum [channels] += a [count, channels]: onto, in order of count. */
  addPositions(a: number, sum: number, count: number, channels: number): void;

  /** a [rows, positions, groups, size] -> out [rows, groups]: from +0, over positions, then over the group's entries. */
  sumGroups(a: number, out: number, rows: number, positions: number, groups: number, size: number): void;
  /** a [rows, groups] -> out [rows, positions, groups, size]. */
  spreadGroups(a: number, out: number, rows: number, positions: number, groups: number, size: number): void;
  /** The largest entry of each row [size]; NaN if there is one. */
  largest(a: number, out: number, rows: number, size: number): void;
  /** out [rows] = the entry of a [rows, size] that the row's label names. */
  pick(a: number, labels: number, out: number, rows: number, size: number): void;
  /** out [rows, size] = zeros but for a [rows] where the row's label says. */
  place(a: number, labels: number, out: number, rows: number, size: number): void;

  /** One image as its windows' entries, [windows, (i, j, q)]; +0 where a window lies outside. */
  patches(a: number, out: number, geometry: Geometry): void;
  /** The transpose: each pixel from +0 the entries of the windows that cover it, in order of their taps (i, j). */
  addPatches(a: number, out: number, geometry: Geometry): void;
  /** Of images: each window's entry of `a` where `by` is largest (the first of equal ones; a NaN counts as largest). */
  maxPoolPick(a: number, by: number, out: number, rows: number, geometry: Geometry): void;
  /** The transpose: onto +0, in order of windows. */
  maxPoolPlace(c: number, by: number, out: number, rows: number, geometry: Geometry): void;
  /** Each window's sum: from +0, in order of its taps. */
  sumPool(a: number, out: number, rows: number, geometry: Geometry): void;
  /** The transpose: onto +0, in order of windows. */
  sumPoolTransposed(c: number, out: number, rows: number, geometry: Geometry): void;
}

/** Room for a packed matrix: panels of eight columns at most, the last one filled up. */
export function packedEntries(k: number, n: number): number {
  return k * 8 * Math.ceil(n / 8);
}

/** The last `count` bytes of the entries out .. out + count - 1. */
export function lastBytes(memory: Float64Array | Float32Array, out: number, count: number): Uint8Array {
  const end = memory.byteOffset + (out + count) * memory.BYTES_PER_ELEMENT;
  return new Uint8Array(memory.buffer, end - count, count);
}
