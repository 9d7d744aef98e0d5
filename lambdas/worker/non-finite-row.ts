/**
 * Which row made a gradient non-finite. Data sets hold finite numbers only (their import sees to that), so it is an
 * iterate that has grown beyond all bounds: a margin, or a loss's derivative, overflows at some row first.
 */
import { MarinaError, NonFiniteError } from "../../shared/base/index.ts";
import { evaluateLosses, type LossKind, margins } from "../../shared/problems/index.ts";
import type { Task } from "../../shared/protocol/index.ts";
import type { LoadedShard } from "./shards.ts";

/** The first row of the shard, in its order, whose margin, loss or derivative is non-finite at x. */
export function firstNonFiniteRow(
  { shard }: LoadedShard,
  kind: LossKind,
  x: Float64Array,
): number | undefined {
  const z = new Float64Array(1);
  const s = new Float64Array(1);
  for (let row = 0; row < shard.rows; row++) {
    margins(shard, x, row, 1, z);
    const loss = evaluateLosses(kind, z, shard.labels, row, 1, s);
    if (!Number.isFinite(z[0]! + s[0]! + loss)) return row;
  }
  return undefined;
}

/** A non-finite number, told with the worker and the row that it comes from. Other errors come back as they are. */
export function withRow(
  error: unknown,
  task: Task,
  loaded: LoadedShard,
  kind: LossKind,
  points: readonly Float64Array[],
): unknown {
  if (!(error instanceof NonFiniteError)) return error;
  for (const [i, point] of points.entries()) {
    const row = firstNonFiniteRow(loaded, kind, point);
    if (row === undefined) continue;
    const { firstRow } = loaded;
    return new MarinaError(
      "non-finite",
      `row ${firstRow + row} of the data set (row ${row} of worker ${task.worker}'s shard) overflows at the iterate of round ${task.pointRounds[i]}: the iterate is too large; take a smaller step size`,
      { cause: error },
    );
  }
  return new MarinaError(
    "non-finite",
    `${error.message}; no single row overflows, their sum over rows ${loaded.firstRow} .. ${loaded.firstRow + loaded.shard.rows - 1} does: the iterate is too large; take a smaller step size`,
    { cause: error },
  );
}
