/** Limits on dollars and seconds: does one more round fit? Pure. */
import type { RoundRecord, RunSpec, StoppedBy } from "../../../shared/protocol/index.ts";

/** By the whole run. */
export interface Spent {
  readonly usd: number;
  readonly seconds: number;
}

/**
 * Asked before each round is sent. What is known then is what was spent before it; the round itself is taken to need
 * as much as the most expensive (and longest) one so far, so that a limit is kept unless a round costs more than any
 * before.
 */
export interface Budget {
  /** Where the round under way began; undefined where that is not known. */
  readonly last: Spent | undefined;
  readonly mostExpensiveUsd: number;
  readonly longestSeconds: number;
}

/** @param records rounds that earlier terms did, oldest first. */
export function budgetOf(records: readonly RoundRecord[]): Budget {
  let budget: Budget = { last: undefined, mostExpensiveUsd: 0, longestSeconds: 0 };
  for (const record of records) budget = afterRound(budget, record);
  // The last record is where its round began; where it ended is not known, and this term's start is not it.
  return { ...budget, last: undefined };
}

/** @param now where a round has ended, and the next one begins. */
export function afterRound({ last, mostExpensiveUsd, longestSeconds }: Budget, now: Spent): Budget {
  if (last === undefined) return { last: pick(now), mostExpensiveUsd, longestSeconds };
  return {
    last: pick(now),
    mostExpensiveUsd: Math.max(mostExpensiveUsd, now.usd - last.usd),
    longestSeconds: Math.max(longestSeconds, now.seconds - last.seconds),
  };
}

const pick = ({ usd, seconds }: Spent): Spent => ({ usd, seconds });

/**
 * The next rounds cost so many times as much as those so far, as more workers take part.
 * @param now after the change, which is no round.
 * @param factor >= 1
 */
export function afterChange(budget: Budget, now: Spent, factor: number): Budget {
  return { ...budget, last: now, mostExpensiveUsd: budget.mostExpensiveUsd * factor };
}

/** Which limit the next round would break, if any. */
export function brokenLimit(
  { usd, seconds }: RunSpec["stop"],
  budget: Budget,
  spent: Spent,
): Extract<StoppedBy, "usd" | "seconds"> | undefined {
  if (usd !== undefined && spent.usd + budget.mostExpensiveUsd > usd) return "usd";
  if (seconds !== undefined && spent.seconds + budget.longestSeconds > seconds) return "seconds";
  return undefined;
}
