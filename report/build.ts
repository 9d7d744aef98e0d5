/** From stored runs to what a report shows. */

import { type CollectedRun, endedText, reachedAccuracy } from "../client/index.ts";
import { onFront } from "../shared/math/index.ts";
import { canonicalJson, type MembershipEpoch, type RunResult } from "../shared/protocol/index.ts";
import { billItems } from "./bill-items.ts";
import { groupRuns } from "./grouping.ts";
import { recipeOf } from "./recipe.ts";
import type { Reached, ReportData, RunSummary, Series, WorkersStep } from "./report-data.ts";
import { BestLosses, seriesOf, shareOf } from "./series.ts";
import { workersOverRun, workersSteps } from "./workers.ts";

const BITS_PER_MBIT = 1e6;

export interface BuildOptions {
  readonly title: string;
  /** Seconds and dollars are a prediction. */
  readonly predicts: boolean;
}

export function buildReport(runs: readonly CollectedRun[], { title, predicts }: BuildOptions): ReportData {
  const groups = groupRuns(runs);
  const share = shareOf(groups.length);
  const best = new BestLosses();
  for (const run of runs) best.see(problemOf(run), run.rounds);
  const series: Series[] = groups.map(({ name, runs: members }) => {
    const inputs = members.map(({ stored, rounds, result, progress }) => ({
      run: stored.run,
      rounds,
      usdByItem: billItems(result?.usage ?? progress?.usage),
    }));
    return {
      name,
      settings: {},
      ...seriesOf(inputs, share),
      bestLoss: best.of(problemOf(members[0]!)),
      workers: members.flatMap(workersOf),
    };
  });
  return {
    title,
    predicts,
    billItems: [...new Set(series.flatMap(({ usdByItem }) => Object.keys(usdByItem ?? {})))],
    series,
    ...(runs.some(({ stored }) => stored.spec.heldOut !== undefined) ? { heldOut: true } : {}),
    runs: groups.flatMap(({ name, runs: members }) => members.map((run) => summaryOf(run, name))),
    reached: withFront(
      groups.flatMap(({ name, runs: members }) => members.flatMap((run) => reachedOf(run, name))),
    ),
    recipes: runs.map(recipeOf),
    advice: [],
    power: [],
  };
}

/** The same for runs that minimise the same function. */
function problemOf({ stored, result, progress }: CollectedRun): string {
  const rows = (result?.constants ?? progress?.constants)?.rows ?? null;
  return canonicalJson({ problem: stored.spec.problem, data: stored.data.sha256, rows });
}

function epochsOf({ result, progress }: CollectedRun): readonly MembershipEpoch[] {
  return result?.phases ?? progress?.elastic.phases ?? [];
}

function workersOf(run: CollectedRun): WorkersStep[] {
  return workersSteps(run.stored.run, epochsOf(run), run.rounds.last);
}

function summaryOf(collected: CollectedRun, series: string): RunSummary {
  const { stored, result, progress, rounds } = collected;
  const { spec, run } = stored;
  const { last } = rounds;
  const initial = result?.initialGradientNormSquared ?? progress?.initialGradientNormSquared ?? null;
  const norm = result?.gradientNormSquared ?? last?.gradientNormSquared ?? null;
  return {
    run,
    series,
    data: spec.data,
    workers: workersOverRun(epochsOf(collected), spec),
    seed: spec.seed,
    status: result?.status ?? "running",
    ended: result === undefined ? "unfinished" : endedWhy(result),
    rounds: result?.rounds ?? last?.round ?? 0,
    epochs: last?.epochs ?? null,
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

/** How a run ended, and why it failed. */
export function endedWhy(result: Parameters<typeof endedText>[0] & Pick<RunResult, "error">): string {
  return result.error === null ? endedText(result) : `${result.status}: ${result.error}`;
}

function reachedOf({ stored, result }: CollectedRun, series: string): Omit<Reached, "onFront">[] {
  if (result?.status !== "done" || !reachedAccuracy(result.stoppedBy)) return [];
  const { seconds, usd, uplinkBitsPerWorker } = result;
  return [{ run: stored.run, series, seconds, usd, uplinkMbit: uplinkBitsPerWorker / BITS_PER_MBIT }];
}

export function withFront(reached: readonly Omit<Reached, "onFront">[]): Reached[] {
  const front = onFront(reached.map(({ usd, seconds }) => [usd, seconds]));
  return reached.map((point, i) => ({ ...point, onFront: front[i]! }));
}
