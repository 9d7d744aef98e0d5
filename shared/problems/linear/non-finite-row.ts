/** Which row made a gradient non-finite: a margin, or a loss's derivative, overflows at some row first. */
import type { Shard } from "../problem.ts";
import { margins } from "./kernels.ts";
import { evaluateLosses, type LossKind } from "./losses.ts";

/** The first row of the shard, in its order, whose margin, loss or derivative is non-finite at x. */
export function firstNonFiniteRow(shard: Shard, kind: LossKind, x: Float64Array): number | undefined {
  const z = new Float64Array(1);
  const s = new Float64Array(1);
  for (let row = 0; row < shard.rows; row++) {
    margins(shard, x, row, 1, z);
    const loss = evaluateLosses(kind, z, shard.labels, row, 1, s);
    if (!Number.isFinite(z[0]! + s[0]! + loss)) return row;
  }
  return undefined;
}
