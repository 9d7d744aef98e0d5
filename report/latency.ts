/** How long rounds took: the distribution, and the rounds that stand out. */

import { quantile } from "../shared/math/index.ts";
import type { RoundRecord } from "../shared/protocol/index.ts";
import type { Latency, SlowRound } from "./report-data.ts";

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

/** A round's latency: from the moment its iterate existed to the moment the next one did. */
export function roundLatencies(run: string, records: readonly RoundRecord[]): SlowRound[] {
  const latencies: SlowRound[] = [];
  for (let i = 0; i + 1 < records.length; i++) {
    const { round, seconds, resent, hedged } = records[i]!;
    const next = records[i + 1]!;
    // A gap: rounds whose records are not there (yet).
    if (next.round !== round + 1) continue;
    latencies.push({ run, round, milliseconds: 1000 * (next.seconds - seconds), resent, hedged });
  }
  return latencies;
}

/** @param budget how many outstanding rounds to keep: the slowest. */
export function latencyOf(rounds: readonly SlowRound[], budget: number): Latency | null {
  if (rounds.length === 0) return null;
  const sorted = Float64Array.from(rounds, ({ milliseconds }) => milliseconds).sort();
  const limit = quantile(sorted, SLOW_SHARE);
  const slow = rounds
    .filter(({ milliseconds, resent }) => milliseconds > limit || resent > 0)
    .sort((a, b) => b.milliseconds - a.milliseconds)
    .slice(0, budget);
  return {
    rounds: rounds.length,
    quantiles: SHARES.map((share) => ({ share, milliseconds: quantile(sorted, share) })),
    slow,
  };
}
