/** What the workers of a method with state remember, kept in the object store, keyed by (run, worker, round). */

import { MarinaError } from "../../shared/base/index.ts";
import { type Ports, readChecked } from "../../shared/cloud/index.ts";
import { startingState, type Vectors, type WorkerStateDefinition } from "../../shared/methods/index.ts";
import {
  decodeWorkerState,
  encodeWorkerState,
  memoryKey,
  memoryPrefix,
  roundOfMemoryKey,
  type Task,
} from "../../shared/protocol/index.ts";
import type { LoadedRun } from "./load.ts";

/** The worker's state as the round before left it; zero before round 0. */
export async function loadState({ objects }: Ports, run: LoadedRun, task: Task): Promise<Vectors> {
  const { dimension } = run;
  const state = definitionOf(run);
  if (task.round === 0) return startingState(state, dimension);
  const key = memoryKey(task.run, task.worker, task.round);
  try {
    return (await readChecked(objects, key, (body) => decodeWorkerState(body, state, dimension, key))).value;
  } catch (error) {
    if (!(error instanceof MarinaError) || error.code !== "not-found") throw error;
    throw new MarinaError(
      "worker-failed",
      `${key}: what worker ${task.worker} remembers for round ${task.round} is missing; it was deleted under the run`,
      { cause: error },
    );
  }
}

/** Of workers that remember nothing. */
const NO_STATE: Vectors = {};

/** The worker's state as the task brings it; nothing where there is none. */
export function stateInTask(run: LoadedRun, { shifts, worker, round }: Task): Vectors {
  if (run.state === null) return NO_STATE;
  const name = definitionOf(run).vectors[0]!;
  const { dimension } = run;
  const vector = shifts?.[0];
  if (vector?.length === dimension) return { [name]: vector };
  throw new MarinaError(
    "message",
    `task: expected the ${name} of worker ${worker} in round ${round} with ${dimension} entries, got ${vector === undefined ? "none" : vector.length}`,
  );
}

/**
 * Written before the contribution is posted, so whoever counts the contribution can count on it. A task done twice
 * writes the same bytes twice.
 */
export async function storeState(
  { objects }: Ports,
  run: LoadedRun,
  task: Task,
  next: Vectors,
): Promise<void> {
  const body = encodeWorkerState(next, definitionOf(run));
  await objects.put(memoryKey(task.run, task.worker, task.round + 1), body);
}

/** @throws RangeError for a run whose workers remember nothing: a defect of the caller. */
function definitionOf({ state }: LoadedRun): WorkerStateDefinition {
  if (state === null) throw new RangeError("the workers of this run remember nothing");
  return state;
}

/** Where checkpoints come by the clock, old states are looked for once in so many rounds. */
const ROUNDS_PER_SWEEP = 64;

/**
 * Deletes what no replay can ask for any more: a crash goes back to the last durable checkpoint at most, which lies no
 * more than checkpointEvery rounds and the write-behind's one behind. Where checkpoints come by the clock, how far back
 * is not known beforehand: then the store is asked what there is, now and then.
 */
export async function forgetStates({ objects }: Ports, run: LoadedRun, task: Task): Promise<void> {
  const every = run.spec.checkpointEvery;
  if (typeof every === "number") {
    const old = task.round - every - 2;
    if (old > 0 && old < task.oldestNeededRound) await objects.delete(memoryKey(task.run, task.worker, old));
    return;
  }
  if (task.round === 0 || task.round % ROUNDS_PER_SWEEP !== 0) return;
  for (const key of await objects.list(memoryPrefix(task.run, task.worker))) {
    if (roundOfMemoryKey(key) < task.oldestNeededRound) await objects.delete(key);
  }
}
