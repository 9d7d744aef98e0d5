/** Posts the answer: in the message while it fits, else through the object store (claim check). */
import type { Ports, QueueAddress } from "../../shared/cloud/ports.ts";
import { frameIncoming, type Incoming } from "../../shared/protocol/contribution.ts";
import { toBody } from "../../shared/protocol/frame.ts";
import { contributionKey } from "../../shared/protocol/keys.ts";
import { MESSAGE_LIMIT_BYTES } from "../../shared/protocol/limits.ts";
import type { Task } from "../../shared/protocol/task.ts";

export async function publish({ objects, queues }: Ports, task: Task, message: Incoming): Promise<void> {
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
