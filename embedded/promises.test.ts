import { describe, expect, it } from "vitest";
import type { Ports } from "../shared/cloud/index.ts";
import { OBJECT_PROMISES } from "../shared/cloud/testing/object-promises.ts";
import { QUEUE_PROMISES } from "../shared/cloud/testing/queue-promises.ts";
import { createEmbeddedCloud, type EmbeddedCloud } from "./cloud.ts";

const OPTIONS = { visibilitySeconds: 900, retentionSeconds: 1e6 };

/** Runs `work` in a handler, with the ports and the latencies that handlers have. */
async function inHandler(work: (ports: Ports, cloud: EmbeddedCloud) => Promise<void>): Promise<void> {
  const cloud = createEmbeddedCloud({ seed: 1 });
  const queue = cloud.createQueue("start", OPTIONS);
  const outcome = Promise.withResolvers<void>();
  const create = (ports: Ports) => async () => {
    await work(ports, cloud).then(outcome.resolve, outcome.reject);
    return { failedMessageIds: [] };
  };
  const target = cloud.defineFunction({ name: "aggregator", memoryMb: 1769, timeoutSeconds: 900, create });
  cloud.mapQueue({ queue, function: target, batchSize: 1 });
  await cloud.client.queues.send(queue, [{ body: "go" }]);
  await cloud.run(outcome.promise);
}

describe("the embedded object store keeps what the port promises", () => {
  it.each(OBJECT_PROMISES)("$name", ({ holds }) => inHandler(({ objects }) => holds(objects)));
});

describe("embedded queues keep what the port promises", () => {
  it.each(QUEUE_PROMISES)("$name", ({ holds }) =>
    inHandler(({ queues, clock }, cloud) => {
      const createFifo = async (name: string, visibilitySeconds: number) =>
        cloud.createQueue(name, { ...OPTIONS, visibilitySeconds });
      return holds({ queues, clock, name: "queue", createFifo });
    }),
  );
});

it("a store that forgets its conditions, and a queue that loses a message, are found", async () => {
  const broken: string[] = [];
  const note = (name: string) => () => void broken.push(name);
  for (const { name, holds } of OBJECT_PROMISES) {
    await inHandler(({ objects }) =>
      holds({ ...objects, put: (key, body) => objects.put(key, body) }).catch(note(name)),
    );
  }
  expect(broken.length).toBeGreaterThanOrEqual(4);
  broken.length = 0;
  for (const { name, holds } of QUEUE_PROMISES) {
    await inHandler(({ queues, clock }, cloud) => {
      const createFifo = async (fifo: string, visibilitySeconds: number) =>
        cloud.createQueue(fifo, { ...OPTIONS, visibilitySeconds });
      const send: typeof queues.send = (queue, messages) =>
        messages.length > 1 ? queues.send(queue, messages.slice(1)) : queues.send(queue, messages);
      return holds({ queues: { ...queues, send }, clock, name: "queue", createFifo }).catch(note(name));
    });
  }
  expect(broken).toContain("ten messages come, each once and counted so, and are gone when deleted");
});
