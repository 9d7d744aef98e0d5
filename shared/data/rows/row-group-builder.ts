/** Collects rows until a group is full. */
import type { RowBatch } from "./row-batch.ts";
import { type EncodedRowGroup, encodeRowGroup } from "./row-group.ts";

/** A group is closed once its rows, in the widest types, take so many bytes. */
export const ROW_GROUP_BYTES = 8 * 1024 * 1024;

/** Growable arrays of the rows of one group; reused for the next one. */
export class RowGroupBuilder {
  readonly #targetBytes: number;
  #labels = new Float64Array(1024);
  #offsets = new Uint32Array(1025);
  #indices = new Uint32Array(16384);
  #values = new Float64Array(16384);
  /** Every value so far is 1, and none of them was written. */
  #ones = true;
  #rows = 0;
  #nonZeros = 0;

  constructor(targetBytes: number = ROW_GROUP_BYTES) {
    this.#targetBytes = targetBytes;
  }

  /** Copies rows in, from `first` on, until the group is full. Returns the next row to add. */
  addRows(batch: RowBatch, first: number): number {
    const { labels, offsets, indices, values } = batch;
    let entries = this.#nonZeros;
    let end = first;
    for (; end < labels.length && !this.#isFull(this.#rows + end - first, entries); end++) {
      entries += offsets[end + 1]! - offsets[end]!;
    }
    const count = end - first;
    while (this.#rows + count > this.#labels.length) this.#growRows();
    if (entries > this.#indices.length) this.#growEntries(entries);
    const [from, to] = [offsets[first]!, offsets[end]!];
    this.#labels.set(labels.subarray(first, end), this.#rows);
    this.#indices.set(indices.subarray(from, to), this.#nonZeros);
    if (values !== null) {
      if (this.#ones) this.#values.fill(1, 0, this.#nonZeros);
      this.#ones = false;
      this.#values.set(values.subarray(from, to), this.#nonZeros);
    } else if (!this.#ones) {
      this.#values.fill(1, this.#nonZeros, entries);
    }
    const shift = this.#nonZeros - from;
    for (let row = 1; row <= count; row++) this.#offsets[this.#rows + row] = offsets[first + row]! + shift;
    this.#rows += count;
    this.#nonZeros = entries;
    return end;
  }

  get rows(): number {
    return this.#rows;
  }

  get full(): boolean {
    return this.#isFull(this.#rows, this.#nonZeros);
  }

  #isFull(rows: number, nonZeros: number): boolean {
    return 12 * rows + 12 * nonZeros >= this.#targetBytes;
  }

  /** The rows collected, as a group; the builder is empty afterwards. */
  take(): EncodedRowGroup {
    const encoded = encodeRowGroup({
      labels: this.#labels.subarray(0, this.#rows),
      offsets: this.#offsets.subarray(0, this.#rows + 1),
      indices: this.#indices.subarray(0, this.#nonZeros),
      values: this.#ones ? null : this.#values.subarray(0, this.#nonZeros),
    });
    this.#rows = 0;
    this.#nonZeros = 0;
    this.#ones = true;
    return encoded;
  }

  #growRows(): void {
    const labels = new Float64Array(2 * this.#labels.length);
    labels.set(this.#labels);
    this.#labels = labels;
    const offsets = new Uint32Array(labels.length + 1);
    offsets.set(this.#offsets);
    this.#offsets = offsets;
  }

  #growEntries(needed: number): void {
    const capacity = Math.max(needed, 2 * this.#indices.length);
    const indices = new Uint32Array(capacity);
    indices.set(this.#indices);
    this.#indices = indices;
    const values = new Float64Array(capacity);
    values.set(this.#values);
    this.#values = values;
  }
}
