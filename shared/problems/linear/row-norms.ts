/** How long the rows of a shard are. */
import type { Shard } from "../problem.ts";

/** |a_il|^2 of each row of a shard, summed in the order in which its entries are stored. */
export function squaredRowNorms({ rows, offsets, values }: Shard): Float64Array {
  const base = offsets[0]!;
  const norms = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const begin = offsets[row]! - base;
    const end = offsets[row + 1]! - base;
    let norm = 0;
    if (values === null) norm = end - begin;
    else for (let at = begin; at < end; at++) norm += values[at]! * values[at]!;
    norms[row] = norm;
  }
  return norms;
}
