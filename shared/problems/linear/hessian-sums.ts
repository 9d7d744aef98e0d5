/**
 * The Hessians H_i of n local objectives that are quadratic, taken in column by column: of their mean and of the mean of
 * their squares follow mu and L_pm exactly. For least squares a column is what A_i^T A_i makes of a basis vector.
 */
import { symmetricEigenvalues } from "./symmetric-eigenvalues.ts";

/** Up to this d the Hessians are asked for: d questions to all workers, and eigenvalues of d x d matrices. */
export const HESSIAN_DIMENSION_LIMIT = 300;

export interface HessianSums {
  /** d */
  readonly dimension: number;
  /** Columns taken in. */
  readonly columns: number;
  /** mean_i H_i and mean_i H_i^2, d x d. Those who hand sums on must not read the older ones again. */
  readonly mean: Float64Array;
  readonly meanSquare: Float64Array;
}

export function startHessianSums(dimension: number): HessianSums {
  const size = dimension * dimension;
  return { dimension, columns: 0, mean: new Float64Array(size), meanSquare: new Float64Array(size) };
}

/** Takes in the next column. @param ofWorkers H_i e_j of every worker, j the columns taken in so far. */
export function withColumn(sums: HessianSums, ofWorkers: readonly Float64Array[]): HessianSums {
  const { dimension: d, columns: j, mean, meanSquare } = sums;
  const weight = 1 / ofWorkers.length;
  for (const h of ofWorkers) {
    for (let a = 0; a < d; a++) {
      const scaled = weight * h[a]!;
      mean[a * d + j] = mean[a * d + j]! + scaled;
      if (scaled === 0) continue;
      // H_i^2 = sum_j (H_i e_j)(H_i e_j)^T, as H_i is symmetric.
      for (let b = 0; b < d; b++) meanSquare[a * d + b] = meanSquare[a * d + b]! + scaled * h[b]!;
    }
  }
  return { dimension: d, columns: j + 1, mean, meanSquare };
}

/** Eigenvalues below this share of the largest are zero but for rounding. */
const ZERO_SHARE = 1e-11;

export interface HessianConstants {
  /** The smallest eigenvalue of mean_i H_i that is not zero: the Polyak-Lojasiewicz constant of f. */
  readonly mu: number;
  /** L_pm = sqrt(lambda_max(mean_i H_i^2 - (mean_i H_i)^2)) */
  readonly Lpm: number;
}

/** Once all columns are there. mu is 0 where f has no curvature at all. */
export function hessianConstants({ dimension: d, mean, meanSquare }: HessianSums): HessianConstants {
  const eigenvalues = symmetricEigenvalues(mean, d);
  const largest = eigenvalues.reduce((most, value) => Math.max(most, value), 0);
  const mu = eigenvalues.find((value) => value > ZERO_SHARE * largest) ?? 0;
  const variance = Float64Array.from(meanSquare);
  for (let a = 0; a < d; a++) {
    for (let k = 0; k < d; k++) {
      const entry = mean[a * d + k]!;
      if (entry === 0) continue;
      for (let b = 0; b < d; b++) variance[a * d + b] = variance[a * d + b]! - entry * mean[k * d + b]!;
    }
  }
  // Symmetric but for rounding.
  for (let a = 0; a < d; a++) {
    for (let b = 0; b < a; b++) {
      const middle = (variance[a * d + b]! + variance[b * d + a]!) / 2;
      variance[a * d + b] = middle;
      variance[b * d + a] = middle;
    }
  }
  return { mu, Lpm: Math.sqrt(Math.max(0, symmetricEigenvalues(variance, d).at(-1)!)) };
}
