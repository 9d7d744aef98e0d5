/** How many threads the embedded cloud may compute gradients on, beside its own. */
import { availableParallelism } from "node:os";
import { MarinaError } from "../../shared/base/index.ts";

/** More are of little use: one thread does everything else. */
const MOST_BY_ITSELF = 7;

/**
 * What MARINA_THREADS says; when it says nothing, one for each core but the one that does everything else. They start only
 * when a run has large shards and lasts; `bench/rounds.ts` shows what they are worth on a machine.
 * @throws MarinaError "usage" for what is no number of threads.
 */
export function gradientThreads(
  wanted: string | undefined = process.env["MARINA_THREADS"],
  cores: number = availableParallelism(),
): number {
  if (wanted === undefined || wanted === "") return Math.min(MOST_BY_ITSELF, cores - 1);
  const threads = Number(wanted);
  if (Number.isInteger(threads) && threads >= 0 && threads <= 64) return threads;
  throw new MarinaError(
    "usage",
    `MARINA_THREADS: expected a number of threads from 0 to 64, got "${wanted}"`,
  );
}
