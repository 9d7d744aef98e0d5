/** Rows of tables: every cell comes, the zeros among them are not stored. */
import { type RowBatch, RowBatchBuilder } from "../rows/row-batch.ts";

/** A batch is handed over once it has so many cells (rows or entries). */
const ENOUGH = 256 * 1024;

/** One row at a time: its features in order, its label at any time, then its end. */
export class DenseRows {
  readonly #batch = new RowBatchBuilder();
  /** Entries written, those of the row at hand included. */
  #entries = 0;
  #label = 0;

  label(value: number): void {
    this.#label = value;
  }

  /** @param index 0-based, above the one before it in this row. */
  feature(index: number, value: number): void {
    if (value === 0) return;
    const batch = this.#batch;
    if (this.#entries === batch.indices.length) batch.grow();
    if (value !== 1) batch.spellOut(this.#entries);
    batch.indices[this.#entries] = index;
    if (!batch.ones) batch.values[this.#entries] = value;
    this.#entries++;
  }

  /** @param line where the row stands in the file, from 1. */
  endRow(line: number): void {
    this.#batch.closeRow(this.#label, this.#entries, line);
  }

  /** Nothing remains of the row at hand. */
  dropRow(): void {
    this.#entries = this.#batch.nonZeros;
  }

  get count(): number {
    return this.#batch.rows;
  }

  get enough(): boolean {
    return this.#batch.rows + this.#batch.nonZeros >= ENOUGH;
  }

  /** Valid until the next row. */
  take(): RowBatch {
    this.#entries = 0;
    return this.#batch.take();
  }
}
