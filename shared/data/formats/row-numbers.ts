/** Does a column number the rows: 0, 1, 2, ... or 1, 2, 3, ...? */

/** A shorter column says little. */
const TELLING_ROWS = 10;

export class RowNumbers {
  #next: number | undefined;
  #rows = 0;
  #broken = false;
  readonly #fromAny: boolean;

  /** @param fromAny it may begin with any number: it goes on from another file. */
  constructor(fromAny = false) {
    this.#fromAny = fromAny;
  }

  /** Of one row after the other. @returns whether the column still numbers the rows. */
  see(value: number): boolean {
    if (this.#broken) return false;
    this.#next ??= this.#fromAny && Number.isSafeInteger(value) ? value : value === 1 ? 1 : 0;
    this.#broken = value !== this.#next++;
    this.#rows++;
    return !this.#broken;
  }

  /** What the row to come should hold. */
  get expected(): string {
    return this.#next === undefined ? "0 or 1" : `${this.#next}`;
  }

  /** Did it number all rows, and enough of them that it is hardly by chance? */
  get telling(): boolean {
    return !this.#broken && this.#rows >= TELLING_ROWS;
  }
}
