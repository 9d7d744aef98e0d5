/** The pass in WebAssembly: the bits of the TypeScript one, sooner. */
import { log1pUpToOne } from "../../../math/index.ts";
import type { Shard } from "../../problem.ts";
import type { LossKind } from "../losses.ts";
import { BLOCK_ROWS, type RowPass } from "../row-pass.ts";
import { Arena, align } from "./arena.ts";
import { instantiateKernel, type KernelExports, type RowProduct } from "./exports.ts";

/** A kernel and its memory. One is enough for a thread. */
export class WasmKernel {
  readonly exports: KernelExports;
  readonly arena: Arena;

  constructor(arenaBytes?: number) {
    this.exports = instantiateKernel();
    this.arena = new Arena(this.exports.memory, arenaBytes);
  }

  /** Can this shard be computed here? What can't goes through TypeScript, with the same bits. */
  fits(shard: Shard): boolean {
    return this.arena.fits(scratchOf(shard.features).end, placementOf(shard).end);
  }
}

/** Positions relative to the address of the scratch. */
interface Scratch {
  readonly z: number;
  readonly ts: number;
  readonly es: number;
  readonly x: number;
  readonly out: number;
  readonly end: number;
}

function scratchOf(features: number): Scratch {
  const ts = 16 * BLOCK_ROWS;
  // The last row's second point is written beyond the row.
  const es = ts + align(8 * BLOCK_ROWS + 8);
  const x = es + align(8 * BLOCK_ROWS + 8);
  const out = x + 16 * features;
  return { z: 0, ts, es, x, out, end: out + 16 * features };
}

/** Positions relative to the address of the shard. Labels come first: a pair of them may be read beyond their end. */
interface Placement {
  readonly labels: number;
  readonly offsets: number;
  readonly indices: number;
  readonly values: number;
  readonly end: number;
}

function placementOf(shard: Shard): Placement {
  const nonZeros = nonZerosOf(shard);
  const offsets = align(8 * shard.rows);
  const indices = offsets + align(4 * (shard.rows + 1));
  const values = indices + (isDense(shard) ? 0 : align(shard.indices.BYTES_PER_ELEMENT * nonZeros));
  const end = values + align((shard.values?.BYTES_PER_ELEMENT ?? 0) * nonZeros);
  return { labels: 0, offsets, indices, values, end };
}

/** All entries of all rows are stored: then the indices say nothing. */
function isDense(shard: Shard): boolean {
  return shard.values !== null && nonZerosOf(shard) === shard.rows * shard.features;
}

function nonZerosOf({ offsets, rows }: Shard): number {
  return offsets[rows]! - offsets[0]!;
}

interface Products {
  readonly margins: RowProduct;
  readonly marginsPair: RowProduct;
  readonly transposed: RowProduct;
  readonly transposedPair: RowProduct;
}

function productsOf(shard: Shard, kernel: KernelExports): Products {
  const values = shard.values === null ? "ones" : shard.values instanceof Float32Array ? "f32" : "f64";
  const indices = isDense(shard) ? "Dense" : shard.indices instanceof Uint16Array ? "16" : "32";
  return {
    margins: kernel[`${values}Margins${indices}`],
    marginsPair: kernel[`${values}MarginsPair${indices}`],
    transposed: kernel[`${values}Transposed${indices}`],
    transposedPair: kernel[`${values}TransposedPair${indices}`],
  };
}

/** One objective's pass: the shard is copied into the kernel's memory at the first call, and again if it was pushed out. */
export class WasmPass implements RowPass {
  readonly #kind: LossKind;
  readonly #shard: Shard;
  readonly #kernel: WasmKernel;
  readonly #products: Products;
  readonly #scratch: Scratch;
  readonly #placement: Placement;
  readonly #dense: boolean;
  #address = 0;
  #generation = -1;

  /** The shard must fit (`WasmKernel.fits`). */
  constructor(kind: LossKind, shard: Shard, kernel: WasmKernel) {
    this.#kind = kind;
    this.#shard = shard;
    this.#kernel = kernel;
    this.#products = productsOf(shard, kernel.exports);
    this.#scratch = scratchOf(shard.features);
    this.#placement = placementOf(shard);
    this.#dense = isDense(shard);
  }

  gradient(x: Float64Array, out: Float64Array): number {
    const base = this.#prepare();
    const { f64 } = this.#kernel.arena;
    const { features } = this.#shard;
    const point = base + this.#scratch.x;
    const sum = base + this.#scratch.out;
    f64.set(x, point / 8);
    f64.fill(0, sum / 8, sum / 8 + features);
    const { margins, transposed } = this.#products;
    const loss = this.#pass(base, point, sum, margins, transposed, false);
    out.set(f64.subarray(sum / 8, sum / 8 + features));
    return loss;
  }

  gradientPair(x: Float64Array, w: Float64Array, out: Float64Array, outOther: Float64Array): number {
    const base = this.#prepare();
    const { f64 } = this.#kernel.arena;
    const { features } = this.#shard;
    const point = base + this.#scratch.x;
    const sum = base + this.#scratch.out;
    for (let j = 0, at = point / 8; j < features; j++, at += 2) {
      f64[at] = x[j]!;
      f64[at + 1] = w[j]!;
    }
    f64.fill(0, sum / 8, sum / 8 + 2 * features);
    const { marginsPair, transposedPair } = this.#products;
    const loss = this.#pass(base, point, sum, marginsPair, transposedPair, true);
    for (let j = 0, at = sum / 8; j < features; j++, at += 2) {
      out[j] = f64[at]!;
      outOther[j] = f64[at + 1]!;
    }
    return loss;
  }

  #pass(
    base: number,
    x: number,
    out: number,
    margins: RowProduct,
    transposed: RowProduct,
    pair: boolean,
  ): number {
    const { rows, features } = this.#shard;
    const { labels, offsets, indices, values } = this.#placement;
    const address = this.#address;
    const columns = this.#dense ? features : address + indices;
    const z = base + this.#scratch.z;
    let loss = 0;
    for (let first = 0; first < rows; first += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, rows - first);
      const block = address + offsets + 4 * first;
      margins(block, columns, address + values, x, count, z);
      loss += this.#losses(base, z, address + labels + 8 * first, count, pair);
      transposed(block, columns, address + values, z, count, out);
    }
    return loss;
  }

  #losses(base: number, z: number, labels: number, count: number, pair: boolean): number {
    const { exports } = this.#kernel;
    switch (this.#kind) {
      case "nonconvex-binary":
        return pair
          ? exports.nonconvexLossesPair(z, labels, count)
          : exports.nonconvexLosses(z, labels, count);
      case "least-squares":
        return pair
          ? exports.leastSquaresLossesPair(z, labels, count)
          : exports.leastSquaresLosses(z, labels, count);
      case "logistic": {
        const ts = base + this.#scratch.ts;
        const es = base + this.#scratch.es;
        if (pair) exports.logisticLossesPair(z, labels, count, ts, es);
        else exports.logisticLosses(z, labels, count, ts, es);
        return this.#logisticSum(ts / 8, es / 8, count);
      }
    }
  }

  #logisticSum(ts: number, es: number, count: number): number {
    const { f64 } = this.#kernel.arena;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += Math.max(-f64[ts + i]!, 0) + log1pUpToOne(f64[es + i]!);
    return sum;
  }

  /** Brings scratch and shard into the memory; returns the scratch's address. */
  #prepare(): number {
    const { arena } = this.#kernel;
    const base = arena.scratch(this.#scratch.end);
    if (this.#generation !== arena.generation) {
      const { rows, offsets, indices, values, labels } = this.#shard;
      const placement = this.#placement;
      const nonZeros = nonZerosOf(this.#shard);
      const address = arena.place(placement.end);
      const { buffer } = arena;
      new Float64Array(buffer, address + placement.labels, rows).set(labels);
      const first = offsets[0]!;
      const relative = new Uint32Array(buffer, address + placement.offsets, rows + 1);
      for (let row = 0; row <= rows; row++) relative[row] = offsets[row]! - first;
      if (!this.#dense) {
        const at = address + placement.indices;
        const stored = indices.subarray(0, nonZeros);
        if (stored instanceof Uint16Array) new Uint16Array(buffer, at, nonZeros).set(stored);
        else new Uint32Array(buffer, at, nonZeros).set(stored);
      }
      if (values !== null) {
        const at = address + placement.values;
        const stored = values.subarray(0, nonZeros);
        if (stored instanceof Float32Array) new Float32Array(buffer, at, nonZeros).set(stored);
        else new Float64Array(buffer, at, nonZeros).set(stored);
      }
      this.#address = address;
      this.#generation = arena.generation;
    }
    return base;
  }
}
