/**
 * A calibration between two of its questions: the workers compute the spectra of their shards (and, where a step size needs
 * L_f, the steps of a distributed power iteration), once per data set and partition; the theory turns them into step sizes.
 * Pure: what has been answered goes in, the next question or the constants come out.
 */
import { MarinaError } from "../../../shared/base/index.ts";
import { promiseOf } from "../../../shared/compressors/index.ts";
import { POWER_STEP_LIMIT, type PowerState } from "../../../shared/math/index.ts";
import {
  type CalibrationNeed,
  calibrationNeeds,
  guaranteedRounds,
  isGivenMu,
  type Probe,
  resolveNumbers,
  type StartingPoint,
} from "../../../shared/methods/index.ts";
import {
  HESSIAN_DIMENSION_LIMIT,
  type HessianSums,
  hasQuadraticLoss,
  hessianConstants,
  knownMu,
  problemWarning,
  type Smoothness,
  type SmoothnessRules,
  smoothnessRules,
} from "../../../shared/problems/index.ts";
import type { Constants, Preparation, RunSpec, Spectra } from "../../../shared/protocol/index.ts";
import type { NumberedMembership } from "../membership/decide.ts";
import type { ActiveRun } from "../term/active-run.ts";

export interface Calibration {
  /** For whom. */
  readonly membership: NumberedMembership;
  /** What is known of the shards, from the workers or from beside the data set. */
  readonly spectra: Spectra | undefined;
  /** The power iteration that is under way. */
  readonly power: PowerState | undefined;
  /** The stored object of its progress, if there is one; and its steps then. */
  readonly stored: { readonly etag: string | undefined; readonly steps: number };
  /** f and its gradient at x^0, where the step size needs them. */
  readonly start: StartingPoint | undefined;
  /** The Hessians of the workers, as far as they are known, where the step size needs mu or L_pm of them. */
  readonly hessians: HessianSums | undefined;
  /** What is known near x^0, where the step size needs that alone. */
  readonly probe: Probe | undefined;
  /** What all calibrations of the run have taken. */
  readonly preparation: Preparation;
  /** Has anything been asked that `preparation.json` does not know of? */
  readonly asked: boolean;
  /** Present when all is done. */
  readonly constants?: Constants;
  /** L_i of each worker, where they are bounds. */
  readonly Li?: readonly number[];
}

export type Question = "spectra" | "average-smoothness" | "hessians" | "start" | "probe";

/** The parts of a run that its constants depend on. */
export type Calibrated = Pick<
  ActiveRun,
  "spec" | "algorithm" | "workers" | "compressor" | "dimension" | "rows"
>;

/** What is to be found out next; undefined when all is known. */
export function nextQuestion(
  { spec, algorithm, dimension }: Calibrated,
  { spectra, start, hessians, probe }: Calibration,
): Question | undefined {
  const needs = calibrationNeeds(algorithm);
  // What is measured takes the place of all that is known of the problem.
  if (needs.includes("probe")) return probe === undefined || probe.next !== undefined ? "probe" : undefined;
  if (smoothnessRules(spec.problem) === undefined) return undefined;
  if (spectra === undefined) return "spectra";
  const average = spec.smoothness === "exact" && calibrationNeeds(algorithm).includes("average-smoothness");
  if (average && spectra.gramEigenvalue === undefined && spectra.gramSteps === undefined)
    return "average-smoothness";
  if (needsHessians(spec.problem, dimension, needs) && (hessians?.columns ?? 0) < dimension)
    return "hessians";
  if (needs.includes("starting-point") && start === undefined) return "start";
  return undefined;
}

/** Is anything wanted of the Hessians that is not known without them? */
function needsHessians(
  problem: RunSpec["problem"],
  dimension: number,
  needs: readonly CalibrationNeed[],
): boolean {
  if (needs.includes("polyak-lojasiewicz") && knownMu(problem, dimension).from === "Hessian") return true;
  return (
    needs.includes("hessian-variance") && hasQuadraticLoss(problem) && dimension <= HESSIAN_DIMENSION_LIMIT
  );
}

/** Spectra with what a power iteration has come to, once it has: its eigenvalue, or that it was given up. */
export function withPower(spectra: Spectra, { converged, eigenvalue, steps }: PowerState): Spectra {
  if (converged) return { ...spectra, gramEigenvalue: eigenvalue };
  return steps >= POWER_STEP_LIMIT ? { ...spectra, gramSteps: steps } : spectra;
}

/** What a calibration has found out. */
export type Findings = Pick<Calibration, "spectra" | "start" | "hessians" | "probe">;

/** The constants of a run. @throws MarinaError "spec" for a step size that the method or the problem does not have. */
export function constantsOf(
  run: Calibrated,
  findings: Findings,
): { readonly constants: Constants; readonly Li?: readonly number[]; readonly warning?: string } {
  const { spec, algorithm, workers, compressor, dimension, rows } = run;
  const { start, hessians } = findings;
  const exact = hessians === undefined ? undefined : hessianConstants(hessians);
  const {
    smoothness: known,
    warning = problemWarning(spec.problem, spec.stop),
    told,
  } = smoothnessFrom(run, findings);
  const bounds = exact === undefined ? known : { ...known, Lpm: exact.Lpm };
  const mu = muOf(run, exact?.mu);
  const { relativeGradientNormSquared: relative, gradientNormSquared: absolute } = spec.stop;
  const target =
    absolute ??
    (relative !== undefined && start !== undefined ? relative * start.gradientNormSquared : undefined);
  const setting = {
    workers,
    rowsPerWorker: rows / workers,
    compressor,
    smoothness: bounds,
    rounds: spec.stop.rounds,
    ...(start === undefined ? {} : { start }),
    ...(target === undefined ? {} : { targetGradientNormSquared: target }),
    ...(mu === undefined ? {} : { mu }),
  };
  const numbers = resolveNumbers(algorithm, setting);
  if (!Number.isFinite(numbers.stepSize) || numbers.stepSize <= 0) {
    const why =
      told === "all"
        ? `every row of "${spec.data}" is zero and there is no regulariser, so there is nothing to minimise`
        : "the gradients near x^0 are all the same";
    throw new MarinaError(
      "spec",
      `algorithm.stepSize: theory gives ${numbers.stepSize} (L = ${bounds.L}): ${why}; give a number`,
    );
  }
  const { L, Lmax, cL, Lrow, Lf, Lpm } = bounds;
  const bounded = { L, ...(Lf === undefined ? {} : { Lf }), Lmax };
  const constants = {
    ...(told === "nothing" ? {} : bounded),
    ...(told === "all" ? { cL, Lrow } : {}),
    ...(told === "estimates" ? { measured: true as const } : {}),
    ...(Lpm === undefined ? {} : { Lpm }),
    ...promiseOf(compressor),
    zeta: compressor.zeta,
    stepSize: numbers.stepSize,
    probability: numbers.probability,
    shiftStep: numbers.shiftStep,
    ...(numbers.Li === undefined ? {} : { Li: numbers.Li }),
    ...promised(mu, guaranteedRounds(algorithm, setting, numbers.stepSize)),
    workers,
    dimension,
    rows,
  };
  return {
    constants,
    ...(told === "all" ? { Li: bounds.Li } : {}),
    ...(warning === undefined ? {} : { warning }),
  };
}

/** mu for "pl"; undefined where the step size asks for none. @throws MarinaError "spec" where there is none. */
function muOf({ spec, algorithm, dimension }: Calibrated, ofHessian: number | undefined): number | undefined {
  const { stepSize } = algorithm;
  if (isGivenMu(stepSize)) return stepSize.mu;
  if (!calibrationNeeds(algorithm).includes("polyak-lojasiewicz")) return undefined;
  const known = knownMu(spec.problem, dimension);
  const mu = known.from === "regulariser" ? known.mu : ofHessian;
  if (mu !== undefined && mu > 0) return mu;
  throw new MarinaError(
    "spec",
    `algorithm.stepSize: "pl" needs mu > 0, got ${mu ?? "none"} of the data; give { "mu": 0.01 } or take "theory"`,
  );
}

/** What is told of a run under the Polyak-Lojasiewicz condition. */
function promised(
  mu: number | undefined,
  rounds: number | undefined,
): Pick<Constants, "mu" | "guaranteedRounds"> {
  if (mu === undefined) return {};
  return rounds === undefined ? { mu } : { mu, guaranteedRounds: rounds };
}

/** Estimates in the place of the constants; those of single rows are not measured, and no rule that measures uses them. */
function measured({ estimates: { Li, Lf, Lpm } }: Probe): Smoothness {
  const L = Math.sqrt(Li.reduce((sum, each) => sum + each * each, 0) / Li.length);
  const Lmax = Li.reduce((most, each) => Math.max(most, each), 0);
  return { Li, L, Lmax, Lf, Lpm, cL: Number.NaN, Lrow: Number.NaN };
}

/** Of a problem without constants, whose specs name their step sizes: what nevertheless used one would come out as none. */
const UNKNOWN: Smoothness = { Li: [], L: NaN, Lmax: NaN, cL: NaN, Lrow: NaN };

/** The constants that calibration has come to, and what of them the run's record is told. */
function smoothnessFrom(
  run: Calibrated,
  { spectra, probe }: Findings,
): {
  readonly smoothness: Smoothness;
  readonly warning?: string;
  readonly told: "all" | "estimates" | "nothing";
} {
  if (probe !== undefined) return { smoothness: measured(probe), told: "estimates" };
  const rules = smoothnessRules(run.spec.problem);
  if (rules === undefined) return { smoothness: UNKNOWN, told: "nothing" };
  return { ...smoothnessOf(run, rules, spectra!), told: "all" };
}

/** Where the power iteration was given up, mean_i L_i >= L_f takes its place: it is known from the spectra alone. */
function smoothnessOf(
  { spec, algorithm, workers }: Calibrated,
  rules: SmoothnessRules<RunSpec["problem"]>,
  { shards, gramEigenvalue, gramSteps }: Spectra,
): { readonly smoothness: Smoothness; readonly warning?: string } {
  const { problem } = spec;
  if (spec.smoothness !== "exact") return { smoothness: rules.maxRow(problem, shards) };
  const bounds = rules.exact(problem, shards);
  if (!calibrationNeeds(algorithm).includes("average-smoothness")) return { smoothness: bounds };
  if (gramEigenvalue !== undefined) return { smoothness: rules.exact(problem, shards, gramEigenvalue) };
  let sum = 0;
  for (const Li of bounds.Li) sum += Li;
  const warning =
    `n = ${workers}: the power iteration for L_f had not settled after ${gramSteps} steps; its upper bound mean_i L_i ` +
    "takes its place, so the step size is smaller than the theorem allows: to give a number instead, set algorithm.stepSize";
  return { smoothness: { ...bounds, Lf: sum / bounds.Li.length }, warning };
}
