/** Rows on their way from a file's parser to the stored form. */

/** Consecutive rows, in the widest types. */
export interface RowBatch {
  readonly labels: Float64Array;
  /** Length rows + 1, from 0: row l has the entries offsets[l] .. offsets[l + 1]. */
  readonly offsets: Uint32Array;
  /** 0-based, strictly increasing within a row. */
  readonly indices: Uint32Array;
  /** null when all are 1. */
  readonly values: Float64Array | null;
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
    values: values === null ? null : values.slice(),
    lines: lines.slice(),
    firstLine,
  };
}

/**
 * The batch of rows that came in another order than the file's: differences from the first line may be negative, and are
 * kept as 32 bits, so that adding the first line again, as 32 bits, gives the line.
 */
export function outOfOrder(batch: RowBatch): RowBatch {
  return { ...batch, firstLine: 0, lines: batch.lines.map((difference) => difference + batch.firstLine) };
}

/**
 * Collects rows; its arrays are reused from one batch to the next.
 *
 * A parser writes a row's entries into the arrays itself, from `nonZeros` on, and then closes the row: nothing is copied,
 * and what an unfinished row has written does not count.
 */
export class RowBatchBuilder {
  #labels = new Float64Array(1024);
  #lines = new Uint32Array(1024);
  #offsets = new Uint32Array(1025);
  #indices = new Uint32Array(16384);
  #values = new Float64Array(16384);
  #ones = true;
  #rows = 0;
  #nonZeros = 0;
  #firstLine = 0;

  get rows(): number {
    return this.#rows;
  }

  /** Entries of the rows closed so far. */
  get nonZeros(): number {
    return this.#nonZeros;
  }

  /** Where entries are written. Another array after `grow`. */
  get indices(): Uint32Array {
    return this.#indices;
  }

  /** The same; not written as long as `ones`. */
  get values(): Float64Array {
    return this.#values;
  }

  /** Every value so far is 1, so that none has been written. */
  get ones(): boolean {
    return this.#ones;
  }

  /** Writes the ones that were left out: from now on each value is written. @param entries those of an open row included */
  spellOut(entries: number): void {
    if (!this.#ones) return;
    this.#values.fill(1, 0, entries);
    this.#ones = false;
  }

  /** Room for twice as many entries. */
  grow(): void {
    this.#indices = grown(this.#indices, new Uint32Array(2 * this.#indices.length));
    this.#values = grown(this.#values, new Float64Array(this.#indices.length));
  }

  /** Ends a row. @param nonZeros entries written so far, this row's included. @param line 1-based number in the text */
  closeRow(label: number, nonZeros: number, line: number): void {
    const row = this.#rows;
    if (row === this.#labels.length) this.#growRows();
    if (row === 0) this.#firstLine = line;
    this.#labels[row] = label;
    this.#lines[row] = line - this.#firstLine;
    this.#offsets[row + 1] = nonZeros;
    this.#nonZeros = nonZeros;
    this.#rows = row + 1;
  }

  /** The rows collected, as views that the next row overwrites; the builder is empty afterwards. */
  take(): RowBatch {
    const rows = this.#rows;
    const nonZeros = this.#nonZeros;
    const ones = this.#ones;
    this.#rows = 0;
    this.#nonZeros = 0;
    this.#ones = true;
    return {
      labels: this.#labels.subarray(0, rows),
      offsets: this.#offsets.subarray(0, rows + 1),
      indices: this.#indices.subarray(0, nonZeros),
      values: ones ? null : this.#values.subarray(0, nonZeros),
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
}

function grown<A extends Uint32Array | Float64Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
