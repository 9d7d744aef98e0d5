/**
 * A calibration between two of its questions: the workers compute the spectra of their shards (and, where a step size needs
 * L_f, the steps of a distributed power iteration), once per data set and partition; the theory turns them into step sizes.
 * Pure: what has been answered goes in, the next question or the constants come out.
 */
import { MarinaError } from "../../../shared/base/index.ts";
import { promiseOf } from "../../../shared/compressors/index.ts";
import { POWER_STEP_LIMIT, type PowerState } from "../../../shared/math/index.ts";
import { calibrationNeeds, resolveNumbers, type StartingPoint } from "../../../shared/methods/index.ts";
import {
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
  /** What all calibrations of the run have taken. */
  readonly preparation: Preparation;
  /** Has anything been asked that `preparation.json` does not know of? */
  readonly asked: boolean;
  /** Present when all is done. */
  readonly constants?: Constants;
}

export type Question = "spectra" | "average-smoothness" | "start";

/** The parts of a run that its constants depend on. */
export type Calibrated = Pick<
  ActiveRun,
  "spec" | "algorithm" | "workers" | "compressor" | "dimension" | "rows"
>;

/** What is to be found out next; undefined when all is known. */
export function nextQuestion(
  { spec, algorithm }: Calibrated,
  { spectra, start }: Calibration,
): Question | undefined {
  if (smoothnessRules(spec.problem) === undefined) return undefined;
  if (spectra === undefined) return "spectra";
  const average = spec.smoothness === "exact" && calibrationNeeds(algorithm).includes("average-smoothness");
  if (average && spectra.gramEigenvalue === undefined && spectra.gramSteps === undefined)
    return "average-smoothness";
  if (calibrationNeeds(algorithm).includes("starting-point") && start === undefined) return "start";
  return undefined;
}

/** Spectra with what a power iteration has come to, once it has: its eigenvalue, or that it was given up. */
export function withPower(spectra: Spectra, { converged, eigenvalue, steps }: PowerState): Spectra {
  if (converged) return { ...spectra, gramEigenvalue: eigenvalue };
  return steps >= POWER_STEP_LIMIT ? { ...spectra, gramSteps: steps } : spectra;
}

/** The constants of a run. @throws MarinaError "spec" for a step size that the method does not have. */
export function constantsOf(
  run: Calibrated,
  spectra: Spectra | undefined,
  start: StartingPoint | undefined,
): { readonly constants: Constants; readonly warning?: string } {
  const { spec, algorithm, workers, compressor, dimension, rows } = run;
  const rules = smoothnessRules(spec.problem);
  const { smoothness: bounds, warning = problemWarning(spec.problem, spec.stop) } =
    rules === undefined ? { smoothness: UNKNOWN } : smoothnessOf(run, rules, spectra!);
  const { relativeGradientNormSquared: relative, gradientNormSquared: absolute } = spec.stop;
  const target =
    absolute ??
    (relative !== undefined && start !== undefined ? relative * start.gradientNormSquared : undefined);
  const numbers = resolveNumbers(algorithm, {
    workers,
    rowsPerWorker: rows / workers,
    compressor,
    smoothness: bounds,
    rounds: spec.stop.rounds,
    ...(start === undefined ? {} : { start }),
    ...(target === undefined ? {} : { targetGradientNormSquared: target }),
  });
  if (!Number.isFinite(numbers.stepSize) || numbers.stepSize <= 0) {
    throw new MarinaError(
      "spec",
      `algorithm.stepSize: theory gives ${numbers.stepSize} (L = ${bounds.L}): every row of "${spec.data}" is zero and there is no regulariser, so there is nothing to minimise; give a number`,
    );
  }
  const { L, Lmax, cL, Lrow, Lf } = bounds;
  const known = { L, ...(Lf === undefined ? {} : { Lf }), Lmax, cL, Lrow };
  const constants = {
    ...(rules === undefined ? {} : known),
    ...promiseOf(compressor),
    zeta: compressor.zeta,
    stepSize: numbers.stepSize,
    probability: numbers.probability,
    shiftStep: numbers.shiftStep,
    workers,
    dimension,
    rows,
  };
  return warning === undefined ? { constants } : { constants, warning };
}

/** Of a problem without constants, whose specs name their step sizes: what nevertheless used one would come out as none. */
const UNKNOWN: Smoothness = { Li: [], L: NaN, Lmax: NaN, cL: NaN, Lrow: NaN };

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
