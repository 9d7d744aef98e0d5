/** The kernels in WebAssembly: the bits of `ReferenceKernels`, sooner. */
import { type BinaryOperation, type Kernels, lastBytes, type UnaryOperation } from "../kernels.ts";
import { bytesOf } from "../layout.ts";
import { MAX_KERNEL_BYTES, tooMuchMemory } from "../memory-limit.ts";
import type { Precision } from "../spec.ts";
import type { Geometry } from "../window.ts";
import { instantiateKernel, type KernelFunction, type KernelFunctionName } from "./exports.ts";

const PAGE_BYTES = 64 * 1024;

/** The codes of kernel.as. */
const UNARY: Readonly<Record<UnaryOperation, number>> = {
  tanh: 0,
  sigmoid: 1,
  softplus: 2,
  exp: 3,
  log: 4,
  relu: 5,
  step: 6,
  sqrt: 7,
};
const BINARY: Readonly<Record<BinaryOperation, number>> = { add: 0, subtract: 1, multiply: 2, divide: 3 };

/** One instance with its memory; one is enough for a thread and a precision. */
export class WasmKernels implements Kernels {
  readonly precision: Precision;
  readonly #exports = instantiateKernel();
  readonly #first = this.#exports.firstAddress();
  readonly #entryBytes: 4 | 8;
  readonly #bytes: number;
  readonly #functions: Readonly<Record<KernelFunctionName, KernelFunction>>;
  #view: Float64Array | Float32Array;

  /** @param bytes most memory, a multiple of 64 KiB. */
  constructor(precision: Precision, bytes: number = MAX_KERNEL_BYTES) {
    this.precision = precision;
    this.#entryBytes = bytesOf(precision);
    this.#bytes = bytes;
    const suffix = precision === "float32" ? "32" : "64";
    this.#functions = Object.fromEntries(
      Object.entries(this.#exports)
        .filter(([name]) => name.endsWith(suffix))
        .map(([name, each]) => [name.slice(0, -2), each]),
    ) as Record<KernelFunctionName, KernelFunction>;
    this.#view = new Float64Array(0);
  }

  memory(entries: number): Float64Array | Float32Array {
    const { memory } = this.#exports;
    const needed = this.#first + entries * this.#entryBytes;
    if (needed > this.#bytes) throw tooMuchMemory(needed, this.#bytes);
    const missing = needed - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    // A growth leaves older views without memory: views are made after it.
    if (this.#view.buffer !== memory.buffer) {
      this.#view =
        this.precision === "float32"
          ? new Float32Array(memory.buffer, this.#first)
          : new Float64Array(memory.buffer, this.#first);
    }
    return this.#view;
  }

  #at(position: number): number {
    return this.#first + position * this.#entryBytes;
  }

  bytes(out: number, count: number): Uint8Array {
    return lastBytes(this.#view, out, count);
  }

  decode(out: number, count: number, scale: number, offset: number): void {
    this.#functions.decode(this.#at(out), count, scale, offset);
  }

  pack(b: number, out: number, k: number, n: number): void {
    this.#functions.pack(this.#at(b), this.#at(out), k, n);
  }

  packTransposed(b: number, out: number, k: number, n: number): void {
    this.#functions.packTransposed(this.#at(b), this.#at(out), k, n);
  }

  product(a: number, packed: number, c: number, m: number, k: number, n: number): void {
    this.#functions.product(this.#at(a), this.#at(packed), this.#at(c), m, k, n);
  }

  addTransposedProduct(
    a: number,
    b: number,
    packed: number,
    c: number,
    m: number,
    k: number,
    n: number,
  ): void {
    this.#functions.addTransposedProduct(this.#at(a), this.#at(b), this.#at(packed), this.#at(c), m, k, n);
  }

  fill(out: number, count: number, value: number): void {
    this.#view.fill(value, out, out + count);
  }

  unary(operation: UnaryOperation, a: number, out: number, count: number): void {
    this.#functions.unary(UNARY[operation], this.#at(a), this.#at(out), count);
  }

  affine(a: number, out: number, count: number, scale: number, offset: number): void {
    this.#functions.affine(this.#at(a), this.#at(out), count, scale, offset);
  }

  clip(a: number, out: number, count: number, limit: number): void {
    this.#functions.clip(this.#at(a), this.#at(out), count, limit);
  }

  within(a: number, out: number, count: number, limit: number): void {
    this.#functions.within(this.#at(a), this.#at(out), count, limit);
  }

  binary(operation: BinaryOperation, a: number, b: number, out: number, count: number): void {
    this.#functions.binary(BINARY[operation], this.#at(a), this.#at(b), this.#at(out), count);
  }

  addChannels(a: number, p: number, out: number, count: number, channels: number): void {
    this.#functions.addChannels(this.#at(a), this.#at(p), this.#at(out), count, channels);
  }

  multiplyChannels(a: number, p: number, out: number, count: number, channels: number): void {
    this.#functions.multiplyChannels(this.#at(a), this.#at(p), this.#at(out), count, channels);
  }

  addPositions(a: number, sum: number, count: number, channels: number): void {
    this.#functions.addPositions(this.#at(a), this.#at(sum), count, channels);
  }

  sumGroups(a: number, out: number, rows: number, positions: number, groups: number, size: number): void {
    this.#functions.sumGroups(this.#at(a), this.#at(out), rows, positions, groups, size);
  }

  spreadGroups(a: number, out: number, rows: number, positions: number, groups: number, size: number): void {
    this.#functions.spreadGroups(this.#at(a), this.#at(out), rows, positions, groups, size);
  }

  largest(a: number, out: number, rows: number, size: number): void {
    this.#functions.largest(this.#at(a), this.#at(out), rows, size);
  }

  pick(a: number, labels: number, out: number, rows: number, size: number): void {
    this.#functions.pick(this.#at(a), this.#at(labels), this.#at(out), rows, size);
  }

  place(a: number, labels: number, out: number, rows: number, size: number): void {
    this.#functions.place(this.#at(a), this.#at(labels), this.#at(out), rows, size);
  }

  patches(a: number, out: number, g: Geometry): void {
    this.#functions.patches(this.#at(a), this.#at(out), ...numbersOf(g));
  }

  addPatches(a: number, out: number, g: Geometry): void {
    this.#functions.addPatches(this.#at(a), this.#at(out), ...numbersOf(g));
  }

  maxPoolPick(a: number, by: number, out: number, rows: number, g: Geometry): void {
    this.#functions.maxPoolPick(this.#at(a), this.#at(by), this.#at(out), rows, ...numbersOf(g));
  }

  maxPoolPlace(c: number, by: number, out: number, rows: number, g: Geometry): void {
    this.#functions.maxPoolPlace(this.#at(c), this.#at(by), this.#at(out), rows, ...numbersOf(g));
  }

  sumPool(a: number, out: number, rows: number, g: Geometry): void {
    this.#functions.sumPool(this.#at(a), this.#at(out), rows, ...numbersOf(g));
  }

  sumPoolTransposed(c: number, out: number, rows: number, g: Geometry): void {
    this.#functions.sumPoolTransposed(this.#at(c), this.#at(out), rows, ...numbersOf(g));
  }
}

function numbersOf(g: Geometry): number[] {
  const window = [g.windowHeight, g.windowWidth, g.strideY, g.strideX, g.top, g.left];
  return [g.height, g.width, g.channels, ...window, g.outHeight, g.outWidth];
}
