/**
 * The end of a run, after its last checkpoint: what workers left is deleted, then the result is written, then the run's
 * queue goes. All of it follows from the checkpoint alone and may be done any number of times, by any aggregator that
 * finds an ended run: the one that ended it may have died in between.
 */

import { MarinaError } from "../../../shared/base/index.ts";
import {
  DamagedObject,
  existingQueue,
  type ObjectStore,
  type Ports,
  type PutCondition,
  readChecked,
} from "../../../shared/cloud/index.ts";
import {
  contributionsQueueName,
  decodeResult,
  encodeResult,
  leftoverPrefixes,
  NO_PREPARATION,
  type Preparation,
  type RunResult,
  type RunSpec,
  type RunStatus,
  resultKey,
  vectorSha256,
} from "../../../shared/protocol/index.ts";
import { readPreparation } from "../calibration/stored-calibration.ts";
import type { UncommittedCheckpoint } from "../checkpoints/uncommitted-checkpoint.ts";

/** Deletions concurrently. */
const DELETIONS_AT_ONCE = 64;
/** Writers of one result that may get in one another's way. */
const RESULT_ATTEMPTS = 5;
/** Attempts of a step, each after the bounded retries below the port. */
const STEP_ATTEMPTS = 4;
const STEP_PAUSE_MILLISECONDS = 2000;

/**
 * Is it over for good? A run that may be resumed keeps its queue (a name can't be used again for a minute after its
 * deletion) and the state of its workers.
 */
export function isOver(status: RunStatus): boolean {
  return status === "done" || status === "diverged";
}

/** @param checkpoint the durable one, of a run that has ended. */
export async function endRun(
  ports: Ports,
  queuePrefix: string,
  spec: RunSpec,
  checkpoint: UncommittedCheckpoint,
): Promise<void> {
  const { run, status } = checkpoint;
  const over = isOver(status);
  if (over) await deleteLeftovers(ports, run);
  const preparation = await retryWhileUnavailable(ports, () => readPreparation(ports, run));
  const result = resultOf(spec, checkpoint, preparation);
  await retryWhileUnavailable(ports, () => publishResult(ports.objects, result));
  if (over) await destroyQueue(ports, contributionsQueueName(queuePrefix, run));
}

/** Deletes the run's queue, if there is one. */
export function destroyQueue(ports: Ports, name: string): Promise<void> {
  const { queues } = ports;
  return retryWhileUnavailable(ports, async () => {
    const queue = await existingQueue(queues, name);
    if (queue !== undefined) await queues.destroy(queue);
  });
}

/**
 * Does what may be repeated again after a while, where a service is unavailable: this may be the last delivery of the
 * control message, and what is left is not looked for again once the result is there.
 */
export async function retryWhileUnavailable<T>({ clock }: Ports, step: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await step();
    } catch (error) {
      const passing = error instanceof MarinaError && error.code === "unavailable";
      if (!passing || attempt === STEP_ATTEMPTS) throw error;
      await clock.sleep(STEP_PAUSE_MILLISECONDS);
    }
  }
}

/**
 * Writes the result, unless one of the same or a later term is there: one that stood still since an earlier ending must
 * not overwrite what has happened since.
 * @returns how the run has ended by the result that is there now.
 */
export async function publishResult(objects: ObjectStore, result: RunResult): Promise<RunStatus> {
  const key = resultKey(result.run);
  for (let attempt = 1; ; attempt++) {
    const found = await existing(objects, key);
    if (found !== undefined && stands(found, result)) return found.status;
    const condition: PutCondition = found === undefined ? { ifNoneMatch: "*" } : { ifMatch: found.etag };
    try {
      await objects.put(key, encodeResult(result), condition);
      return result.status;
    } catch (error) {
      const raced =
        error instanceof MarinaError && (error.code === "precondition-failed" || error.code === "not-found");
      if (!raced || attempt === RESULT_ATTEMPTS) throw error;
    }
  }
}

type Standing = Pick<RunResult, "tenure" | "provisional" | "status">;

/**
 * Of two results of one term the provisional one gives way: the run was gone on with after all. Nothing comes after a run that
 * is over.
 */
function stands(found: Standing, { tenure, provisional }: Standing): boolean {
  if (provisional === true && isOver(found.status)) return true;
  return found.tenure > tenure || (found.tenure === tenure && (provisional ?? !found.provisional));
}

async function existing(
  objects: ObjectStore,
  key: string,
): Promise<(Standing & { readonly etag: string }) | undefined> {
  try {
    const { value, etag } = await readChecked(objects, key, (body) => decodeResult(body, key));
    return { ...value, etag };
  } catch (error) {
    if (error instanceof MarinaError && error.code === "not-found") return undefined;
    if (!(error instanceof DamagedObject)) throw error;
    // A result that can't be read is no result: any other is later.
    return { tenure: -1, status: "failed", etag: (await objects.get(key)).etag };
  }
}

/** Iterates, contributions and worker memory that the rounds have left. The run is over whether this works or not. */
async function deleteLeftovers({ objects, log }: Ports, run: string): Promise<void> {
  try {
    for (const prefix of leftoverPrefixes(run)) {
      const keys = await objects.list(prefix);
      for (let first = 0; first < keys.length; first += DELETIONS_AT_ONCE) {
        await Promise.all(keys.slice(first, first + DELETIONS_AT_ONCE).map((key) => objects.delete(key)));
      }
    }
  } catch (error) {
    log.warn("leftovers-kept", { run, error: String(error) });
  }
}

export function resultOf(
  spec: RunSpec | null,
  checkpoint: UncommittedCheckpoint,
  preparation: Preparation,
): RunResult {
  const { status, totals, ending, initialGradientNormSquared: initial } = checkpoint;
  if (status === "running" || ending === null) throw new RangeError("a running run has no result");
  const { loss, gradientNormSquared, heldOut, usd } = ending;
  return {
    version: 1,
    run: checkpoint.run,
    tenure: checkpoint.tenure,
    status,
    stoppedBy: checkpoint.stoppedBy,
    error: checkpoint.error,
    rounds: checkpoint.round,
    loss,
    gradientNormSquared,
    ...(heldOut === undefined ? {} : { heldOut }),
    initialGradientNormSquared: initial,
    relativeGradientNormSquared:
      gradientNormSquared === null || initial === null || initial === 0
        ? null
        : gradientNormSquared / initial,
    uplinkBitsPerWorker: totals.uplinkBitsPerWorker,
    uplinkBytesMeasured: totals.uplinkBytes,
    downlinkBytesMeasured: totals.downlinkBytes,
    evaluationBytesMeasured: totals.evaluationBytes,
    seconds: totals.seconds,
    usd,
    ...(preparation === NO_PREPARATION ? {} : { preparation }),
    usage: checkpoint.usage,
    resentTasks: totals.resent,
    pairedGradients: totals.pairs,
    reusedGradients: totals.reused,
    hedgedTasks: totals.hedged,
    droppedMessages: totals.dropped,
    iterateSha256: vectorSha256(checkpoint.state["iterate"]!),
    constants: checkpoint.constants,
    phases: checkpoint.elastic.phases,
    spec,
  };
}
