/** How rows are drawn by importance: in proportion to L_il without the regulariser, c |a_il|^2. */
import { cumulativeSums, probabilityAt } from "../../math/index.ts";
import type { Shard } from "../problem.ts";
import { squaredRowNorms } from "./row-norms.ts";

/**
 * Cumulative sums of |a_l|^2 over the rows of a shard; of a shard of empty rows, whose gradients are all zero, of ones. A
 * row without entries is never drawn.
 */
export function rowImportance(shard: Shard): Float64Array {
  const norms = squaredRowNorms(shard);
  return cumulativeSums(norms.some((norm) => norm > 0) ? norms : norms.fill(1));
}

/** 1/(m q_l) of each row of a batch: what its gradient counts, so that the batch's mean is unbiased. */
export function importanceWeights(cumulative: Float64Array, batch: Uint32Array): Float64Array {
  const m = cumulative.length;
  return Float64Array.from(batch, (row) => 1 / (m * probabilityAt(cumulative, row)));
}
