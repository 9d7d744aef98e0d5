/** How the rows of a data set are dealt out: file order is kept, each worker owns one run of neighbouring rows. */
import { MarinaError } from "../base/index.ts";

/** A run of rows: first, first + 1, .. first + count - 1. */
export interface RowRange {
  readonly first: number;
  readonly count: number;
}

export type Remainder = "spread" | "drop";

/**
 * The rows of each worker, in worker order.
 *
 * - "drop": m = floor(rows/n) each; worker i owns rows i m .. (i+1) m - 1; the last rows - n m are not used
 *   (as in the experiments of the MARINA paper).
 * - "spread": the first (rows mod n) workers get one more.
 *
 * @throws MarinaError "spec" when there are more workers than rows, or the workers are no positive integer.
 */
export function partition(rows: number, workers: number, remainder: Remainder): readonly RowRange[] {
  checkWorkers(rows, workers);
  return Array.from({ length: workers }, (_, worker) => rowsOf(rows, workers, remainder, worker));
}

/** The rows of one worker, 0 <= worker < workers: `partition(...)[worker]` without the others. */
export function rowsOf(rows: number, workers: number, remainder: Remainder, worker: number): RowRange {
  const each = Math.floor(rows / workers);
  const more = remainder === "spread" ? rows % workers : 0;
  return { first: worker * each + Math.min(worker, more), count: each + (worker < more ? 1 : 0) };
}

/** N: rows that some worker owns. @throws as `partition`. */
export function rowsUsed(rows: number, workers: number, remainder: Remainder): number {
  checkWorkers(rows, workers);
  return remainder === "spread" ? rows : workers * Math.floor(rows / workers);
}

function checkWorkers(rows: number, workers: number): void {
  if (!Number.isInteger(workers) || workers < 1) {
    throw new MarinaError("spec", `workers: expected an integer of at least 1, got ${workers}`);
  }
  if (workers > rows) {
    throw new MarinaError(
      "spec",
      `workers: expected at most ${rows} (the rows of the data set), got ${workers}`,
    );
  }
}
