/** Many seeds of faults over some runs; the first failures are shrunk and traced. */
import { type FaultKind, type FaultName, type FaultRatios, faultKinds, kindOf } from "../embedded/index.ts";
import type { Stage } from "./baseline.ts";
import { shrink } from "./shrink.ts";
import { runTrial, type Trial, type TrialOptions } from "./trial.ts";

/** Failures of a campaign that are shrunk and traced unless told otherwise. */
export const SHRUNK_FAILURES = 3;

export interface SeedsOptions {
  readonly stages: readonly Stage[];
  readonly ratios: FaultRatios;
  readonly alter?: TrialOptions["alter"];
  /** Failures that are shrunk and traced, at most; the others are only told. */
  readonly explained?: number;
  readonly onTrial?: (trial: Trial, done: number) => void;
  /** Told at once of whatever must not be: what is wrong may keep its trial from ever ending. */
  readonly onViolation?: (seed: number, what: string) => void;
}

export interface Failure {
  readonly stage: string;
  readonly seed: number;
  readonly violations: readonly string[];
  /** The smallest set of faults found that still fails; undefined where it was not looked for. */
  readonly smallest?: readonly FaultName[];
  /** Events of the smallest failing replay: virtual seconds and what happened. */
  readonly trace?: readonly string[];
}

export interface Campaign {
  readonly seeds: number;
  readonly failures: readonly Failure[];
  readonly faultsByKind: Readonly<Record<FaultKind, number>>;
  /** How runs ended before anything was repaired. */
  readonly endings: Readonly<Record<string, number>>;
  readonly worstCost: { readonly multiple: number; readonly seed: number };
}

/** That of no seeds. */
export function emptyCampaign(): Campaign {
  return {
    seeds: 0,
    failures: [],
    faultsByKind: Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Record<FaultKind, number>,
    endings: {},
    worstCost: { multiple: 0, seed: 0 },
  };
}

/** What two campaigns over different seeds have come to together. */
export function together(one: Campaign, other: Campaign): Campaign {
  const endings: Record<string, number> = { ...one.endings };
  for (const [ending, count] of Object.entries(other.endings))
    endings[ending] = (endings[ending] ?? 0) + count;
  const counts = faultKinds.map((kind) => [
    kind,
    (one.faultsByKind[kind] ?? 0) + (other.faultsByKind[kind] ?? 0),
  ]);
  return {
    seeds: one.seeds + other.seeds,
    failures: [...one.failures, ...other.failures].sort((a, b) => a.seed - b.seed),
    faultsByKind: Object.fromEntries(counts) as Record<FaultKind, number>,
    endings,
    worstCost: other.worstCost.multiple > one.worstCost.multiple ? other.worstCost : one.worstCost,
  };
}

/** One after the other. Seed s disturbs stage s mod (number of stages). */
export async function runSeeds(seeds: readonly number[], options: SeedsOptions): Promise<Campaign> {
  const { stages, ratios, alter, onTrial, onViolation, explained = SHRUNK_FAILURES } = options;
  const bug = alter === undefined ? {} : { alter };
  const faultsByKind: Record<FaultKind, number> = { ...emptyCampaign().faultsByKind };
  const endings: Record<string, number> = {};
  const failures: Failure[] = [];
  let worstCost = emptyCampaign().worstCost;
  let done = 0;
  for (const seed of seeds) {
    const stage = stages[seed % stages.length]!;
    const trial = await runTrial(stage, {
      seed,
      ratios,
      ...bug,
      ...(onViolation === undefined ? {} : { onViolation: (what) => onViolation(seed, what) }),
    });
    done++;
    for (const fault of trial.faults) faultsByKind[kindOf(fault)]++;
    endings[trial.ended] = (endings[trial.ended] ?? 0) + 1;
    if (trial.costMultiple > worstCost.multiple) worstCost = { multiple: trial.costMultiple, seed };
    onTrial?.(trial, done);
    if (trial.violations.length === 0) continue;
    const failure: Failure = { stage: stage.name, seed, violations: trial.violations };
    failures.push(
      failures.length < explained
        ? { ...failure, ...(await explain(stage, seed, ratios, trial, bug)) }
        : failure,
    );
  }
  return { seeds: done, failures, faultsByKind, endings, worstCost };
}

async function explain(
  stage: Stage,
  seed: number,
  ratios: FaultRatios,
  trial: Trial,
  bug: Pick<TrialOptions, "alter">,
): Promise<Pick<Failure, "smallest" | "trace">> {
  const smallest = await shrink(trial.faults, async (only) => {
    const again = await runTrial(stage, { seed, ratios, only, ...bug });
    return again.violations.length > 0;
  });
  const trace: string[] = [];
  await runTrial(stage, {
    seed,
    ratios,
    only: new Set<string>(smallest),
    ...bug,
    trace: (milliseconds, line) => trace.push(`${(milliseconds / 1000).toFixed(3).padStart(10)} s  ${line}`),
  });
  return { smallest, trace };
}
