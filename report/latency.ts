/** How long rounds took: the distribution, and the rounds that stand out. */

import type { Latencies } from "../client/index.ts";
import { quantile } from "../shared/math/index.ts";
import type { Latency } from "./report-data.ts";

const SHARES = [
  ...Array.from({ length: 100 }, (_, i) => i / 100),
  0.992,
  0.994,
  0.995,
  0.996,
  0.997,
  0.998,
  0.999,
  0.9995,
  0.9999,
  1,
];
/** Rounds slower than this share of all stand out. */
const SLOW_SHARE = 0.99;

/** Stretches of rounds, of which each shows its slowest. */
const STRETCHES = 40;

/** How long the rounds of one run took. */
export interface RunLatencies extends Latencies {
  readonly run: string;
}

/** @param budget how many outstanding rounds to keep: the slowest. */
export function latencyOf(runs: readonly RunLatencies[], budget: number): Latency | null {
  const rounds = runs.reduce((sum, run) => sum + run.rounds, 0);
  if (rounds === 0) return null;
  const sorted = Float64Array.from(runs.flatMap(({ sample }) => sample)).sort();
  const limit = quantile(sorted, SLOW_SHARE);
  const slow = runs
    .flatMap(({ run, slow: rows }) => rows.map((row) => ({ run, ...row })))
    .filter(({ milliseconds, resent }) => milliseconds > limit || resent > 0)
    .sort((a, b) => b.milliseconds - a.milliseconds)
    .slice(0, budget);
  const seen = new Set<string>();
  const longest = Math.max(...runs.map((run) => run.rounds));
  const most = Math.max(...runs.map((run) => run.most));
  return {
    rounds,
    // A sample may lack the slowest one.
    quantiles: SHARES.map((share) => ({ share, milliseconds: share === 1 ? most : quantile(sorted, share) })),
    // The slowest of each stretch of rounds: points over points tell nothing.
    slow: slow.filter(({ round, resent }) => {
      const stretch = `${Math.floor((STRETCHES * round) / longest)} ${resent > 0}`;
      return !seen.has(stretch) && seen.add(stretch);
    }),
  };
}
