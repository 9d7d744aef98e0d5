/**
 * Constants of any problem, estimated near x^0: exact gradients there and at a few small steps from it. What is found is
 * never more than the true L_i, so a step made of it has no guarantee.
 */
import { norm, normSquared } from "../math/index.ts";

/** Points besides x^0. */
const PROBE_POINTS = 8;
/** Length of a step from x^0, for |x^0| <= 1; in proportion to |x^0| beyond. */
const PROBE_STEP = 1e-3;

export interface Probe {
  /** The point that gradients are wanted at; undefined when all is known. */
  readonly next: Float64Array | undefined;
  /** Points asked about so far. */
  readonly points: number;
  readonly x0: Float64Array;
  /** grad f_i(x^0), and their mean; undefined before the first answer. */
  readonly base: { readonly local: readonly Float64Array[]; readonly mean: Float64Array } | undefined;
  readonly estimates: ProbeEstimates;
}

export interface ProbeEstimates {
  /** max over the points of |grad f_i(x) - grad f_i(x^0)|/|x - x^0|, for each worker. */
  readonly Li: readonly number[];
  /** The same of f. */
  readonly Lf: number;
  /** max sqrt(mean_i |D_i|^2 - |Dbar|^2)/|x - x^0| */
  readonly Lpm: number;
}

export function startProbe(x0: Float64Array): Probe {
  return { next: x0, points: 0, x0, base: undefined, estimates: { Li: [], Lf: 0, Lpm: 0 } };
}

/**
 * Takes in the gradients at `next`. The first direction from x^0 is down the gradient; each later one is where the last
 * difference of gradients of f points, as in a power iteration on its Hessian.
 * @param local grad f_i of every worker, in order
 */
export function withGradients(probe: Probe, local: readonly Float64Array[]): Probe {
  const { x0, base, points, next, estimates } = probe;
  const mean = meanOf(local);
  if (base === undefined) {
    const begun = { local, mean };
    const none = { Li: local.map(() => 0), Lf: 0, Lpm: 0 };
    return { x0, base: begun, points: 1, next: stepFrom(x0, mean, -1), estimates: none };
  }
  const length = norm(next!.map((value, j) => value - x0[j]!));
  const differences = local.map((gradient, i) => gradient.map((value, j) => value - base.local[i]![j]!));
  const difference = mean.map((value, j) => value - base.mean[j]!);
  const square = differences.reduce((sum, each) => sum + normSquared(each), 0) / local.length;
  const found: ProbeEstimates = {
    Li: estimates.Li.map((known, i) => Math.max(known, norm(differences[i]!) / length)),
    Lf: Math.max(estimates.Lf, norm(difference) / length),
    Lpm: Math.max(estimates.Lpm, Math.sqrt(Math.max(0, square - normSquared(difference))) / length),
  };
  const over = points >= PROBE_POINTS;
  return {
    ...{ x0, base, points: points + 1, estimates: found },
    next: over ? undefined : stepFrom(x0, difference, 1),
  };
}

/** x0 + h u, u the direction as a unit vector; where there is none, the same in every coordinate. */
function stepFrom(x0: Float64Array, direction: Float64Array, sign: 1 | -1): Float64Array {
  const h = sign * PROBE_STEP * Math.max(1, norm(x0));
  const size = norm(direction);
  const even = 1 / Math.sqrt(x0.length);
  return x0.map((value, j) => value + h * (size > 0 ? direction[j]! / size : even));
}

function meanOf(vectors: readonly Float64Array[]): Float64Array {
  const mean = new Float64Array(vectors[0]!.length);
  for (const vector of vectors) for (let j = 0; j < mean.length; j++) mean[j] = mean[j]! + vector[j]!;
  for (let j = 0; j < mean.length; j++) mean[j] = mean[j]! / vectors.length;
  return mean;
}
