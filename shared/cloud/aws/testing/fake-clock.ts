/** A clock whose sleeps end at once, and which remembers them. */
import type { Clock } from "../../ports.ts";

export interface FakeClock extends Clock {
  readonly slept: readonly number[];
}

export function createFakeClock(): FakeClock {
  const slept: number[] = [];
  let now = 0;
  return {
    slept,
    now: () => now,
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      now += milliseconds;
    },
  };
}
