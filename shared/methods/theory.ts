/** Step sizes and probabilities from the convergence theorems: what each method's file gives, and how it is used. */
import type { Compressor } from "../compressors/index.ts";
import { log } from "../math/index.ts";
import type { Smoothness } from "../problems/index.ts";

/** Numbers that follow from the compressor alone: the server and every worker work them out alike, once. */
export interface WorkerNumbers {
  /** alpha = 1/(1 + omega), the step of a worker's shift. */
  readonly shiftStep: number;
}

/** The numbers that a method runs with. */
export interface Numbers extends WorkerNumbers {
  /** n */
  readonly workers: number;
  /** gamma */
  readonly stepSize: number;
  /** p (MARINA family), q (VR-DIANA); 1 where the method has none. */
  readonly probability: number;
  /** L_i of the clients, where they are drawn in proportion to them. */
  readonly Li?: readonly number[];
}

/** What the theory is told. Symbols as in the papers; L, cL, L_f as in `Smoothness`. */
export interface TheorySetting {
  /** n */
  readonly workers: number;
  /** m = N/n, mean rows a worker. */
  readonly rowsPerWorker: number;
  readonly compressor: Compressor;
  readonly smoothness: Smoothness;
  /** f and its gradient at x^0, for the rules that need them. */
  readonly start?: StartingPoint;
  /** T, the rounds allowed. */
  readonly rounds: number;
  /** eps^2, the squared gradient norm aimed at, where the spec has one. */
  readonly targetGradientNormSquared?: number;
  /** mu of |grad f(x)|^2 >= 2 mu (f(x) - f_*), where the problem gives one. */
  readonly mu?: number;
}

/** f and its gradient at x^0. */
export interface StartingPoint {
  readonly loss: number;
  readonly gradientNormSquared: number;
}

/**
 * What calibration must find out beyond the spectra of the shards: L_f, the constant of the average function, which takes
 * many distributed rounds; f and its gradient at x^0; mu; L_pm. Asked for only where a rule uses it. With `probe` it finds
 * out nothing else: L_i and L_f are estimated from gradients near x^0, whatever the problem.
 */
export type CalibrationNeed =
  | "average-smoothness"
  | "starting-point"
  | "polyak-lojasiewicz"
  | "hessian-variance"
  | "probe";

/** Where a step size comes from, for people. */
export interface StepSource {
  /** "Theorem 2.1 of ..." */
  readonly source: string;
  /** gamma as a formula, in the symbols of the papers. */
  readonly formula: string;
}

/** A step size by name. */
export interface StepRule<Spec> extends StepSource {
  /** With compressors that are drawn jointly, where that is another. */
  readonly joint?: StepSource;
  /** With clients or rows that are drawn by importance. */
  readonly importance?: StepSource;
  /** Where some workers' messages need not be true. */
  readonly robust?: StepSource;
  readonly needs?: readonly CalibrationNeed[] | ((spec: Spec) => readonly CalibrationNeed[]);
  /** gamma. @param p the probability in force; 1 where the method has none. */
  value(spec: Spec, setting: TheorySetting, p: number): number;
  /**
   * Of a linear rate: what it begins with, f(x^0) - f_* or more; absent: f(x^0), as losses are not negative. Undefined where the rate ends at
   * a neighbourhood, so that no number of rounds is promised.
   * @param step gamma
   */
  begins?(spec: Spec, setting: TheorySetting, step: number): number | undefined;
}

export interface Theory<Spec> {
  /**
   * By the name that a spec asks for. `theory` is the method's theorem for general non-convex functions; its multiples
   * may be asked for as well.
   */
  readonly steps: { readonly theory: StepRule<Spec> } & {
    readonly [Name in NamedStep<Spec>]: StepRule<Spec>;
  };
  /** p for the spec's "theory"; absent: the method has none. */
  probability?(spec: Spec, setting: TheorySetting): number;
}

type NamedStep<Spec> = Spec extends { stepSize: infer Step } ? Extract<Step, string> : string;

/** What the theory reads of any spec. */
interface AnySpec {
  readonly stepSize: unknown;
  readonly probability?: unknown;
  readonly sampling?: unknown;
  readonly participants?: unknown;
}

/** Does it draw its clients by importance? */
export function drawsClients({
  sampling,
  participants,
}: Pick<AnySpec, "sampling" | "participants">): boolean {
  return sampling === "importance" && participants !== undefined;
}

/** What calibration must find out for this spec's step size. */
export function needsOf<Spec extends AnySpec>(theory: Theory<Spec>, spec: Spec): readonly CalibrationNeed[] {
  const needs = ruleOf(theory, spec)?.needs ?? [];
  const all = typeof needs === "function" ? needs(spec) : needs;
  return isGivenMu(spec.stepSize) ? all.filter((need) => need !== "polyak-lojasiewicz") : all;
}

/** The numbers that a method runs with. */
export function numbersOf<Spec extends AnySpec>(
  theory: Theory<Spec>,
  spec: Spec,
  setting: TheorySetting,
): Numbers {
  const probability = probabilityOf(theory, spec, setting);
  const asked = spec.stepSize;
  const rule = ruleOf(theory, spec);
  const known = isGivenMu(asked) ? { ...setting, mu: asked.mu } : setting;
  const named = rule === undefined ? (asked as number) : rule.value(spec, known, probability);
  return {
    workers: setting.workers,
    probability,
    stepSize: isMultiple(asked) ? asked.times * named : named,
    ...workerNumbers(setting.compressor),
    ...(drawsClients(spec) ? { Li: setting.smoothness.Li } : {}),
  };
}

function probabilityOf<Spec extends AnySpec>(
  theory: Theory<Spec>,
  spec: Spec,
  setting: TheorySetting,
): number {
  if (theory.probability === undefined) return 1;
  return typeof spec.probability === "number" ? spec.probability : theory.probability(spec, setting);
}

/** The rule that a spec asks for; undefined for a number. */
export function ruleOf<Spec extends AnySpec>(theory: Theory<Spec>, spec: Spec): StepRule<Spec> | undefined {
  if (typeof spec.stepSize === "number") return undefined;
  const rules: Readonly<Record<string, StepRule<Spec>>> = theory.steps;
  if (isGivenMu(spec.stepSize)) return rules["pl"];
  return isMultiple(spec.stepSize) ? theory.steps.theory : rules[spec.stepSize as string];
}

function isMultiple(stepSize: unknown): stepSize is { readonly times: number } {
  return typeof stepSize === "object" && stepSize !== null && "times" in stepSize;
}

/** "pl" with a mu of the user's. */
export function isGivenMu(stepSize: unknown): stepSize is { readonly mu: number } {
  return typeof stepSize === "object" && stepSize !== null && "mu" in stepSize;
}

/**
 * The step of a method whose error obeys E|e^+|^2 <= (1-rho)|e|^2 + S |x^+ - x|^2: 1/(first + sqrt(S/rho)), first being
 * L_f or a bound of it. Then E|grad f(xhat)|^2 <= 2 Delta_0/(gamma T).
 * @param inside S/rho
 */
export function descentStep(first: number, inside: number): number {
  return 1 / (first + Math.sqrt(inside));
}

/**
 * The same under the Polyak-Lojasiewicz condition with mu: min{1/(first + sqrt(2 S/rho)), rho/(2 mu)}. Then
 * E f(x^T) - f_* <= (1 - gamma mu)^T (f(x^0) - f_*).
 * @throws RangeError where the rule has not said that it needs mu.
 */
export function plStep(first: number, inside: number, rho: number, { mu }: TheorySetting): number {
  if (mu === undefined) throw new RangeError("mu was not found out: see StepRule.needs");
  return Math.min(descentStep(first, 2 * inside), rho / (2 * mu));
}

/**
 * Rounds after which the step of `plStep` guarantees E|grad f(x^T)|^2 <= target: |grad f|^2 <= 2 L_f (f - f_*), and
 * (1 - gamma mu)^T <= exp(-gamma mu T).
 * @param gap f(x^0) - f_*, or more
 */
export function plRounds(step: number, mu: number, Lf: number, gap: number, target: number): number {
  return Math.max(0, Math.ceil(log((2 * Lf * gap) / target) / (step * mu)));
}

/** Rounds that a spec's step promises by `plRounds`; undefined where it promises none. */
export function promisedRounds<Spec extends AnySpec>(
  theory: Theory<Spec>,
  spec: Spec,
  setting: TheorySetting,
  step: number,
): number | undefined {
  const { mu, start, smoothness, targetGradientNormSquared: target } = setting;
  if (mu === undefined || start === undefined || target === undefined) return undefined;
  const rule = ruleOf(theory, spec);
  const gap = rule?.begins === undefined ? start.loss : rule.begins(spec, setting, step);
  return gap === undefined ? undefined : plRounds(step, mu, smoothness.Lf ?? smoothness.L, gap, target);
}

/** What needs a problem's mu, and f(x^0) to tell after how many rounds. */
export const PL_NEEDS: readonly CalibrationNeed[] = ["polyak-lojasiewicz", "starting-point"];

/** A rule with constants that are estimated near x^0. */
export function measuredBy<Spec>({
  source,
  formula,
  joint,
  importance,
  robust,
  value,
}: StepRule<Spec>): StepRule<Spec> & { readonly needs: readonly CalibrationNeed[] } {
  const by = (theorem: string) => `no guarantee: constants estimated near x^0, in the formula of ${theorem}`;
  return {
    source: by(source),
    formula,
    ...(joint === undefined ? {} : { joint: { ...joint, source: by(joint.source) } }),
    ...(importance === undefined ? {} : { importance: { ...importance, source: by(importance.source) } }),
    ...(robust === undefined ? {} : { robust: { ...robust, source: by(robust.source) } }),
    needs: ["probe"],
    value,
  };
}

/** alpha = 1/(1 + omega); for the state behind a contractive compressor, which takes its messages as they are, 1. */
export function workerNumbers(compressor: Compressor): WorkerNumbers {
  return { shiftStep: compressor.promises === "unbiased" ? 1 / (1 + compressor.omega) : 1 };
}

/** @throws RangeError for a compressor that no spec of this method can have: a defect of the method's schema. */
export function omegaOf(compressor: Compressor): number {
  if (compressor.promises === "unbiased") return compressor.omega;
  throw new RangeError("this method's theory needs an unbiased compressor");
}

/**
 * A and B of E|mean_i Q_i(a_i) - abar|^2 <= A mean_i |a_i|^2 - B |abar|^2: what is known of compressors that are drawn
 * jointly, omega/n and 0 for independent ones.
 */
export function varianceOfMean(
  compressor: Compressor,
  workers: number,
): { readonly A: number; readonly B: number } {
  const joint = compressor.promises === "unbiased" ? compressor.joint : undefined;
  return joint ?? { A: omegaOf(compressor) / workers, B: 0 };
}

/** Is it drawn for all workers jointly? Then the theorems for independent compressors say nothing of it. */
export function isJoint(compressor: Compressor): boolean {
  return compressor.promises === "unbiased" && compressor.joint !== undefined;
}

/** mean_i L_i */
export function meanSmoothness({ Li }: Smoothness): number {
  return Li.reduce((sum, each) => sum + each, 0) / Li.length;
}

/** L_f. @throws RangeError where the rule has not said that it needs it. */
export function averageSmoothness({ Lf }: Smoothness): number {
  if (Lf === undefined) throw new RangeError("L_f was not computed: see StepRule.needs");
  return Lf;
}

/**
 * What a compressed message is of a dense one, for probabilities: zeta/d. Where zeta = d tells nothing (quantisers that
 * send every coordinate), b_Q/(32 d): dense and compressed rounds then cost the same expected bits.
 */
export function density({ zeta, dimension, expectedBits }: Compressor): number {
  return zeta < dimension ? zeta / dimension : Math.min(1, expectedBits / (32 * dimension));
}
