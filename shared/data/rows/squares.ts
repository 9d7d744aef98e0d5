/**
 * Numbers that are finite but too large to compute with. A step size follows from sums of squares of a data set's values
 * (norms of rows, eigenvalues) and from the squares of such sums (sum_l |a_l|^4, squared gradient norms): where these leave
 * the range of a float64 no method can take a step. (sum_lj a_lj^2)^2, which bounds them all, is to stay within it.
 */
import { MarinaError } from "../../base/index.ts";

/** Rows as they come from a file or are stored. */
interface Rows {
  readonly labels: Float64Array;
  readonly offsets: Uint32Array;
  readonly indices: Uint16Array | Uint32Array;
  /** null when all are 1. */
  readonly values: Float32Array | Float64Array | null;
}

/** Is the square of such a sum of squares a number? */
export function isWithinRange(sumOfSquares: number): boolean {
  return sumOfSquares * sumOfSquares < Infinity;
}

/** Four sums side by side: one would wait for each addition before the next. Non-finite if and only if it overflows. */
export function sumOfSquares(values: Float32Array | Float64Array, from = 0, end = values.length): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let at = from;
  for (; at + 3 < end; at += 4) {
    a += values[at]! * values[at]!;
    b += values[at + 1]! * values[at + 1]!;
    c += values[at + 2]! * values[at + 2]!;
    d += values[at + 3]! * values[at + 3]!;
  }
  for (; at < end; at++) a += values[at]! * values[at]!;
  return a + b + (c + d);
}

/**
 * The error for rows of finite numbers whose squares overflow, which names the number that does it.
 * @param before sum of squares of the rows before these.
 * @param place how errors name a row, e.g. `data.txt: line 7`.
 */
export function tooLarge(
  { offsets, indices, values }: Pick<Rows, "offsets" | "indices" | "values">,
  { first, count, before }: { readonly first: number; readonly count: number; readonly before: number },
  place: (row: number) => string,
): MarinaError {
  let sum = before;
  for (let row = first; row < first + count; row++) {
    for (let at = offsets[row]!; at < offsets[row + 1]!; at++) {
      const value = values![at]!;
      sum += value * value;
      if (!isWithinRange(sum)) return refusal(`${place(row)}, index ${indices[at]! + 1}`, value);
    }
  }
  // Added in another order it is a little less: the last digits decide.
  return refusal(place(first + count - 1), sum);
}

/** The same for labels that a quadratic loss squares. */
export function labelTooLarge(
  labels: Float64Array,
  { first, count, before }: { readonly first: number; readonly count: number; readonly before: number },
  place: (row: number) => string,
): MarinaError {
  let sum = before;
  for (let row = first; row < first + count; row++) {
    sum += labels[row]! * labels[row]!;
    if (!isWithinRange(sum)) return refusal(`${place(row)}, label`, labels[row]!);
  }
  return refusal(place(first + count - 1), sum);
}

function refusal(where: string, value: number): MarinaError {
  const square = value * value;
  const what =
    square === Infinity
      ? "its square is beyond a float64"
      : !isWithinRange(square)
        ? "the square of its square is beyond a float64"
        : "with it the squares so far are, once they are summed and squared, beyond a float64";
  return new MarinaError(
    "data",
    `${where}: ${value} is too large, ${what}: leave it out if it marks a missing value, or scale the data`,
  );
}

/** Refuses rows on their way into the store. The sums go on from batch to batch. */
export class SquaresCheck {
  readonly #place: (line: number) => string;
  readonly #squaresLabels: boolean;
  #values = 0;
  #labels = 0;

  /**
   * @param place how errors name a line, e.g. `data.txt: line 7`.
   * @param squaresLabels real labels, which a quadratic loss squares.
   */
  constructor(place: (line: number) => string, squaresLabels: boolean) {
    this.#place = place;
    this.#squaresLabels = squaresLabels;
  }

  /** @throws MarinaError "data" with line, index and value. */
  see(batch: Rows & { readonly lines: Uint32Array; readonly firstLine: number }): void {
    const { labels, values, lines, firstLine } = batch;
    const place = (row: number): string => this.#place(firstLine + lines[row]!);
    const all = { first: 0, count: labels.length };
    if (values !== null) {
      const before = this.#values;
      this.#values += sumOfSquares(values);
      if (!isWithinRange(this.#values)) throw tooLarge(batch, { ...all, before }, place);
    }
    if (this.#squaresLabels) {
      const before = this.#labels;
      this.#labels += sumOfSquares(labels);
      if (!isWithinRange(this.#labels)) throw labelTooLarge(labels, { ...all, before }, place);
    }
  }
}
