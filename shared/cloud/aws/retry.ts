/** Retries of what the SDK does not retry by itself. */
import type { Clock } from "../index.ts";

/** Waits before the attempt after number `attempt` (from 1): 50 ms, 100 ms, 200 ms, ... with full jitter, at most 2 s. */
export function backOff(clock: Clock, attempt: number): Promise<void> {
  const longest = Math.min(2000, 50 * 2 ** (attempt - 1));
  // Real time and real contention: no stream of the run's must be drawn from here.
  return clock.sleep(longest * (0.5 + 0.5 * Math.random()));
}
