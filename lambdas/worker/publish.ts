/** Posts the answer: in the message while it fits, else through the object store (claim check). */

import { MarinaError } from "../../shared/base/index.ts";
import type { Ports, QueueAddress } from "../../shared/cloud/index.ts";
import {
  bodyCharacters,
  checksumsOf,
  contributionKey,
  encodeRunMessage,
  encodeVector,
  evaluationBytesOfFrame,
  MESSAGE_LIMIT_BYTES,
  observationKey,
  type Ranges,
  type RunMessage,
  type Task,
  writeRunMessage,
} from "../../shared/protocol/index.ts";
import { packOf, type TaskAnswer } from "./task-answer.ts";

export async function publish(ports: Ports, task: Task, answer: TaskAnswer): Promise<void> {
  try {
    await post(ports, task, answer);
  } catch (error) {
    if (!(error instanceof MarinaError) || error.code !== "not-found") throw error;
    // The run has ended and its queue is gone: nobody waits for this late copy. Thrown, it would be delivered again
    // and again, slow the mapping down and end up among the dead letters. (If the queue is so new that it can't be seen
    // from here yet, the aggregator sends the task again.)
    const { run, round, slot } = task;
    ports.log.info("answer-unwanted", { run, round, slot });
  }
}

async function post(ports: Ports, task: Task, answer: TaskAnswer): Promise<void> {
  const { objects, queues } = ports;
  const queue = task.replyTo as QueueAddress;
  const { ranges } = task;
  // What reducers do not add (compressed messages, those that are looked at one by one) may be too large all the same.
  const messages =
    ranges === undefined
      ? answer.messages
      : await Promise.all(answer.messages.map((message) => byRanges(ports, task, ranges, message)));
  let writer = writeRunMessage(packOf({ ...answer, messages }));
  if (bodyCharacters(writer.length) > MESSAGE_LIMIT_BYTES) {
    const slim = await Promise.all(messages.map((message) => withoutEvaluation(ports, task, message)));
    if (slim.some((message, i) => message !== messages[i])) {
      writer.finish();
      writer = writeRunMessage(packOf({ ...answer, messages: slim }));
    }
  }
  if (bodyCharacters(writer.length) <= MESSAGE_LIMIT_BYTES) {
    return queues.send(queue, [{ body: writer.finishBody() }]);
  }
  const frame = writer.finish();
  const outside = evaluationBytesOfFrame(frame) === frame.length;
  const { run, runDigest, phase, round, slot, worker } = task;
  const key = (outside ? observationKey : contributionKey)(run, phase, round, slot);
  const pointer = encodeRunMessage({ kind: "stored", runDigest, phase, round, slot, worker, key, outside });
  await objects.put(key, frame);
  return queues.send(queue, [{ body: pointer }]);
}

const NO_PAYLOAD = new Uint8Array(0);
/** What a number of a dense message is counted as, whatever the wire. */
const BITS_PER_NUMBER = 32;

/**
 * A contribution with its vectors in the store, where reducers read them by ranges: it tells of the checksum of each. All that is
 * stored is the numbers, which are the same whoever does the task, so a task done again may overwrite them at any time.
 */
async function byRanges(
  { objects }: Ports,
  { run }: Task,
  ranges: Ranges,
  message: RunMessage,
): Promise<RunMessage> {
  if (message.kind !== "contribution") return message;
  const { phase, round, slot, payload, bits, evaluation } = message;
  const stored: Promise<string>[] = [];
  let told = message;
  if (ranges.message > 0 && payload.length > 0) {
    stored.push(objects.put(contributionKey(run, phase, round, slot), payload));
    const payloadRanges = checksumsOf(payload, bits / BITS_PER_NUMBER, ranges.message);
    told = { ...told, payload: NO_PAYLOAD, payloadRanges };
  }
  if (ranges.evaluation > 0 && evaluation !== null) {
    // A copy: the gradient is the environment's own, the store keeps what it is given.
    const bytes = new Uint8Array(evaluation.buffer, evaluation.byteOffset, evaluation.byteLength).slice();
    stored.push(objects.put(observationKey(run, phase, round, slot), bytes));
    const evaluationRanges = checksumsOf(bytes, evaluation.length, ranges.evaluation);
    told = { ...told, evaluation: null, evaluationRanges };
  }
  await Promise.all(stored);
  return told;
}

/**
 * A contribution that brings the exact gradient besides and is too large with it: the gradient is stored by itself, so that
 * the contribution takes the way that it takes unwatched.
 */
async function withoutEvaluation(
  { objects }: Ports,
  { run }: Task,
  message: RunMessage,
): Promise<RunMessage> {
  if (message.kind !== "contribution" || message.evaluation === null || message.payload.length === 0)
    return message;
  const evaluationKey = observationKey(run, message.phase, message.round, message.slot);
  await objects.put(evaluationKey, encodeVector(message.evaluation));
  return { ...message, evaluation: null, evaluationKey };
}
