/** From the rounds of like runs to one curve of a report, with as many points as all curves together leave to it. */
import type { KeptRound, RoundsDigest } from "../client/index.ts";
import { runCurve, seedsCurve } from "./curve.ts";
import { heldOutPoints } from "./held-out.ts";
import { latencyOf } from "./latency.ts";
import { AXES, type Series } from "./report-data.ts";

/** Points of all curves together: what a page draws in a moment. */
const POINTS = 16_000;
const POINTS_PER_CURVE = { least: 40, most: 600 } as const;
/** Positions at which quartiles over seeds are told: a median is smooth, but each axis has a row of numbers of its own. */
const POSITIONS_OF_SEEDS = { least: 40, most: 160 } as const;
const ROWS = { run: AXES.length + 2, seeds: AXES.length * (1 + 2 * 3) };
const SLOW_ROUNDS = 4000;
const SLOW_ROUNDS_PER_CURVE = 300;

/** How much of itself a curve may show. */
export interface Share {
  readonly points: number;
  readonly slowRounds: number;
}

export function shareOf(curves: number): Share {
  const points = Math.floor(POINTS / Math.max(1, curves));
  return {
    points: Math.min(POINTS_PER_CURVE.most, Math.max(POINTS_PER_CURVE.least, points)),
    slowRounds: Math.min(SLOW_ROUNDS_PER_CURVE, Math.ceil(SLOW_ROUNDS / Math.max(1, curves))),
  };
}

/** A run of a curve. */
export interface SeriesRun {
  readonly run: string;
  readonly rounds: RoundsDigest;
  /** Null before the first checkpoint. */
  readonly usdByItem: Readonly<Record<string, number>> | null;
}

/** What a series shows of its runs' rounds and bills. */
export function seriesOf(
  runs: readonly SeriesRun[],
  { points, slowRounds }: Share,
): Pick<Series, "runs" | "curve" | "usdByItem" | "latency" | "heldOut"> {
  const kept = runs.map(({ rounds }) => rounds.kept).filter((rounds) => rounds.length > 0);
  return {
    runs: runs.map(({ run }) => run),
    curve: kept.length === 0 ? null : curveOf(kept, runs.length, points),
    usdByItem: meanOf(runs.map(({ usdByItem }) => usdByItem).filter((bill) => bill !== null)),
    latency: latencyOf(
      runs.map(({ run, rounds }) => ({ run, ...rounds.latencies })),
      slowRounds,
    ),
    heldOut: runs.flatMap(({ run, rounds }) =>
      heldOutPoints(run, rounds.kept, Math.ceil(points / runs.length)),
    ),
  };
}

function curveOf(records: readonly (readonly KeptRound[])[], runs: number, points: number): Series["curve"] {
  if (runs === 1) return runCurve(records[0]!, points);
  const { least, most } = POSITIONS_OF_SEEDS;
  const positions = Math.round((points * ROWS.run) / ROWS.seeds);
  return seedsCurve(records, Math.min(most, Math.max(least, positions)));
}

/** Item by item; null of none. */
function meanOf(bills: readonly Readonly<Record<string, number>>[]): Record<string, number> | null {
  const first = bills[0];
  if (first === undefined) return null;
  const mean = (item: string): number =>
    bills.reduce((sum, bill) => sum + (bill[item] ?? 0), 0) / bills.length;
  return Object.fromEntries(Object.keys(first).map((item) => [item, mean(item)]));
}

/** The least loss that was seen of each problem: what curves of f - best are measured from. */
export class BestLosses {
  readonly #best = new Map<string, number>();

  /** @param problem the same text for runs that minimise the same function */
  see(problem: string, { leastLoss }: Pick<RoundsDigest, "leastLoss">): void {
    const best = this.#best.get(problem) ?? Number.POSITIVE_INFINITY;
    if (leastLoss !== null && leastLoss < best) this.#best.set(problem, leastLoss);
  }

  of(problem: string): number | null {
    return this.#best.get(problem) ?? null;
  }
}
