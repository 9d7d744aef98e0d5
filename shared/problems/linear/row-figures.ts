/** What a linear model says of rows at a point, apart from derivatives. */
import type { RowFigures, Shard } from "../problem.ts";
import { margins } from "./kernels.ts";
import { evaluateLosses, type LossKind } from "./losses.ts";

const BLOCK_ROWS = 1024;

/**
 * sum_l loss(<a_l, x>, y_l), and of two classes the rows with y_l <a_l, x> > 0: at 0 neither is predicted. Rows are added in
 * their order.
 */
export function rowFigures(kind: LossKind, shard: Shard, x: Float64Array): RowFigures {
  const z = new Float64Array(BLOCK_ROWS);
  const slopes = new Float64Array(BLOCK_ROWS);
  let [loss, correct] = [0, 0];
  for (let first = 0; first < shard.rows; first += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, shard.rows - first);
    margins(shard, x, first, count, z);
    loss += evaluateLosses(kind, z, shard.labels, first, count, slopes);
    for (let i = 0; i < count; i++) if (shard.labels[first + i]! * z[i]! > 0) correct++;
  }
  return { loss, correct: kind === "least-squares" ? null : correct };
}
