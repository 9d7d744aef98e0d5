/** All that a task needs before it can be computed: its run, its points, its worker's rows. */
import type { Ports } from "../../shared/cloud/index.ts";
import type { Workspace } from "../../shared/math/index.ts";
import type { Task } from "../../shared/protocol/index.ts";
import type { GradientStore } from "./gradients.ts";
import type { WorkerHooks } from "./hooks.ts";
import type { LoadedRun, RunLoader } from "./load.ts";
import type { LoadedShard, ShardLoader } from "./shards.ts";
import type { StoredGradients } from "./stored-gradients.ts";

export interface Ready {
  readonly run: LoadedRun;
  readonly shard: LoadedShard;
  /** x^t first. */
  readonly points: readonly Float64Array[];
}

/** What an environment does a task with. */
export interface WorkerContext {
  readonly ports: Ports;
  readonly runs: RunLoader;
  readonly shards: ShardLoader;
  readonly gradients: GradientStore;
  readonly stored: StoredGradients;
  readonly workspace: Workspace;
  readonly cold: boolean;
  readonly hooks: WorkerHooks;
}

/** The usual case without waiting: the environment has done tasks of this worker's before. */
export function atHand(task: Task, { runs, shards }: WorkerContext): Ready | undefined {
  const run = runs.loaded(task.run, task.runDigest);
  const points = run && runs.inlinePoints(run, task);
  const shard = run && points && shards.held(run, task.workers, task.worker);
  return shard && { run, shard, points };
}

export async function load(task: Task, { runs, shards }: WorkerContext): Promise<Ready> {
  const run = await runs.run(task.run, task.runDigest);
  const [shard, points] = await Promise.all([
    shards.shard(run, task.workers, task.worker),
    runs.points(run, task),
  ]);
  return { run, shard, points };
}
