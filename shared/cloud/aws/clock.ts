/** The clock of a real process. */
import type { Clock } from "../index.ts";

/** Node fires a timer longer than this at once. */
const LONGEST_TIMER_MILLISECONDS = 2 ** 31 - 1;

/**
 * Monotonic: a correction of the system's time must not look like a slow round.
 *
 * Sleeps keep the process alive. A handler may have nothing but a sleep to wait for, and Node ends a process that waits
 * for unref'd timers only: on Lambda the invocation would be cut off without a word. What a handler leaves behind when
 * it returns does no harm there: the environment is frozen, and the sleep ends in a later invocation or never.
 */
export function createSystemClock(): Clock {
  return {
    now: () => performance.now(),
    sleep: (milliseconds) =>
      new Promise((resolve) => {
        setTimeout(resolve, Math.min(Math.max(0, milliseconds), LONGEST_TIMER_MILLISECONDS));
      }),
  };
}
