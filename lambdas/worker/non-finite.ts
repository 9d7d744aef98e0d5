/**
 * Which row made a gradient non-finite. Data sets hold finite numbers only (their import sees to that), so it is an
 * iterate that has grown beyond all bounds.
 */
import { MarinaError, NonFiniteError } from "../../shared/base/index.ts";
import type { Task } from "../../shared/protocol/index.ts";
import type { Ready } from "./ready.ts";

/** A non-finite number, told with the worker and the row that it comes from. Other errors come back as they are. */
export function withRow(error: unknown, task: Task, { run, shard: loaded, points }: Ready): unknown {
  if (!(error instanceof NonFiniteError)) return error;
  const { firstRow, shard } = loaded;
  for (const [i, point] of points.entries()) {
    const found = run.evaluator.firstNonFinite(shard, point);
    if (found === undefined) continue;
    const { row, operation } = found;
    const where = operation === undefined ? "" : ` in ${operation}`;
    return new MarinaError(
      "non-finite",
      `row ${firstRow + row} of the data set (row ${row} of worker ${task.worker}'s shard) overflows${where} at the iterate of round ${task.pointRounds[i]}: the iterate is too large; take a smaller step size`,
      { cause: error },
    );
  }
  return new MarinaError(
    "non-finite",
    `${error.message}; no single row overflows, their sum over rows ${firstRow} .. ${firstRow + shard.rows - 1} does: the iterate is too large; take a smaller step size`,
    { cause: error },
  );
}
