/** From the spectra of the shards to the smoothness constants that the step sizes need. */
import { MarinaError } from "../../base/index.ts";
import type { ShardSpectrum, Smoothness } from "../problem.ts";
import { regularizerSmoothness } from "../regularizers.ts";
import { curvature, type LinearSpec } from "./losses.ts";

/**
 * Constants of the scaled local objectives, whose plain mean over the n workers is f = sum_i (m_i/N) f_i. With c the
 * loss's curvature, lam what the regulariser adds, lambda_i = lambda_max(A_i^T A_i) and N = sum_i m_i:
 *
 *     L_i  = (n/N) c lambda_i + (n m_i/N) lam            L = sqrt(mean_i L_i^2)
 *     cL_i = (n m_i/N) sqrt(mean_l (c |a_il|^2 + lam)^2) cL = sqrt(mean_i cL_i^2)
 *     cL of the losses alone: the same with lam = 0, and (n m_i/N) c mean_l |a_il|^2 with rows drawn by importance
 *     Lrow = c max_il |a_il|^2 + lam
 *     L_f  = (c/N) lambda_max(sum_i A_i^T A_i) + lam
 *
 * For these losses they are upper bounds of the smallest constants, which is what convergence theorems need.
 *
 * @param gramEigenvalue lambda_max(sum_i A_i^T A_i); without it Lf is left out.
 * @throws MarinaError "data" when there is no shard or a shard has no rows.
 */
export function smoothness(
  problem: LinearSpec,
  spectra: readonly ShardSpectrum[],
  gramEigenvalue?: number,
): Smoothness {
  const total = totalRows(spectra);
  const c = curvature[problem.kind];
  const lam = regularizerSmoothness(problem.regularizer);
  const n = spectra.length;
  const Li = spectra.map(
    (shard) => (n / total) * c * shard.gramEigenvalue + ((n * shard.rows) / total) * lam,
  );
  const cLi = spectra.map((shard) => {
    const { rows, sumSquaredNorms, sumFourthNorms } = shard;
    // sum_l (c |a_l|^2 + lam)^2, multiplied out.
    const sum = c * c * sumFourthNorms + 2 * c * lam * sumSquaredNorms + rows * lam * lam;
    return ((n * rows) / total) * Math.sqrt(sum / rows);
  });
  const rowsMean = (of: (shard: ShardSpectrum) => number) =>
    quadraticMean(spectra.map((shard) => ((n * shard.rows) / total) * c * of(shard)));
  return {
    Li,
    L: quadraticMean(Li),
    Lmax: largest(Li),
    cL: quadraticMean(cLi),
    cLoss: {
      uniform: rowsMean(({ rows, sumFourthNorms }) => Math.sqrt(sumFourthNorms / rows)),
      importance: rowsMean(({ rows, sumSquaredNorms }) => sumSquaredNorms / rows),
    },
    Lrow: c * largestSquaredNorm(spectra) + lam,
    ...(gramEigenvalue === undefined ? {} : { Lf: (c / total) * gramEigenvalue + lam }),
  };
}

/**
 * The cruder constants of the MARINA authors' experiments: M = c max_il |a_il|^2 + lam in the place of every constant
 * (for the scaled objective of worker i: (n m_i/N) M, which is M with equal shards).
 *
 * @throws MarinaError "data" as `smoothness`.
 */
export function maxRowSmoothness(problem: LinearSpec, spectra: readonly ShardSpectrum[]): Smoothness {
  const total = totalRows(spectra);
  const n = spectra.length;
  const M =
    curvature[problem.kind] * largestSquaredNorm(spectra) + regularizerSmoothness(problem.regularizer);
  const Li = spectra.map((shard) => ((n * shard.rows) / total) * M);
  const L = quadraticMean(Li);
  return { Li, L, Lmax: largest(Li), cL: L, Lrow: M, Lf: M };
}

function totalRows(spectra: readonly ShardSpectrum[]): number {
  if (spectra.length === 0)
    throw new MarinaError("data", "smoothness constants: expected at least one shard, got none");
  let total = 0;
  for (const [i, shard] of spectra.entries()) {
    if (!(shard.rows >= 1)) {
      throw new MarinaError(
        "data",
        `smoothness constants: worker ${i} has ${shard.rows} rows, expected at least 1`,
      );
    }
    total += shard.rows;
  }
  return total;
}

function largestSquaredNorm(spectra: readonly ShardSpectrum[]): number {
  return largest(spectra.map((shard) => shard.maxSquaredNorm));
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

function quadraticMean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum / values.length);
}
