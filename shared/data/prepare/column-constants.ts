/**
 * What is done to features by constants of the data set: means for cells that are missing, offsets and scales. They are kept
 * in the manifest, so that other rows can be treated in the same way.
 */
import { MarinaError } from "../../base/index.ts";
import type { RowBatch } from "../rows/row-batch.ts";

/** A manifest keeps a few numbers for each of so many features. */
export const MOST_CONSTANTS = 65_536;

export type Scaling = "standardize" | "max-abs";

/** By feature. */
export interface ColumnConstants {
  /** What stands in for missing cells: the mean of those that are there. */
  readonly means?: readonly number[];
  /** What is stored: (x - offset) / scale. */
  readonly offsets?: readonly number[];
  readonly scales?: readonly number[];
}

/** Sums over all rows, in which missing cells are NaN and zeros do not come. */
export class ColumnSums {
  #columns = 0;
  #rows = 0;
  #sum = new Float64Array(64);
  #min = new Float64Array(64);
  #max = new Float64Array(64);
  /** Cells that are there and not 0. */
  #entries = new Float64Array(64);
  #missing = new Float64Array(64);
  readonly #place: (line: number) => string;

  /** @param place how errors name a line. */
  constructor(place: (line: number) => string) {
    this.#place = place;
  }

  /** @throws MarinaError "limit" for a feature beyond those that a manifest can keep constants of. */
  see({ labels, offsets, indices, values, lines, firstLine }: RowBatch): void {
    this.#rows += labels.length;
    for (let row = 0; row < labels.length; row++) {
      for (let at = offsets[row]!; at < offsets[row + 1]!; at++) {
        const column = indices[at]!;
        if (column >= this.#columns) this.#grow(column, () => this.#place(firstLine + lines[row]!));
        const value = values === null ? 1 : values[at]!;
        if (Number.isNaN(value)) this.#missing[column]!++;
        else if (value !== 0) {
          this.#entries[column]!++;
          this.#sum[column]! += value;
          if (value < this.#min[column]!) this.#min[column] = value;
          if (value > this.#max[column]!) this.#max[column] = value;
        }
      }
    }
  }

  get rows(): number {
    return this.#rows;
  }

  /** The largest index seen, counted from 1. */
  get columns(): number {
    return this.#columns;
  }

  /** Cells that are there and not 0, or missing. */
  get cells(): number {
    let sum = 0;
    for (let j = 0; j < this.#columns; j++) sum += this.#entries[j]! + this.#missing[j]!;
    return sum;
  }

  /** Undefined for a column whose every cell is missing. A column of one value has that value, to the last bit. */
  mean(column: number): number | undefined {
    if (column >= this.#columns) return 0;
    const there = this.#rows - this.#missing[column]!;
    if (there === 0) return undefined;
    return this.only(column) ?? this.#sum[column]! / there;
  }

  /** The value that all cells have that are there. */
  only(column: number): number | undefined {
    if (column >= this.#columns) return 0;
    const [min, max] = [this.#leastOf(column), this.#mostOf(column)];
    return min === max ? min : undefined;
  }

  /** Rows in which the cell is 0. */
  zeros(column: number): number {
    if (column >= this.#columns) return this.#rows;
    return this.#rows - this.#missing[column]! - this.#entries[column]!;
  }

  maxAbs(column: number): number {
    return column >= this.#columns ? 0 : Math.max(-this.#leastOf(column), this.#mostOf(column));
  }

  #leastOf(column: number): number {
    return this.zeros(column) > 0 ? Math.min(0, this.#min[column]!) : this.#min[column]!;
  }

  #mostOf(column: number): number {
    return this.zeros(column) > 0 ? Math.max(0, this.#max[column]!) : this.#max[column]!;
  }

  #grow(column: number, where: () => string): void {
    if (column >= MOST_CONSTANTS) {
      throw new MarinaError(
        "limit",
        `${where()}: expected at most ${MOST_CONSTANTS} features where constants of each are kept (--missing mean, --standardize, --scale), got index ${column + 1}`,
      );
    }
    if (column >= this.#sum.length) {
      const length = 2 * (column + 1);
      this.#sum = longer(this.#sum, length);
      this.#min = longer(this.#min, length);
      this.#max = longer(this.#max, length);
      this.#entries = longer(this.#entries, length);
      this.#missing = longer(this.#missing, length);
    }
    for (let j = this.#columns; j <= column; j++) {
      this.#min[j] = Infinity;
      this.#max[j] = -Infinity;
    }
    this.#columns = column + 1;
  }
}

function longer(array: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(length);
  larger.set(array);
  return larger;
}

/** Sums of (x - mean)^2: of a second pass, since the difference of two large sums would lose all digits. */
export class SquaredDeviations {
  readonly #sums: ColumnSums;
  readonly #means: readonly number[];
  readonly #squares: Float64Array;

  constructor(sums: ColumnSums, means: readonly number[]) {
    this.#sums = sums;
    this.#means = means;
    this.#squares = new Float64Array(means.length);
  }

  see({ indices, values }: RowBatch): void {
    for (let at = 0; at < indices.length; at++) {
      const column = indices[at]!;
      const value = values === null ? 1 : values[at]!;
      // A missing cell is filled with the mean, from which it does not deviate; zeros are counted below.
      if (!Number.isNaN(value) && value !== 0) this.#squares[column]! += (value - this.#means[column]!) ** 2;
    }
  }

  /** The standard deviation over all rows (divided by their number). */
  deviation(column: number): number {
    const ofZeros = this.#sums.zeros(column) * this.#means[column]! ** 2;
    return Math.sqrt((this.#squares[column]! + ofZeros) / this.#sums.rows);
  }
}
