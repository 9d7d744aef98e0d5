/** What a problem says of mu, the constant of |grad f(x)|^2 >= 2 mu (f(x) - f_*). */
import { HESSIAN_DIMENSION_LIMIT } from "./linear/hessian-sums.ts";
import type { ProblemSpec } from "./registry.ts";

/** How mu is known. */
export type KnownMu =
  /** From the spec alone: lambda of the l2 regulariser, of a convex loss. */
  | { readonly from: "regulariser"; readonly mu: number }
  /** The smallest eigenvalue of the Hessian of f that is not zero. */
  | { readonly from: "Hessian" }
  /** Not at all, and why. */
  | { readonly from: "nowhere"; readonly why: string };

/**
 * Least squares: the smallest eigenvalue that is not zero of (1/N) A^T A + lambda I for d <= 300, else lambda. Logistic
 * regression with l2: lambda, by strong convexity. @param dimension d
 */
export function knownMu(problem: ProblemSpec, dimension: number): KnownMu {
  const { kind } = problem;
  const regularizer = "regularizer" in problem ? problem.regularizer : undefined;
  const lambda = regularizer?.kind === "l2" ? regularizer.lambda : 0;
  const convex = regularizer === undefined || regularizer.kind === "l2";
  if (convex && hasQuadraticLoss(problem) && dimension <= HESSIAN_DIMENSION_LIMIT) return { from: "Hessian" };
  if (convex && lambda > 0 && (kind === "logistic" || kind === "least-squares")) {
    return { from: "regulariser", mu: lambda };
  }
  const why =
    kind === "least-squares" && convex
      ? `least squares with d = ${dimension} > ${HESSIAN_DIMENSION_LIMIT} has it from an l2 regulariser only`
      : `${kind}${regularizer === undefined ? "" : ` with the ${regularizer.kind} regulariser`} gives none: logistic with l2 and least squares do`;
  return { from: "nowhere", why };
}

/** Are the Hessians constant, and made of A_i^T A_i and the l2 regulariser alone? */
export function hasQuadraticLoss(problem: ProblemSpec): boolean {
  if (problem.kind !== "least-squares") return false;
  return problem.regularizer === undefined || problem.regularizer.kind === "l2";
}
