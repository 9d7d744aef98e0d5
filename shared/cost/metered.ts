/** Ports whose requests are counted, whatever engine stands behind them. */
import { Buffer } from "node:buffer";
import type { MessageQueue, ObjectStore, Ports, QueueAddress, ReceivedMessage } from "../cloud/index.ts";
import { isOutsideObject } from "../protocol/index.ts";
import type { Meter, SplitBytes } from "./meter.ts";

/**
 * Wraps objects and queues so that each request is counted when it is made (a receive and a GET when they return,
 * since only then their size is known; failed ones are billed as well, as empty).
 *
 * @param evaluationBytesOf how many bytes of a message's body are evaluation traffic: 0 for most, all of them for a
 *   message that serves nothing else
 */
export function meterPorts(ports: Ports, meter: Meter, evaluationBytesOf: (body: string) => number): Ports {
  return {
    ...ports,
    objects: meterObjects(ports.objects, meter),
    queues: meterQueues(ports.queues, meter, evaluationBytesOf),
  };
}

function meterObjects(objects: ObjectStore, meter: Meter): ObjectStore {
  return {
    async get(key, options) {
      let bytes = 0;
      try {
        const object = await objects.get(key, options);
        bytes = object.body.length;
        return object;
      } finally {
        meter.getObject(bytes, isOutsideObject(key));
      }
    },
    put(key, body, condition) {
      meter.putObject(body.length, isOutsideObject(key));
      return objects.put(key, body, condition);
    },
    async putStream(key, chunks) {
      let bytes = 0;
      const counted = async function* (): AsyncGenerator<Uint8Array> {
        for await (const chunk of chunks) {
          bytes += chunk.length;
          yield chunk;
        }
      };
      try {
        return await objects.putStream(key, counted());
      } finally {
        meter.putObjectStream(bytes);
      }
    },
    delete(key) {
      meter.deleteObject(isOutsideObject(key));
      return objects.delete(key);
    },
    async list(prefix) {
      let keys = 0;
      try {
        const found = await objects.list(prefix);
        keys = found.length;
        return found;
      } finally {
        meter.listObjects(keys);
      }
    },
  };
}

function meterQueues(
  queues: MessageQueue,
  meter: Meter,
  evaluationBytesOf: (body: string) => number,
): MessageQueue {
  // Receipts of messages that are wholly evaluation and not deleted yet: their deletion is evaluation as well.
  const evaluationReceipts = new Set<string>();

  const splitBody = (body: string): SplitBytes => {
    const bytes = Buffer.byteLength(body);
    const evaluationBytes = Math.min(bytes, evaluationBytesOf(body));
    return { methodBytes: bytes - evaluationBytes, evaluationBytes };
  };

  return {
    create(name, options) {
      meter.manage(name as QueueAddress);
      return queues.create(name, options);
    },
    address(name) {
      meter.manage(name as QueueAddress);
      return queues.address(name);
    },
    destroy(queue) {
      meter.manage(queue);
      return queues.destroy(queue);
    },
    send(queue, messages) {
      meter.send(queue, sum(messages.map(({ body }) => splitBody(body))), messages.length);
      return queues.send(queue, messages);
    },
    async receive(queue, options) {
      let messages: readonly ReceivedMessage[] = [];
      try {
        messages = await queues.receive(queue, options);
        return messages;
      } finally {
        if (messages.length === 0) meter.emptyReceive(queue);
        else {
          const splits = messages.map(({ body }) => splitBody(body));
          meter.receive(queue, sum(splits), messages.length);
          for (const [i, { methodBytes }] of splits.entries()) {
            if (methodBytes === 0) evaluationReceipts.add(messages[i]!.receipt);
          }
        }
      }
    },
    delete(queue, receipts) {
      let evaluation = 0;
      for (const receipt of receipts) if (evaluationReceipts.delete(receipt)) evaluation++;
      meter.delete(queue, receipts.length, evaluation > 0 && evaluation === receipts.length);
      return queues.delete(queue, receipts);
    },
    extend(queue, receipt, seconds) {
      meter.extend(queue, evaluationReceipts.has(receipt));
      return queues.extend(queue, receipt, seconds);
    },
    waiting(queue) {
      meter.manage(queue);
      return queues.waiting(queue);
    },
  };
}

function sum(splits: readonly SplitBytes[]): SplitBytes {
  let methodBytes = 0;
  let evaluationBytes = 0;
  for (const split of splits) {
    methodBytes += split.methodBytes;
    evaluationBytes += split.evaluationBytes;
  }
  return { methodBytes, evaluationBytes };
}
