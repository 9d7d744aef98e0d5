/**
 * The result of a run that could not be ended as runs are, by a last checkpoint: its checkpoint or its description can't be read, or something
 * went wrong at the last delivery of its control message in a place from which there is no other way on. Nothing but the
 * result is written, so whatever is there can be gone on with after the repair. A run that is over by its result keeps that.
 */

import { MarinaError } from "../../../shared/base/index.ts";
import type { Ports } from "../../../shared/cloud/index.ts";
import {
  type Checkpoint,
  contributionsQueueName,
  MAX_RECEIVE_COUNT,
  type RunResult,
  type RunSpec,
} from "../../../shared/protocol/index.ts";
import { readPreparation } from "../calibration/stored-calibration.ts";
import { readCheckpoint, UnreadableCheckpoint } from "../checkpoints/stored-checkpoint.ts";
import {
  describe,
  emptyCheckpoint,
  failureOf,
  NO_POINT,
  type UncommittedCheckpoint,
} from "../checkpoints/uncommitted-checkpoint.ts";
import { wholeCheckpoint } from "../checkpoints/whole-checkpoint.ts";
import { loadStored, type StoredSpec, UnreadableDescription } from "./active-run.ts";
import { destroyQueue, isOver, publishResult, resultOf } from "./end-run.ts";
import type { Term } from "./open-term.ts";

/**
 * Can no later delivery do better? Then the result says what went wrong.
 * @returns false when the message should be delivered again, or go to the dead letters: another delivery may succeed, or
 *   not even the result could be written.
 */
export async function publishFailureResult(
  { ports, settings, control, message }: Pick<Term, "ports" | "settings" | "control" | "message">,
  error: unknown,
): Promise<boolean> {
  const final = error instanceof UnreadableCheckpoint || error instanceof UnreadableDescription;
  if (!final && message.receiveCount < MAX_RECEIVE_COUNT) return false;
  const { run } = control;
  try {
    const stored = await description(ports, run);
    const checkpoint = await lastCheckpoint(ports, run, stored.spec);
    // All but the tidying up is done, and a service was unavailable: `marina resume` finds an ended run and writes the
    // result that belongs to it.
    const unavailable = error instanceof MarinaError && error.code === "unavailable";
    if (checkpoint !== undefined && checkpoint.status !== "running" && unavailable) return false;
    const base: UncommittedCheckpoint = checkpoint ?? emptyCheckpoint(stored, control, NO_POINT);
    const ending = { loss: null, gradientNormSquared: null, usd: base.records.at(-1)?.usd ?? 0 };
    const failed = { ...base, tenure: control.tenure, ...failureOf(error), ending };
    const preparation = await readPreparation(ports, run);
    const result: RunResult = { ...resultOf(stored.spec, failed, preparation), provisional: true };
    const status = await publishResult(ports.objects, result);
    // Its aggregator wrote the result and died before it had tidied up; what was damaged since, nobody needs any more.
    if (isOver(status)) await destroyQueue(ports, contributionsQueueName(settings.queuePrefix, run));
    return true;
  } catch (second) {
    ports.log.warn("failure-result-unwritten", { run, error: describe(second) });
    return false;
  }
}

/** Without a spec where it can't be read. */
async function description(
  ports: Ports,
  run: string,
): Promise<Pick<StoredSpec, "run" | "digest"> & { readonly spec: RunSpec | null }> {
  try {
    return await loadStored(ports, run);
  } catch (error) {
    if (!(error instanceof UnreadableDescription)) throw error;
    return { run, digest: "", spec: null };
  }
}

/** Undefined where there is none that can be read, with the program as it is: the result then says nothing of rounds. */
async function lastCheckpoint(
  { objects }: Ports,
  run: string,
  spec: RunSpec | null,
): Promise<Checkpoint | undefined> {
  try {
    const checkpoint = (await readCheckpoint(objects, run))?.checkpoint;
    if (checkpoint?.base === undefined) return checkpoint;
    return spec === null ? undefined : await wholeCheckpoint(objects, spec, checkpoint);
  } catch (error) {
    if (error instanceof MarinaError && !(error instanceof UnreadableCheckpoint)) throw error;
    return undefined;
  }
}
