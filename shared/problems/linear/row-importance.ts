/** How rows are drawn by importance: in proportion to L_il without the regulariser, c |a_il|^2. */
import { cumulativeSums, probabilityAt } from "../../math/index.ts";
import type { Shard } from "../problem.ts";

/**
 * Cumulative sums of |a_l|^2 over the rows of a shard; of a shard of empty rows, whose gradients are all zero, of ones. A
 * row without entries is never drawn.
 */
export function rowImportance({ rows, offsets, values }: Shard): Float64Array {
  const base = offsets[0]!;
  const norms = new Float64Array(rows);
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const begin = offsets[row]! - base;
    const end = offsets[row + 1]! - base;
    let norm = 0;
    if (values === null) norm = end - begin;
    else for (let at = begin; at < end; at++) norm += values[at]! * values[at]!;
    norms[row] = norm;
    sum += norm;
  }
  return cumulativeSums(sum > 0 ? norms : norms.fill(1));
}

/** 1/(m q_l) of each row of a batch: what its gradient counts, so that the batch's mean is unbiased. */
export function importanceWeights(cumulative: Float64Array, batch: Uint32Array): Float64Array {
  const m = cumulative.length;
  return Float64Array.from(batch, (row) => 1 / (m * probabilityAt(cumulative, row)));
}
