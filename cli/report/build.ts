/** From stored runs to what a report shows. */
import { canonicalJson } from "../../shared/protocol/digest.ts";
import { billItems } from "./bill-items.ts";
import type { CollectedRun } from "./collect.ts";
import { runCurve, seedsCurve } from "./curve.ts";
import { type Group, groupRuns } from "./grouping.ts";
import { latencyOf, roundLatencies } from "./latency.ts";
import { onFront } from "./pareto.ts";
import { recipeOf } from "./recipe.ts";
import type { Reached, ReportData, RunSummary, Series } from "./report-data.ts";

/** Points of all curves together: what a page draws in a moment. */
const POINTS = 16_000;
const POINTS_PER_CURVE = { least: 40, most: 600 } as const;
/** A median over seeds is smooth. */
const POSITIONS_OF_SEEDS = 160;
const SLOW_ROUNDS = 4000;
const SLOW_ROUNDS_PER_CURVE = 300;
const BITS_PER_MBIT = 1e6;

export interface BuildOptions {
  readonly title: string;
  /** Seconds and dollars are a prediction. */
  readonly predicts: boolean;
}

export function buildReport(runs: readonly CollectedRun[], { title, predicts }: BuildOptions): ReportData {
  const groups = groupRuns(runs);
  const share = Math.floor(POINTS / groups.length);
  const points = Math.min(POINTS_PER_CURVE.most, Math.max(POINTS_PER_CURVE.least, share));
  const slow = Math.min(SLOW_ROUNDS_PER_CURVE, Math.ceil(SLOW_ROUNDS / groups.length));
  const best = bestLosses(runs);
  const summaries = groups.flatMap(({ name, runs: members }) => members.map((run) => summaryOf(run, name)));
  const series = groups.map((group) => seriesOf(group, points, slow, best));
  return {
    title,
    predicts,
    billItems: [...new Set(series.flatMap(({ usdByItem }) => Object.keys(usdByItem ?? {})))],
    series,
    runs: summaries,
    reached: reachedOf(groups),
    recipes: runs.map(recipeOf),
  };
}

function seriesOf(
  { name, runs }: Group,
  points: number,
  slow: number,
  best: ReadonlyMap<string, number>,
): Series {
  const records = runs.map((run) => run.records);
  const latencies = runs.flatMap((run) => roundLatencies(run.stored.run, run.records));
  return {
    name,
    runs: runs.map(({ stored }) => stored.run),
    curve:
      runs.length === 1
        ? runCurve(records[0]!, points)
        : seedsCurve(records, Math.min(points, POSITIONS_OF_SEEDS)),
    bestLoss: best.get(problemKey(runs[0]!)) ?? null,
    usdByItem: meanBill(runs),
    latency: latencyOf(latencies, slow),
    workers: runs.length === 1 ? workersOf(runs[0]!, points) : [],
  };
}

/** Runs with the same key minimise the same function. */
function problemKey({ stored, result, progress }: CollectedRun): string {
  const rows = (result?.constants ?? progress?.constants)?.rows ?? null;
  return canonicalJson({ problem: stored.spec.problem, data: stored.data.sha256, rows });
}

function bestLosses(runs: readonly CollectedRun[]): Map<string, number> {
  const best = new Map<string, number>();
  for (const run of runs) {
    const key = problemKey(run);
    for (const { loss } of run.records) {
      if (loss !== null && loss < (best.get(key) ?? Number.POSITIVE_INFINITY)) best.set(key, loss);
    }
  }
  return best;
}

function meanBill(runs: readonly CollectedRun[]): Record<string, number> | null {
  return meanOf(
    runs
      .map(({ result, progress }) => billItems(result?.usage ?? progress?.usage))
      .filter((bill) => bill !== null),
  );
}

/** Item by item; null of none. */
export function meanOf(bills: readonly Readonly<Record<string, number>>[]): Record<string, number> | null {
  const first = bills[0];
  if (first === undefined) return null;
  const mean = (item: string): number =>
    bills.reduce((sum, bill) => sum + (bill[item] ?? 0), 0) / bills.length;
  return Object.fromEntries(Object.keys(first).map((item) => [item, mean(item)]));
}

/** An elastic run changes its workers at dense rounds; others have nothing to show. */
function workersOf({ records }: CollectedRun, budget: number): Series["workers"] {
  const dense = records.filter((record) => record.dense);
  if (new Set(dense.map(({ slots }) => slots)).size < 2) return [];
  const changes = records.filter(
    ({ slots }, i) => i === 0 || i === records.length - 1 || slots !== records[i - 1]!.slots,
  );
  const step = Math.max(1, Math.ceil(changes.length / budget));
  return changes
    .filter((_, i) => i % step === 0 || i === changes.length - 1)
    .map(({ round, seconds, slots }) => ({ round, seconds, workers: slots }));
}

function summaryOf({ stored, result, progress, records }: CollectedRun, series: string): RunSummary {
  const { spec, run } = stored;
  const last = records.at(-1);
  const initial = result?.initialGradientNormSquared ?? progress?.initialGradientNormSquared ?? null;
  const norm = result?.gradientNormSquared ?? last?.gradientNormSquared ?? null;
  return {
    run,
    series,
    data: spec.data,
    workers: spec.workers,
    seed: spec.seed,
    status: result?.status ?? "running",
    ended: endedText(result),
    rounds: result?.rounds ?? last?.round ?? 0,
    loss: result?.loss ?? last?.loss ?? null,
    gradientNormSquared: norm,
    relativeGradientNormSquared:
      result?.relativeGradientNormSquared ?? (norm !== null && initial ? norm / initial : null),
    uplinkMbit: (result?.uplinkBitsPerWorker ?? last?.uplinkBitsPerWorker ?? 0) / BITS_PER_MBIT,
    seconds: result?.seconds ?? last?.seconds ?? 0,
    usd: result?.usd ?? last?.usd ?? 0,
    resentTasks: result?.resentTasks ?? progress?.totals.resent ?? 0,
  };
}

function endedText(result: CollectedRun["result"]): string {
  if (result === undefined) return "unfinished";
  if (result.error !== null) return `${result.status}: ${result.error}`;
  if (result.status !== "done") return result.status;
  return result.stoppedBy === "rounds" ? "rounds used up" : "accuracy reached";
}

function reachedOf(groups: readonly Group[]): Reached[] {
  const reached = groups.flatMap(({ name, runs }) =>
    runs.flatMap(({ stored, result }) =>
      result?.status === "done" && result.stoppedBy?.endsWith("radientNormSquared") === true
        ? [
            {
              run: stored.run,
              series: name,
              seconds: result.seconds,
              usd: result.usd,
              uplinkMbit: result.uplinkBitsPerWorker / BITS_PER_MBIT,
            },
          ]
        : [],
    ),
  );
  return withFront(reached);
}

export function withFront(reached: readonly Omit<Reached, "onFront">[]): Reached[] {
  const front = onFront(reached.map(({ usd, seconds }) => [usd, seconds]));
  return reached.map((point, i) => ({ ...point, onFront: front[i]! }));
}
