/** Many seeds of faults over some runs; the first failures are shrunk and traced. */
import { type FaultKind, type FaultName, type FaultRatios, faultKinds, kindOf } from "../embedded/index.ts";
import type { Stage } from "./baseline.ts";
import { shrink } from "./shrink.ts";
import { runTrial, type Trial, type TrialOptions } from "./trial.ts";

/** Failures that are shrunk; the others are only counted. */
const SHRUNK_FAILURES = 3;

export interface CampaignOptions {
  readonly stages: readonly Stage[];
  readonly firstSeed: number;
  readonly seeds: number;
  readonly ratios: FaultRatios;
  readonly costLimit?: number;
  readonly alter?: TrialOptions["alter"];
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

/** Seed s disturbs stage s mod (number of stages). */
export async function runCampaign(options: CampaignOptions): Promise<Campaign> {
  const { stages, firstSeed, seeds, ratios, costLimit, alter, onTrial, onViolation } = options;
  const limit = {
    ...(costLimit === undefined ? {} : { costLimit }),
    ...(alter === undefined ? {} : { alter }),
  };
  const faultsByKind = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Record<FaultKind, number>;
  const endings: Record<string, number> = {};
  const failures: Failure[] = [];
  let worstCost = { multiple: 0, seed: firstSeed };
  let done = 0;
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    const stage = stages[seed % stages.length]!;
    const trial = await runTrial(stage, {
      seed,
      ratios,
      ...limit,
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
      failures.length < SHRUNK_FAILURES
        ? { ...failure, ...(await explain(stage, seed, ratios, trial, limit)) }
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
  limit: Pick<TrialOptions, "costLimit" | "alter">,
): Promise<Pick<Failure, "smallest" | "trace">> {
  const smallest = await shrink(trial.faults, async (only) => {
    const again = await runTrial(stage, { seed, ratios, only, ...limit });
    return again.violations.length > 0;
  });
  const trace: string[] = [];
  await runTrial(stage, {
    seed,
    ratios,
    only: new Set<string>(smallest),
    ...limit,
    trace: (milliseconds, line) => trace.push(`${(milliseconds / 1000).toFixed(3).padStart(10)} s  ${line}`),
  });
  return { smallest, trace };
}
