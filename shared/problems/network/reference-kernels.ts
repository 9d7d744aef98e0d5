/** The kernels in plain TypeScript: what their sums and roundings are, for reading and for tests. */
import { exp, expNonPositive, log, log1pUpToOne, tanh } from "../../math/index.ts";
import { type BinaryOperation, type Kernels, lastBytes, type UnaryOperation } from "./kernels.ts";
import type { Precision } from "./spec.ts";
import type { Geometry } from "./window.ts";

/** Stores round to the memory's precision; where more than one operation is done before a store, `#round` does. */
export class ReferenceKernels implements Kernels {
  readonly precision: Precision;
  readonly #round: (x: number) => number;
  #memory: Float64Array | Float32Array;

  constructor(precision: Precision) {
    this.precision = precision;
    this.#round = precision === "float32" ? Math.fround : (x) => x;
    this.#memory = this.#allocate(0);
  }

  #allocate(entries: number): Float64Array | Float32Array {
    return this.precision === "float32" ? new Float32Array(entries) : new Float64Array(entries);
  }

  memory(entries: number): Float64Array | Float32Array {
    // Unspecified contents should not be zeros by accident.
    if (this.#memory.length < entries) this.#memory = this.#allocate(entries).fill(Number.NaN);
    return this.#memory;
  }

  bytes(out: number, count: number): Uint8Array {
    return lastBytes(this.#memory, out, count);
  }

  decode(out: number, count: number, scale: number, offset: number): void {
    const [heap, bytes] = [this.#memory, this.bytes(out, count)];
    // In place: an entry covers bytes that have been read, and its own.
    for (let i = 0; i < count; i++) heap[out + i] = scale * bytes[i]! + offset;
  }

  pack(b: number, out: number, k: number, n: number): void {
    this.#memory.copyWithin(out, b, b + k * n);
  }

  packTransposed(b: number, out: number, k: number, n: number): void {
    const heap = this.#memory;
    for (let p = 0; p < k; p++) {
      for (let j = 0; j < n; j++) heap[out + p * n + j] = heap[b + j * k + p]!;
    }
  }

  product(a: number, packed: number, c: number, m: number, k: number, n: number): void {
    const [heap, round] = [this.#memory, this.#round];
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let p = 0; p < k; p++)
          sum = round(sum + round(heap[a + i * k + p]! * heap[packed + p * n + j]!));
        heap[c + i * n + j] = sum;
      }
    }
  }

  addTransposedProduct(
    a: number,
    b: number,
    _packed: number,
    c: number,
    m: number,
    k: number,
    n: number,
  ): void {
    const [heap, round] = [this.#memory, this.#round];
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = heap[c + i * n + j]!;
        for (let p = 0; p < k; p++) sum = round(sum + round(heap[a + p * m + i]! * heap[b + p * n + j]!));
        heap[c + i * n + j] = sum;
      }
    }
  }

  fill(out: number, count: number, value: number): void {
    this.#memory.fill(value, out, out + count);
  }

  unary(operation: UnaryOperation, a: number, out: number, count: number): void {
    const heap = this.#memory;
    const f = elementary[operation];
    for (let i = 0; i < count; i++) heap[out + i] = f(heap[a + i]!);
  }

  affine(a: number, out: number, count: number, scale: number, offset: number): void {
    const [heap, round] = [this.#memory, this.#round];
    const [s, o] = [round(scale), round(offset)];
    for (let i = 0; i < count; i++) heap[out + i] = round(heap[a + i]! * s) + o;
  }

  clip(a: number, out: number, count: number, limit: number): void {
    const heap = this.#memory;
    const l = this.#round(limit);
    for (let i = 0; i < count; i++) heap[out + i] = Math.min(Math.max(heap[a + i]!, -l), l);
  }

  within(a: number, out: number, count: number, limit: number): void {
    const heap = this.#memory;
    const l = this.#round(limit);
    for (let i = 0; i < count; i++) heap[out + i] = Math.abs(heap[a + i]!) <= l ? 1 : 0;
  }

  binary(operation: BinaryOperation, a: number, b: number, out: number, count: number): void {
    const heap = this.#memory;
    const f = arithmetic[operation];
    for (let i = 0; i < count; i++) heap[out + i] = f(heap[a + i]!, heap[b + i]!);
  }

  addChannels(a: number, p: number, out: number, count: number, channels: number): void {
    const heap = this.#memory;
    for (let i = 0; i < count * channels; i++) heap[out + i] = heap[a + i]! + heap[p + (i % channels)]!;
  }

  multiplyChannels(a: number, p: number, out: number, count: number, channels: number): void {
    const heap = this.#memory;
    for (let i = 0; i < count * channels; i++) heap[out + i] = heap[a + i]! * heap[p + (i % channels)]!;
  }

  addPositions(a: number, sum: number, count: number, channels: number): void {
    const heap = this.#memory;
    for (let i = 0; i < count; i++) {
      for (let c = 0; c < channels; c++) heap[sum + c] = heap[sum + c]! + heap[a + i * channels + c]!;
    }
  }

  sumGroups(a: number, out: number, rows: number, positions: number, groups: number, size: number): void {
    const [heap, round] = [this.#memory, this.#round];
    for (let row = 0; row < rows; row++) {
      for (let g = 0; g < groups; g++) {
        let sum = 0;
        for (let p = 0; p < positions; p++) {
          const from = a + ((row * positions + p) * groups + g) * size;
          for (let s = 0; s < size; s++) sum = round(sum + heap[from + s]!);
        }
        heap[out + row * groups + g] = sum;
      }
    }
  }

  spreadGroups(a: number, out: number, rows: number, positions: number, groups: number, size: number): void {
    const heap = this.#memory;
    for (let row = 0; row < rows; row++) {
      for (let p = 0; p < positions; p++) {
        for (let g = 0; g < groups; g++) {
          const to = out + ((row * positions + p) * groups + g) * size;
          heap.fill(heap[a + row * groups + g]!, to, to + size);
        }
      }
    }
  }

  largest(a: number, out: number, rows: number, size: number): void {
    const heap = this.#memory;
    for (let row = 0; row < rows; row++) {
      let best = heap[a + row * size]!;
      for (let i = 1; i < size; i++) best = Math.max(best, heap[a + row * size + i]!);
      heap[out + row] = best;
    }
  }

  pick(a: number, labels: number, out: number, rows: number, size: number): void {
    const heap = this.#memory;
    for (let row = 0; row < rows; row++) heap[out + row] = heap[a + row * size + heap[labels + row]!]!;
  }

  place(a: number, labels: number, out: number, rows: number, size: number): void {
    const heap = this.#memory;
    for (let row = 0; row < rows; row++) {
      const value = heap[a + row]!;
      heap.fill(0, out + row * size, out + (row + 1) * size);
      heap[out + row * size + heap[labels + row]!] = value;
    }
  }

  patches(a: number, out: number, g: Geometry): void {
    const heap = this.#memory;
    let to = out;
    for (let y = 0; y < g.outHeight; y++) {
      for (let x = 0; x < g.outWidth; x++) {
        for (let i = 0; i < g.windowHeight; i++) {
          for (let j = 0; j < g.windowWidth; j++) {
            const row = y * g.strideY + i - g.top;
            const column = x * g.strideX + j - g.left;
            const inside = row >= 0 && row < g.height && column >= 0 && column < g.width;
            for (let q = 0; q < g.channels; q++) {
              heap[to++] = inside ? heap[a + (row * g.width + column) * g.channels + q]! : 0;
            }
          }
        }
      }
    }
  }

  addPatches(a: number, out: number, g: Geometry): void {
    const heap = this.#memory;
    heap.fill(0, out, out + g.height * g.width * g.channels);
    for (let row = 0; row < g.height; row++) {
      for (let column = 0; column < g.width; column++) {
        for (let i = 0; i < g.windowHeight; i++) {
          const y = (row + g.top - i) / g.strideY;
          if (!Number.isInteger(y) || y < 0 || y >= g.outHeight) continue;
          for (let j = 0; j < g.windowWidth; j++) {
            const x = (column + g.left - j) / g.strideX;
            if (!Number.isInteger(x) || x < 0 || x >= g.outWidth) continue;
            const from = a + (((y * g.outWidth + x) * g.windowHeight + i) * g.windowWidth + j) * g.channels;
            const to = out + (row * g.width + column) * g.channels;
            for (let q = 0; q < g.channels; q++) heap[to + q] = heap[to + q]! + heap[from + q]!;
          }
        }
      }
    }
  }

  maxPoolPick(a: number, by: number, out: number, rows: number, g: Geometry): void {
    const heap = this.#memory;
    forEachWindow(rows, g, (image, window) => {
      for (let q = 0; q < g.channels; q++) {
        heap[out + window.to + q] = heap[a + image + largestOf(heap, by + image, window, q, g)]!;
      }
    });
  }

  maxPoolPlace(c: number, by: number, out: number, rows: number, g: Geometry): void {
    const heap = this.#memory;
    heap.fill(0, out, out + rows * g.height * g.width * g.channels);
    forEachWindow(rows, g, (image, window) => {
      for (let q = 0; q < g.channels; q++) {
        const at = out + image + largestOf(heap, by + image, window, q, g);
        heap[at] = heap[at]! + heap[c + window.to + q]!;
      }
    });
  }

  sumPool(a: number, out: number, rows: number, g: Geometry): void {
    const [heap, round] = [this.#memory, this.#round];
    forEachWindow(rows, g, (image, window) => {
      for (let q = 0; q < g.channels; q++) {
        let sum = 0;
        forEachTap(window, g, (at) => {
          sum = round(sum + heap[a + image + at + q]!);
        });
        heap[out + window.to + q] = sum;
      }
    });
  }

  sumPoolTransposed(c: number, out: number, rows: number, g: Geometry): void {
    const heap = this.#memory;
    heap.fill(0, out, out + rows * g.height * g.width * g.channels);
    forEachWindow(rows, g, (image, window) => {
      forEachTap(window, g, (at) => {
        for (let q = 0; q < g.channels; q++) {
          const to = out + image + at + q;
          heap[to] = heap[to]! + heap[c + window.to + q]!;
        }
      });
    });
  }
}

const elementary: Readonly<Record<UnaryOperation, (z: number) => number>> = {
  relu: (z) => Math.max(z, 0),
  step: (z) => (z > 0 ? 1 : 0),
  tanh,
  sigmoid: (z) => {
    const e = expNonPositive(-Math.abs(z));
    const p = 1 / (1 + e);
    return z < 0 ? e * p : p;
  },
  softplus: (z) => Math.max(z, 0) + log1pUpToOne(expNonPositive(-Math.abs(z))),
  exp,
  log,
  sqrt: Math.sqrt,
};

const arithmetic: Readonly<Record<BinaryOperation, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
};

/** A window of an image: its first pixel's entry in the image, and its own entry in all windows of all rows. */
interface Window {
  readonly from: number;
  readonly to: number;
}

function forEachWindow(rows: number, g: Geometry, visit: (image: number, window: Window) => void): void {
  let to = 0;
  for (let row = 0; row < rows; row++) {
    for (let y = 0; y < g.outHeight; y++) {
      for (let x = 0; x < g.outWidth; x++) {
        const from = (y * g.strideY * g.width + x * g.strideX) * g.channels;
        visit(row * g.height * g.width * g.channels, { from, to });
        to += g.channels;
      }
    }
  }
}

function forEachTap({ from }: Window, g: Geometry, visit: (at: number) => void): void {
  for (let i = 0; i < g.windowHeight; i++) {
    for (let j = 0; j < g.windowWidth; j++) visit(from + (i * g.width + j) * g.channels);
  }
}

/** Where in the image the largest entry of a window's channel is: the first of equal ones, or a NaN. */
function largestOf(
  heap: Float64Array | Float32Array,
  image: number,
  window: Window,
  q: number,
  g: Geometry,
): number {
  let best = window.from + q;
  forEachTap(window, g, (at) => {
    const entry = heap[image + at + q]!;
    if (entry > heap[image + best]! || Number.isNaN(entry)) best = at + q;
  });
  return best;
}
