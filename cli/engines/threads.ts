/** How many threads the embedded cloud may compute gradients on, beside its own. */
import { MarinaError } from "../../shared/math/errors.ts";

/**
 * What MARINA_THREADS says; none when it says nothing, since runs side by side (a sweep's) use the cores better. They
 * start only when a run has large shards and lasts; `bench/rounds.ts` shows what they are worth on a machine.
 * @throws MarinaError "usage" for what is no number of threads.
 */
export function gradientThreads(wanted: string | undefined = process.env["MARINA_THREADS"]): number {
  if (wanted === undefined || wanted === "") return 0;
  const threads = Number(wanted);
  if (Number.isInteger(threads) && threads >= 0 && threads <= 64) return threads;
  throw new MarinaError(
    "usage",
    `MARINA_THREADS: expected a number of threads from 0 to 64, got "${wanted}"`,
  );
}
