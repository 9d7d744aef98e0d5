/** What DIANA workers remember, kept in the object store, keyed by (run, worker, round). */

import { MarinaError } from "../../shared/base/index.ts";
import { type Ports, readChecked } from "../../shared/cloud/index.ts";
import type { WorkerMemory } from "../../shared/methods/index.ts";
import {
  decodeMemory,
  encodeMemory,
  memoryKey,
  memoryPrefix,
  roundOfMemoryKey,
  type Task,
} from "../../shared/protocol/index.ts";
import type { LoadedRun } from "./load.ts";

/** h_i^t as the round before left it; zero before round 0. */
export async function loadMemory({ objects }: Ports, run: LoadedRun, task: Task): Promise<WorkerMemory> {
  if (task.round === 0) return { shift: new Float64Array(run.dimension) };
  const key = memoryKey(task.run, task.worker, task.round);
  try {
    return (await readChecked(objects, key, (body) => decodeMemory(body, run.dimension, key))).value;
  } catch (error) {
    if (!(error instanceof MarinaError) || error.code !== "not-found") throw error;
    throw new MarinaError(
      "worker-failed",
      `${key}: what worker ${task.worker} remembers for round ${task.round} is missing; it was deleted under the run`,
      { cause: error },
    );
  }
}

/** h_i^t as the task brings it. */
export function carriedMemory(run: LoadedRun, { shifts, worker, round }: Task): WorkerMemory {
  const shift = shifts?.[0];
  if (shift?.length === run.dimension) return { shift };
  throw new MarinaError(
    "message",
    `task: expected the shift of worker ${worker} in round ${round} with ${run.dimension} entries, got ${shift === undefined ? "none" : shift.length}`,
  );
}

/**
 * Written before the contribution is posted, so whoever counts the contribution can count on it. A task done twice
 * writes the same bytes twice.
 */
export async function storeMemory(
  { objects }: Ports,
  _run: LoadedRun,
  task: Task,
  next: WorkerMemory,
): Promise<void> {
  await objects.put(memoryKey(task.run, task.worker, task.round + 1), encodeMemory(next));
}

/** Where checkpoints come by the clock, old memories are looked for once in so many rounds. */
const ROUNDS_PER_SWEEP = 64;

/**
 * Deletes what no replay can ask for any more: a crash goes back to the last durable checkpoint at most, which lies no
 * more than checkpointEvery rounds and the write-behind's one behind. Where checkpoints come by the clock, how far back
 * is not known beforehand: then the store is asked what there is, now and then.
 */
export async function forgetMemory({ objects }: Ports, run: LoadedRun, task: Task): Promise<void> {
  const every = run.spec.checkpointEvery;
  if (typeof every === "number") {
    const old = task.round - every - 2;
    if (old > 0 && old < task.memoryFloor) await objects.delete(memoryKey(task.run, task.worker, old));
    return;
  }
  if (task.round === 0 || task.round % ROUNDS_PER_SWEEP !== 0) return;
  for (const key of await objects.list(memoryPrefix(task.run, task.worker))) {
    if (roundOfMemoryKey(key) < task.memoryFloor) await objects.delete(key);
  }
}
