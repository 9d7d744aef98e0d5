/**
 * The largest eigenvalue of a symmetric positive semi-definite operator by power iteration, one explicit step at a
 * time, so that whoever applies the operator (a loop here, a round of functions elsewhere) drives it.
 *
 *   u = M v,  theta = |u|,  v <- u / |u|;   stop when |theta - previous theta| <= 1e-13 theta.
 *
 * theta approaches lambda_max from below, with an error of the order of (lambda_2/lambda_max)^(2 steps); a caller that
 * needs an upper bound multiplies by a factor a little above 1. The start is fixed, so the result is a function of M.
 */
import { MarinaError, NonFiniteError } from "../base/index.ts";
import { norm } from "./norm.ts";
import { firstNonFinite, scale } from "./vectors.ts";

/** Relative change of theta at which the iteration has converged. */
export const POWER_TOLERANCE = 1e-13;
/** Steps after which the last theta is taken as it is. */
export const POWER_STEP_LIMIT = 10_000;

/** Everything the iteration knows between two steps: plain data, to be stored or sent as it is. */
export interface PowerState {
  /** v, of length d and |v| = 1: what the operator is to be applied to next. */
  readonly vector: Float64Array;
  /** theta of the last step; 0 before the first. */
  readonly eigenvalue: number;
  /** How often the operator was applied. */
  readonly steps: number;
  /** True when theta has settled, or the operator was found to be zero. */
  readonly converged: boolean;
}

/**
 * v^0_j = 1/sqrt(d) + 1e-3 ((7 j) mod 5), scaled to |v^0| = 1. The perturbation keeps it from being orthogonal to an
 * alternating or otherwise regular eigenvector.
 * @param d dimension, an integer >= 1.
 */
export function startVector(d: number): Float64Array {
  if (!Number.isInteger(d) || d < 1) {
    throw new MarinaError("usage", `power iteration: expected a dimension d >= 1, got ${d}`);
  }
  const flat = 1 / Math.sqrt(d);
  const vector = new Float64Array(d);
  for (let j = 0; j < d; j++) vector[j] = flat + 1e-3 * ((7 * j) % 5);
  scale(1 / norm(vector), vector);
  return vector;
}

/** The state before the first step. */
export function startPowerIteration(d: number): PowerState {
  return { vector: startVector(d), eigenvalue: 0, steps: 0, converged: false };
}

/**
 * The state after the operator was applied once.
 * @param applied u = M v with v = `state.vector`, length d; kept unchanged.
 * @throws NonFiniteError when u holds a NaN or an infinity.
 * @throws MarinaError `usage` when u is not of length d.
 */
export function advance(state: PowerState, applied: Float64Array, tolerance = POWER_TOLERANCE): PowerState {
  if (applied.length !== state.vector.length) {
    throw new MarinaError(
      "usage",
      `power iteration: expected M v of length ${state.vector.length}, got ${applied.length}`,
    );
  }
  const bad = firstNonFinite(applied);
  if (bad >= 0) throw new NonFiniteError(`power iteration, M v of step ${state.steps}`, bad, applied[bad]!);
  const eigenvalue = norm(applied);
  const steps = state.steps + 1;
  if (eigenvalue === 0) return { vector: state.vector, eigenvalue, steps, converged: true };
  const vector = new Float64Array(applied.length);
  for (let j = 0; j < vector.length; j++) vector[j] = applied[j]! / eigenvalue;
  const converged = Math.abs(eigenvalue - state.eigenvalue) <= tolerance * eigenvalue;
  return { vector, eigenvalue, steps, converged };
}

export interface PowerOptions {
  /** Relative change of theta at which to stop; 1e-13 unless told. */
  readonly tolerance?: number;
  /** Steps after which the last theta is returned; 10,000 unless told. */
  readonly stepLimit?: number;
}

/**
 * lambda_max(M) for a symmetric positive semi-definite M; 0 for the zero operator.
 * @param d dimension, an integer >= 1.
 * @param apply writes M v into out (which holds anything before); must not keep or change v.
 */
export function largestEigenvalue(
  d: number,
  apply: (v: Float64Array, out: Float64Array) => void,
  { tolerance = POWER_TOLERANCE, stepLimit = POWER_STEP_LIMIT }: PowerOptions = {},
): number {
  const applied = new Float64Array(d);
  let state = startPowerIteration(d);
  while (!state.converged && state.steps < stepLimit) {
    apply(state.vector, applied);
    state = advance(state, applied, tolerance);
  }
  return state.eigenvalue;
}
