/** How a worker's failure reaches the user: run, round, worker, what went wrong, its shard, and what to do. */

import { MarinaError } from "../../../shared/base/index.ts";
import { type Manifest, rowsOf } from "../../../shared/data/index.ts";
import type { RunSpec } from "../../../shared/protocol/index.ts";
import type { WorkerError } from "./contribution-table.ts";

/** Of the task that was not done. */
interface Place {
  readonly run: string;
  readonly round: number;
  /** From n on: the reducers of ranges 0, 1 ... */
  readonly worker: number;
  /** n when it was asked. */
  readonly workers: number;
}

/** A worker could not do its task, or did not answer. */
export class WorkerFailure extends MarinaError {
  override readonly name = "WorkerFailure";
  readonly place: Place;
  constructor(code: "non-finite" | "worker-failed", place: Place, what: string) {
    super(code, `run ${place.run}, round ${place.round}, ${whoIn(place)}: ${what}`);
    this.place = place;
  }
}

function whoIn({ worker, workers }: Place): string {
  return worker < workers ? `worker ${worker}` : `reducer ${worker - workers}`;
}

/** The error a run fails with when a worker says that it can't do its task. */
export function workerFailure(
  { run, workers }: Pick<Place, "run" | "workers">,
  { code, round, worker, message }: WorkerError,
): WorkerFailure {
  return new WorkerFailure(
    code === "non-finite" ? "non-finite" : "worker-failed",
    { run, round, worker, workers },
    message,
  );
}

/** The failure with the shard that it happened at, and with what to do where the run can go on. */
export function explainFailure(
  { place, code, message }: WorkerFailure,
  { name, rows }: Pick<Manifest, "name" | "rows">,
  { remainder }: Pick<RunSpec, "remainder">,
): string {
  const { run, worker, workers } = place;
  const kept = `everything is kept: after the repair go on with: marina resume ${run}`;
  if (worker >= workers) return `${message}; ${kept}`;
  const { first, count } = rowsOf(rows, workers, remainder, worker);
  const shard = `its shard: rows ${first} .. ${first + count - 1} of data set "${name}" (${worker} of 0 .. ${workers - 1})`;
  if (code === "non-finite") return `${message}; ${shard}`;
  return `${message}; ${shard}; ${kept}`;
}
