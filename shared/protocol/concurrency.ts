/** How a stack shares an account's concurrency between workers, aggregators, and whatever else the account runs. Pure. */

/** Quota of a new account; nothing smaller is known. What is right for it is right for every account. Lambda quotas page. */
export const LEAST_ACCOUNT_CONCURRENCY = 10;
/**
 * Lambda refuses a reservation that leaves less than this to functions without one. New accounts have a lower bound, which
 * the API does not tell. Lambda guide, reserved concurrency.
 */
const UNRESERVED_MINIMUM = 100;
/** Lambda: bounds of an event source mapping's maximum concurrency. Lambda guide, SQS scaling. */
export const MAPPING_CONCURRENCY = { least: 2, most: 1000 } as const;
/** One aggregator in so many, up to a limit. */
const ACCOUNT_SHARE_PER_AGGREGATOR = 50;
const MOST_AGGREGATORS = 20;
/** Left to whatever else the account runs: a share, so none of the smallest quota. */
const OTHERS_SHARE = 0.08;

export interface ConcurrencyPlan {
  /** Aggregators, so runs, concurrently. */
  readonly aggregators: number;
  /** Workers concurrently, of all runs together. */
  readonly workers: number;
  /** Is the aggregators' concurrency set aside, so that workers can't starve them? */
  readonly reserved: boolean;
}

/** What a deployment asks for beside what its account has. */
export interface ConcurrencyWishes {
  readonly aggregators?: number | undefined;
  readonly workers?: number | undefined;
}

/** The most workers that an account leaves beside so many aggregators. */
export function mostWorkers(accountConcurrency: number, aggregators: number): number {
  return Math.min(MAPPING_CONCURRENCY.most, accountConcurrency - aggregators);
}

/**
 * Workers and aggregators together never exceed the account: an invocation that Lambda refuses counts as a delivery, and
 * five deliveries bury a message.
 * @param accountConcurrency at least LEAST_ACCOUNT_CONCURRENCY
 */
export function planConcurrency(accountConcurrency: number, wishes: ConcurrencyWishes = {}): ConcurrencyPlan {
  const share = Math.floor(accountConcurrency / ACCOUNT_SHARE_PER_AGGREGATOR);
  const aggregators =
    wishes.aggregators ?? Math.min(MOST_AGGREGATORS, Math.max(MAPPING_CONCURRENCY.least, share));
  const most = mostWorkers(accountConcurrency, aggregators);
  const others = Math.floor(OTHERS_SHARE * accountConcurrency);
  const least = MAPPING_CONCURRENCY.least;
  const workers =
    wishes.workers ??
    Math.max(least, Math.min(MAPPING_CONCURRENCY.most, accountConcurrency - aggregators - others));
  return {
    aggregators,
    workers: Math.min(workers, most),
    reserved: accountConcurrency - aggregators >= UNRESERVED_MINIMUM,
  };
}
