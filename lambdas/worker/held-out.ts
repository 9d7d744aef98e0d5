/** A worker's part of the held-out data: loss and right predictions at x, outside the method. */

import { MarinaError } from "../../shared/base/index.ts";
import { storedEntries } from "../../shared/problems/index.ts";
import type { RunMessage, Task } from "../../shared/protocol/index.ts";
import type { WorkerContext } from "./ready.ts";

/** @throws MarinaError "message" where the run has no held-out data, or this worker no part of it. */
export async function heldOut(task: Task, { ports, runs, shards, cold }: WorkerContext): Promise<RunMessage> {
  const run = await runs.run(task.run, task.runDigest);
  const manifest = await runs.heldOut(run);
  if (manifest === undefined) throw new MarinaError("message", `task: run ${task.run} has no held-out data`);
  const [shard, points] = await Promise.all([
    shards.heldOut(run, manifest, task.workers, task.worker),
    runs.points(run, task),
  ]);
  const started = ports.clock.now();
  const work = { ...run.problem.work(shard.rows, storedEntries(shard)), entries: run.dimension };
  const { loss, correct } = await ports.compute.run(
    () => work,
    () => run.evaluator.figures(shard, points[0]!),
  );
  const { runDigest, phase, round, slot, worker } = task;
  return {
    kind: "held-out",
    ...{ runDigest, phase, round, slot, worker },
    rows: shard.rows,
    loss,
    correct,
    computeMilliseconds: ports.clock.now() - started,
    cold,
  };
}
