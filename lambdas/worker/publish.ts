/** Posts the answer: in the message while it fits, else through the object store (claim check). */

import { MarinaError } from "../../shared/base/index.ts";
import type { Ports, QueueAddress } from "../../shared/cloud/index.ts";
import {
  bodyCharacters,
  contributionKey,
  encodeRunMessage,
  MESSAGE_LIMIT_BYTES,
  type RunMessage,
  type Task,
  writeRunMessage,
} from "../../shared/protocol/index.ts";

export async function publish(ports: Ports, task: Task, message: RunMessage): Promise<void> {
  try {
    await post(ports, task, message);
  } catch (error) {
    if (!(error instanceof MarinaError) || error.code !== "not-found") throw error;
    // The run has ended and its queue is gone: nobody waits for this late copy. Thrown, it would be delivered again
    // and again, slow the mapping down and end up among the dead letters. (If the queue is so new that it can't be seen
    // from here yet, the aggregator sends the task again.)
    const { run, round, slot } = task;
    ports.log.info("answer-unwanted", { run, round, slot });
  }
}

function post({ objects, queues }: Ports, task: Task, message: RunMessage): Promise<void> {
  const queue = task.replyTo as QueueAddress;
  const writer = writeRunMessage(message);
  if (bodyCharacters(writer.length) <= MESSAGE_LIMIT_BYTES) {
    return queues.send(queue, [{ body: writer.finishBody() }]);
  }
  const key = contributionKey(task.run, task.phase, task.round, task.slot);
  const { runDigest, phase, round, slot, worker } = task;
  const pointer = encodeRunMessage({ kind: "stored", runDigest, phase, round, slot, worker, key });
  return objects.put(key, writer.finish()).then(() => queues.send(queue, [{ body: pointer }]));
}
