/** Collects rows with all their entries until a group is full. */
import { type DenseForm, type EncodedDenseGroup, encodeDenseGroup, sizeOfRow } from "./dense-group.ts";
import type { RowBatch } from "./row-batch.ts";

/**
 * Values of a group: 1 MiB of bytes, 8 MiB of float64. A group is what is checked and so read as a whole, so it must be
 * small beside a worker's rows; and the manifest names each.
 */
const GROUP_VALUES = 1024 * 1024;

/** Entries that a batch does not name are 0. */
export class DenseGroupBuilder {
  readonly #form: DenseForm;
  readonly #size: number;
  readonly #most: number;
  readonly #labels: Float64Array;
  readonly #values: Float64Array;
  #rows = 0;

  /** @param form its scale and offset are what the batches' values are yet to be read with. */
  constructor(form: DenseForm, groupValues = GROUP_VALUES) {
    this.#form = form;
    this.#size = sizeOfRow(form);
    this.#most = Math.max(1, Math.floor(groupValues / this.#size));
    this.#labels = new Float64Array(this.#most);
    this.#values = new Float64Array(this.#most * this.#size);
  }

  /** Copies rows in, from `first` on, until the group is full. Returns the next row to add. */
  addRows({ labels, offsets, indices, values }: RowBatch, first: number): number {
    const end = Math.min(labels.length, first + this.#most - this.#rows);
    for (let row = first; row < end; row++) {
      const to = this.#rows * this.#size;
      for (let at = offsets[row]!; at < offsets[row + 1]!; at++) {
        this.#values[to + indices[at]!] = values === null ? 1 : values[at]!;
      }
      this.#labels[this.#rows++] = labels[row]!;
    }
    return end;
  }

  get rows(): number {
    return this.#rows;
  }

  get full(): boolean {
    return this.#rows === this.#most;
  }

  /** The rows collected, as a group, and its entries that are not 0; the builder is empty afterwards. */
  take(): EncodedDenseGroup & { readonly nonZeros: number } {
    const { scale, offset } = this.#form;
    const values = this.#values.subarray(0, this.#rows * this.#size);
    const encoded = encodeDenseGroup(this.#labels.subarray(0, this.#rows), values, this.#form);
    let nonZeros = 0;
    for (let at = 0; at < values.length; at++) if (scale * values[at]! + offset !== 0) nonZeros++;
    values.fill(0);
    this.#rows = 0;
    return { ...encoded, nonZeros };
  }
}
