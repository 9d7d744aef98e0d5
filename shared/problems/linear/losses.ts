/**
 * Losses of one row as functions of its margin z = <a, x> and label y, with t = y z and sig(t) = 1/(1 + exp(-t)):
 *
 * | kind | loss(z) | d loss / dz | sup of the absolute second derivative |
 * | --- | --- | --- | --- |
 * | nonconvex-binary | sig(-t)^2 | -2 y sig(-t)^2 sig(t) | 0.15405857012135049 |
 * | logistic | log(1 + exp(-t)) | -y sig(-t) | 1/4 |
 * | least-squares | (z - y)^2 / 2 | z - y | 1 |
 *
 * One exponential e = exp(-|t|) gives both sigmoids, P = 1/(1 + e) and R = e P, without overflow or cancellation.
 * Source: Gorbunov, Burlachenko, Li, Richtarik, "MARINA", ICML 2021, section 5 (the non-convex loss).
 */
import { expNonPositive, log1pUpToOne } from "../../math/index.ts";
import type { RegularizerSpec } from "../regularizers.ts";

export type LossKind = "nonconvex-binary" | "logistic" | "least-squares";

/** A linear problem in a run's spec; `least-squares` with an l2 regulariser is ridge regression. */
export interface LinearSpec {
  readonly kind: LossKind;
  readonly regularizer?: RegularizerSpec;
}

/**
 * Curvature c >= sup |loss''|, by kind. For the non-convex loss, with s = sig(t), loss'' = 2 s (1-s)^2 (3s-1), whose
 * largest absolute value is at s = (9 + sqrt 33)/24.
 */
export const curvature: Readonly<Record<LossKind, number>> = {
  "nonconvex-binary": 0.15405857012135049,
  logistic: 0.25,
  "least-squares": 1,
};

/**
 * Writes s[i] = loss'(z[i]) and returns sum_i loss(z[i]), i = 0 .. count-1, for the labels y = labels[first + i].
 * z and s must be different arrays.
 */
export function evaluateLosses(
  kind: LossKind,
  z: Float64Array,
  labels: Float64Array,
  first: number,
  count: number,
  s: Float64Array,
): number {
  switch (kind) {
    case "nonconvex-binary":
      return nonconvexBinary(z, labels, first, count, s);
    case "logistic":
      return logistic(z, labels, first, count, s);
    case "least-squares":
      return leastSquares(z, labels, first, count, s);
  }
}

function nonconvexBinary(
  z: Float64Array,
  labels: Float64Array,
  first: number,
  count: number,
  s: Float64Array,
): number {
  exponentials(z, labels, first, count, s);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const y = labels[first + i]!;
    const t = y * z[i]!;
    const e = s[i]!;
    const P = 1 / (1 + e);
    const R = e * P;
    const wrong = select(t, P, R); // sig(-t)
    sum += wrong * wrong;
    s[i] = -2 * y * wrong * (P * R); // sig(t) sig(-t) = P R for either sign of t
  }
  return sum;
}

function logistic(
  z: Float64Array,
  labels: Float64Array,
  first: number,
  count: number,
  s: Float64Array,
): number {
  exponentials(z, labels, first, count, s);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const y = labels[first + i]!;
    const t = y * z[i]!;
    const e = s[i]!;
    const P = 1 / (1 + e);
    sum += Math.max(-t, 0) + log1pUpToOne(e);
    s[i] = -y * select(t, P, e * P);
  }
  return sum;
}

/** s[i] = exp(-|y z[i]|). A loop of its own: the processor overlaps more rows of a short loop than of a long one. */
function exponentials(
  z: Float64Array,
  labels: Float64Array,
  first: number,
  count: number,
  s: Float64Array,
): void {
  for (let i = 0; i < count; i++) s[i] = expNonPositive(-Math.abs(labels[first + i]! * z[i]!));
}

/** P where t < 0, else R, for finite P and R: exact, and without a branch that no processor could foresee. */
function select(t: number, P: number, R: number): number {
  const negative = Number(t < 0);
  return negative * P + (1 - negative) * R;
}

function leastSquares(
  z: Float64Array,
  labels: Float64Array,
  first: number,
  count: number,
  s: Float64Array,
): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const residual = z[i]! - labels[first + i]!;
    sum += residual * residual;
    s[i] = residual;
  }
  return sum / 2;
}
