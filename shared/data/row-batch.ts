/** Rows on their way from a file's parser to the stored form. */
import type { RowSink } from "./libsvm.ts";

/** Consecutive rows, in the widest types. */
export interface RowBatch {
  readonly labels: Float64Array;
  /** Length rows + 1, from 0: row l has the entries offsets[l] .. offsets[l + 1]. */
  readonly offsets: Uint32Array;
  /** 0-based, strictly increasing within a row. */
  readonly indices: Uint32Array;
  readonly values: Float64Array;
  /** Where row l stands in the file, for errors: line `firstLine + lines[l]`, counted from 1. */
  readonly lines: Uint32Array;
  readonly firstLine: number;
}

/** The batch in arrays of its own. */
export function copyOf({ labels, offsets, indices, values, lines, firstLine }: RowBatch): RowBatch {
  return {
    labels: labels.slice(),
    offsets: offsets.slice(),
    indices: indices.slice(),
    values: values.slice(),
    lines: lines.slice(),
    firstLine,
  };
}

/** Collects rows; its arrays are reused from one batch to the next. */
export class RowBatchBuilder implements RowSink {
  #labels = new Float64Array(1024);
  #lines = new Uint32Array(1024);
  #offsets = new Uint32Array(1025);
  #indices = new Uint32Array(16384);
  #values = new Float64Array(16384);
  #rows = 0;
  #nonZeros = 0;
  #firstLine = 0;

  get rows(): number {
    return this.#rows;
  }

  get nonZeros(): number {
    return this.#nonZeros;
  }

  add(label: number, indices: Uint32Array, values: Float64Array, count: number, line: number): void {
    if (this.#rows === this.#labels.length) this.#growRows();
    if (this.#nonZeros + count > this.#indices.length) this.#growEntries(this.#nonZeros + count);
    if (this.#rows === 0) this.#firstLine = line;
    const at = this.#nonZeros;
    const ownIndices = this.#indices;
    const ownValues = this.#values;
    // A loop: for the few entries of a row quicker than two calls of `set` with views.
    for (let k = 0; k < count; k++) {
      ownIndices[at + k] = indices[k]!;
      ownValues[at + k] = values[k]!;
    }
    this.#labels[this.#rows] = label;
    this.#lines[this.#rows] = line - this.#firstLine;
    this.#rows++;
    this.#nonZeros += count;
    this.#offsets[this.#rows] = this.#nonZeros;
  }

  /** The rows collected, as views that the next `add` overwrites; the builder is empty afterwards. */
  take(): RowBatch {
    const rows = this.#rows;
    const nonZeros = this.#nonZeros;
    this.#rows = 0;
    this.#nonZeros = 0;
    return {
      labels: this.#labels.subarray(0, rows),
      offsets: this.#offsets.subarray(0, rows + 1),
      indices: this.#indices.subarray(0, nonZeros),
      values: this.#values.subarray(0, nonZeros),
      lines: this.#lines.subarray(0, rows),
      firstLine: this.#firstLine,
    };
  }

  #growRows(): void {
    const rows = 2 * this.#labels.length;
    this.#labels = grown(this.#labels, new Float64Array(rows));
    this.#lines = grown(this.#lines, new Uint32Array(rows));
    this.#offsets = grown(this.#offsets, new Uint32Array(rows + 1));
  }

  #growEntries(needed: number): void {
    const capacity = Math.max(needed, 2 * this.#indices.length);
    this.#indices = grown(this.#indices, new Uint32Array(capacity));
    this.#values = grown(this.#values, new Float64Array(capacity));
  }
}

function grown<A extends Uint32Array | Float64Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
