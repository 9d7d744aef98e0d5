/** How the rows of a data set are dealt out: file order is kept, each worker owns one run of neighbouring rows. */
import { MarinaError } from "../math/errors.ts";

/** A run of rows: first, first + 1, .. first + count - 1. */
export interface RowRange {
  readonly first: number;
  readonly count: number;
}

/**
 * The rows of each worker, in worker order.
 *
 * - "drop": m = floor(rows/n) each; worker i owns rows i m .. (i+1) m - 1; the last rows - n m are not used
 *   (as in the experiments of the MARINA paper).
 * - "spread": the first (rows mod n) workers get one more.
 *
 * @throws MarinaError "spec" when there are more workers than rows, or the workers are no positive integer.
 */
export function partition(rows: number, workers: number, remainder: "spread" | "drop"): readonly RowRange[] {
  if (!Number.isInteger(workers) || workers < 1) {
    throw new MarinaError("spec", `workers: expected an integer of at least 1, got ${workers}`);
  }
  if (workers > rows) {
    throw new MarinaError(
      "spec",
      `workers: expected at most ${rows} (the rows of the data set), got ${workers}`,
    );
  }
  const each = Math.floor(rows / workers);
  const more = remainder === "spread" ? rows % workers : 0;
  return Array.from({ length: workers }, (_, i) => ({
    first: i * each + Math.min(i, more),
    count: each + (i < more ? 1 : 0),
  }));
}
