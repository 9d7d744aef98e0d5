/** What becomes of a run whose term has failed: tried again, taken over by a successor, or ended with a word on why. */
import { MarinaError } from "../../../shared/base/index.ts";
import type { DeliveredMessage } from "../../../shared/cloud/index.ts";
import { contributionsQueueName, MAX_RECEIVE_COUNT } from "../../../shared/protocol/index.ts";
import { readCheckpoint } from "../checkpoints/stored-checkpoint.ts";
import {
  codeOf,
  describe,
  emptyCheckpoint,
  failureOf,
  NO_POINT,
  type UncommittedCheckpoint,
} from "../checkpoints/uncommitted-checkpoint.ts";
import { wholeCheckpoint } from "../checkpoints/whole-checkpoint.ts";
import { StoppedNow } from "../exchange/user-commands.ts";
import { loadStored, RunDeleted } from "./active-run.ts";
import { destroyQueue, isOver, retryWhileUnavailable } from "./end-run.ts";
import { publishFailureResult } from "./failure-result.ts";
import { storeEnd } from "./finalise.ts";
import { closeTerm, type OpenTerm, type Term } from "./open-term.ts";
import { startOf } from "./starting-point.ts";

/** @throws what should make the control message be delivered again. */
export async function endOnFailure(term: Term, failure: unknown): Promise<void> {
  const { ports, settings, control, message, lease } = term;
  const { run, tenure } = control;
  let error = failure;
  if (isPastReading(term) && !isPassing(error, message)) {
    try {
      return await storeFailure(term, error);
    } catch (second) {
      error = second;
    }
  }
  await closeTerm(term);
  if (error instanceof RunDeleted) {
    // It can't go on any more: its message must not come again and again.
    ports.log.warn("run-deleted", { run, tenure });
    return destroyQueue(ports, contributionsQueueName(settings.queuePrefix, run));
  }
  const replaced = !lease.held || (error instanceof MarinaError && error.code === "lease-lost");
  if (!replaced && (await publishFailureResult(term, error))) {
    ports.log.warn("term-failed", { run, tenure, code: codeOf(error), error: describe(error) });
    return;
  }
  await leaveNothing(term);
  throw error;
}

/** Was the checkpoint read, and found to be this term's to drive? */
function isPastReading(term: Term): term is Term & Pick<OpenTerm, "writer" | "spending"> {
  return term.writer !== undefined && term.spending !== undefined;
}

/**
 * May the same control message succeed when it is delivered again? A lost lease is for the successor; a service that is
 * unavailable, and a defect that may have been a bad moment's, are tried again until the last delivery, which says why.
 */
function isPassing(error: unknown, { receiveCount }: DeliveredMessage): boolean {
  if (error instanceof StoppedNow) return false;
  if (error instanceof MarinaError && error.code === "lease-lost") return true;
  const final = error instanceof MarinaError && error.code !== "unavailable";
  return !final && receiveCount < MAX_RECEIVE_COUNT;
}

/** The run can't go on: says so, on top of the last durable checkpoint's state, so that `resume` can. */
async function storeFailure(
  term: Term & Pick<OpenTerm, "writer" | "spending">,
  error: unknown,
): Promise<void> {
  const { ports, settings, control, lease, writer, active } = term;
  lease.check();
  await writer.settled();
  const stored = await loadStored(ports, control.run, settings.descriptions);
  const found = await readCheckpoint(ports.objects, control.run);
  // This term has ended it, only not everything was tidied up: the next aggregator that is told of the run goes on with
  // that. (A run that ended in an earlier term could not even be taken up again, and must say so.)
  const ended = found !== undefined && found.checkpoint.status !== "running";
  if (ended && found.checkpoint.tenure >= control.tenure) throw error;
  const whole = found && (await wholeCheckpoint(ports.objects, stored.spec, found.checkpoint));
  const base = whole ?? emptyCheckpoint({ ...stored, ...active }, control, await startIfKnown(term));
  const { commit: _, ...uncommitted } = { commit: "", ...base };
  const failed: UncommittedCheckpoint = {
    ...uncommitted,
    tenure: control.tenure,
    ...failureOf(error, active),
  };
  await storeEnd(term, failed, { loss: null, gradientNormSquared: null }, stored.spec);
}

/** What a run that has not begun would have begun at; nothing where the failure is that it can't be known. */
async function startIfKnown({ active }: Term): Promise<Float64Array> {
  if (active === undefined) return NO_POINT;
  try {
    return await startOf(active);
  } catch (error) {
    if (error instanceof MarinaError && error.code !== "unavailable") return NO_POINT;
    throw error;
  }
}

/**
 * An aggregator that was replaced, perhaps without knowing it, may have made the run's queue anew after its successor had
 * ended the run; also by a call that told of a failure.
 */
async function leaveNothing({ ports, settings, control }: Term): Promise<void> {
  const { run } = control;
  try {
    const found = await retryWhileUnavailable(ports, () => readCheckpoint(ports.objects, run));
    const status = found?.checkpoint.status;
    if (status !== undefined && isOver(status))
      await destroyQueue(ports, contributionsQueueName(settings.queuePrefix, run));
  } catch (error) {
    ports.log.warn("queue-kept", { run, error: describe(error) });
  }
}
