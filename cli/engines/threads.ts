/** How many threads the embedded cloud may compute gradients on, beside its own. */
import { availableParallelism } from "node:os";
import { MarinaError } from "../../shared/math/errors.ts";

/** More have nothing to do: each round's tasks come one after another. */
const MOST = 7;

/**
 * One for each core but its own, or what MARINA_THREADS says. They start only when a run has large shards and lasts.
 * @throws MarinaError "usage" for what is no number of threads.
 */
export function gradientThreads(wanted: string | undefined = process.env["MARINA_THREADS"]): number {
  if (wanted === undefined || wanted === "") return Math.min(MOST, availableParallelism() - 1);
  const threads = Number(wanted);
  if (Number.isInteger(threads) && threads >= 0 && threads <= 64) return threads;
  throw new MarinaError(
    "usage",
    `MARINA_THREADS: expected a number of threads from 0 to 64, got "${wanted}"`,
  );
}
