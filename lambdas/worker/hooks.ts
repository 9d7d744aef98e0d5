/** Where a simulation has workers send what they should not. Production leaves every hook empty. */
import type { RequestDefinition } from "../../shared/methods/index.ts";
import type { Task } from "../../shared/protocol/index.ts";
import type { LoadedRun } from "./load.ts";
import type { LoadedShard } from "./shards.ts";

/** What a worker is asked, and all that somebody could know who has taken it over. */
export interface AskedOfWorker {
  readonly task: Task;
  readonly request: RequestDefinition;
  readonly run: LoadedRun;
  /** Its own rows. */
  readonly own: LoadedShard;
  /** The request's points, x^t first. */
  readonly points: readonly Float64Array[];
  /** Any worker's rows. */
  shardOf(worker: number): Promise<LoadedShard>;
}

export interface WorkerHooks {
  /** The request with another message in the place of the true one; undefined: this worker is sound. */
  readonly falsified?: (asked: AskedOfWorker) => Promise<RequestDefinition | undefined>;
}
