/** Posts the answer: in the message while it fits, else through the object store (claim check). */
import type { Ports, QueueAddress } from "../../shared/cloud/ports.ts";
import { MarinaError } from "../../shared/math/errors.ts";
import { frameIncoming, type Incoming } from "../../shared/protocol/contribution.ts";
import { toBody } from "../../shared/protocol/frame.ts";
import { contributionKey } from "../../shared/protocol/keys.ts";
import { MESSAGE_LIMIT_BYTES } from "../../shared/protocol/limits.ts";
import type { Task } from "../../shared/protocol/task.ts";

export async function publish(ports: Ports, task: Task, message: Incoming): Promise<void> {
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

async function post({ objects, queues }: Ports, task: Task, message: Incoming): Promise<void> {
  const frame = frameIncoming(message);
  const queue = task.replyTo as QueueAddress;
  if (Math.ceil(frame.length / 3) * 4 <= MESSAGE_LIMIT_BYTES) {
    await queues.send(queue, [{ body: toBody(frame) }]);
    return;
  }
  const key = contributionKey(task.run, task.round, task.slot);
  await objects.put(key, frame);
  const { runDigest, round, slot, worker } = task;
  const pointer = frameIncoming({ kind: "stored", runDigest, round, slot, worker, key });
  await queues.send(queue, [{ body: toBody(pointer) }]);
}
