/** What an account's concurrency means for a stack that is yet to be deployed. */

import { seconds } from "../shared/base/index.ts";
import type { AccountConcurrency } from "../shared/cloud/aws/index.ts";
import {
  AGGREGATOR_TIMEOUT_SECONDS,
  HANDOVER_MARGIN_SECONDS,
  LEAST_ACCOUNT_CONCURRENCY,
  planConcurrency,
} from "../shared/protocol/index.ts";
import type { Check } from "./preflight.ts";

/** Quota of most accounts that are no longer new. Lambda quotas page. */
const USUAL_CONCURRENCY = 1000;
const QUOTA_CODE = "L-B99A9384";

export function accountChecks({ region, quota, unreserved }: AccountConcurrency): Check[] {
  const reserved = quota - unreserved;
  const others = reserved > 0 ? `, ${reserved} of them reserved by functions that are there already` : "";
  const raise = `aws service-quotas request-service-quota-increase --service-code lambda --quota-code ${QUOTA_CODE} --desired-value ${USUAL_CONCURRENCY}`;
  const enough = unreserved >= LEAST_ACCOUNT_CONCURRENCY;
  const checks: Check[] = [
    {
      good: enough,
      text: `account concurrency in ${region}: ${quota}${others}${enough ? "" : `; a stack needs ${LEAST_ACCOUNT_CONCURRENCY} that are free: ${raise}`}`,
    },
  ];
  if (!enough) return checks;
  const { workers, aggregators, reserved: setAside } = planConcurrency(unreserved);
  checks.push({ good: true, text: `deploy with: npx cdk deploy -c accountConcurrency=${unreserved}` });
  checks.push({
    good: true,
    text: `that is ${workers} workers and ${aggregators} runs concurrently, ${setAside ? `${aggregators} reserved for the runs' aggregators` : "nothing reserved"}`,
  });
  if (quota < USUAL_CONCURRENCY) checks.push({ good: true, text: `for more ask AWS, it is free: ${raise}` });
  return checks;
}

export interface Concurrency {
  /** What the stack's mapping allows. */
  readonly mapping: number;
  /** What the account has that no function has reserved. */
  readonly unreserved: number;
  /** Reserved for the aggregators; undefined where nothing is, and they need some of the above. */
  readonly reserved: number | undefined;
}

/** Workers that can run at once beside one run's aggregator. */
export function workersAtOnce({ mapping, unreserved, reserved }: Concurrency): number {
  return Math.max(1, Math.min(mapping, reserved === undefined ? unreserved - 1 : unreserved));
}

/** A round is done by one tenure: longer ones are cut off and begun again. */
const LONGEST_ROUND_SECONDS = AGGREGATOR_TIMEOUT_SECONDS - HANDOVER_MARGIN_SECONDS;

/** How a round's tasks fit what can run at once. @param task how long the largest takes. */
export function checkTurns(tasks: number, taskSeconds: number, concurrency: Concurrency): Check[] {
  const { mapping, unreserved, reserved } = concurrency;
  const most = workersAtOnce(concurrency);
  const stack = `account concurrency: ${unreserved} unreserved, the stack's limit ${mapping}: `;
  const better = planConcurrency(Math.max(LEAST_ACCOUNT_CONCURRENCY, unreserved + (reserved ?? 0)));
  const more =
    better.workers > mapping
      ? `; the account allows ${better.workers}: npx cdk deploy -c accountConcurrency=${unreserved + (reserved ?? 0)}`
      : "; for more ask AWS for a higher quota, then deploy with it";
  if (tasks <= most) {
    return [{ good: true, text: `${stack}${most} workers at once, enough for ${tasks} tasks a round` }];
  }
  const turns = Math.ceil(tasks / most);
  const needed = turns * taskSeconds;
  const good = needed < LONGEST_ROUND_SECONDS;
  const advice = good
    ? more
    : `: longer than the ${LONGEST_ROUND_SECONDS} s that one may take; give the spec fewer workers${more}`;
  return [
    {
      good,
      text: `${stack}${most} workers at once, so a round's ${tasks} tasks take ${turns} turns of up to ${seconds(taskSeconds)}, ${seconds(needed)}${advice}`,
    },
  ];
}
