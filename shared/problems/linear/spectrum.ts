/** What a shard contributes to the smoothness constants: its spectral norm and the sums of its row norms. */
import { largestEigenvalue } from "../../math/index.ts";
import type { Shard, ShardSpectrum } from "../problem.ts";
import { addTransposed, margins } from "./kernels.ts";
import { squaredRowNorms } from "./row-norms.ts";

const BLOCK_ROWS = 256;

/** out += A^T (A v): one shard's part of a power iteration over all of them. v and out have length d. */
export function applyGram(shard: Shard, v: Float64Array, out: Float64Array): void {
  const z = new Float64Array(Math.min(BLOCK_ROWS, shard.rows));
  for (let first = 0; first < shard.rows; first += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, shard.rows - first);
    margins(shard, v, first, count, z);
    addTransposed(shard, z, first, count, out);
  }
}

/**
 * lambda_max(A_i^T A_i) by power iteration, and sum_l |a_il|^2, sum_l |a_il|^4, max_l |a_il|^2: with these, and without
 * the rows, `smoothness` gives every constant of every problem.
 */
export function shardSpectrum(shard: Shard): ShardSpectrum {
  const { rows, features, offsets } = shard;
  let sumSquaredNorms = 0;
  let sumFourthNorms = 0;
  let maxSquaredNorm = 0;
  for (const norm of squaredRowNorms(shard)) {
    sumSquaredNorms += norm;
    sumFourthNorms += norm * norm;
    maxSquaredNorm = Math.max(maxSquaredNorm, norm);
  }
  const nonZeros = offsets[rows]! - offsets[0]!;
  return {
    rows,
    nonZeros,
    // Where most coordinates have no entry, steps in R^d would be nearly all over zeros.
    gramEigenvalue: rows > 0 && nonZeros < features ? eigenvalueByRows(shard) : eigenvalueByColumns(shard),
    sumSquaredNorms,
    sumFourthNorms,
    maxSquaredNorm,
  };
}

/** lambda_max(A^T A), by steps in R^d. */
function eigenvalueByColumns(shard: Shard): number {
  return largestEigenvalue(shard.features, (v, out) => {
    out.fill(0);
    applyGram(shard, v, out);
  });
}

/** lambda_max(A A^T), which is the same, by steps in R^m: a step costs what the entries do, whatever d is. */
function eigenvalueByRows(shard: Shard): number {
  const { rows, indices } = shard;
  const nonZeros = shard.offsets[rows]! - shard.offsets[0]!;
  const combined = new Float64Array(shard.features);
  return largestEigenvalue(rows, (v, out) => {
    addTransposed(shard, v, 0, rows, combined);
    margins(shard, combined, 0, rows, out);
    for (let at = 0; at < nonZeros; at++) combined[indices[at]!] = 0;
  });
}
