import { describe, expect, it } from "vitest";
import type { OutgoingMessage, Ports, QueueAddress } from "../cloud/ports.ts";
import { Meter } from "./meter.ts";
import { meterPorts } from "./metered.ts";
import { subtractUsage } from "./usage.ts";

const KIB = 1024;
/** A body "E..." is wholly evaluation; "H..." half of it; others not at all. */
const evaluationBytesOf = (body: string): number =>
  body.startsWith("E") ? body.length : body.startsWith("H") ? body.length / 2 : 0;

/** The least that a meter can be put around: one queue, objects in a map. */
function createPorts(): Ports {
  const waiting: OutgoingMessage[] = [];
  const objects = new Map<string, Uint8Array>();
  let receipts = 0;
  return {
    objects: {
      async get(key, options) {
        const body = objects.get(key);
        if (body === undefined) throw new Error("no such key");
        return { body: body.subarray(options?.range?.start, options?.range?.end), etag: "" };
      },
      async put(key, body, condition) {
        if (condition !== undefined && objects.has(key)) throw new Error("exists");
        objects.set(key, body);
        return "";
      },
      async putStream(_key, chunks) {
        for await (const _ of chunks);
        return "";
      },
      delete: async (key) => void objects.delete(key),
      list: async (prefix) => [...objects.keys()].filter((key) => key.startsWith(prefix)),
    },
    queues: {
      create: async (name) => name as QueueAddress,
      address: async (name) => name as QueueAddress,
      destroy: async () => {},
      send: async (_queue, messages) => void waiting.push(...messages),
      receive: async (_queue, { max }) =>
        waiting.splice(0, max).map(({ body }) => ({ body, receipt: `r${receipts++}`, receiveCount: 1 })),
      delete: async () => {},
      extend: async () => {},
      waiting: async () => 0,
    },
    clock: { now: () => 0, sleep: async () => {} },
    compute: { run: async (_work, compute) => compute() },
    log: { info: () => {}, warn: () => {} },
  };
}

function setUp() {
  const meter = new Meter();
  return { meter, ports: meterPorts(createPorts(), meter, evaluationBytesOf), queue: "q" as QueueAddress };
}

describe("metered ports", () => {
  it("bill a send by each started 64 KiB of the method's bytes and leave the rest to the evaluation", async () => {
    const { meter, ports, queue } = setUp();
    const cases: [string[], number, number][] = [
      [["x"], 1, 0],
      [["x".repeat(64 * KIB)], 1, 0],
      [[`${"x".repeat(64 * KIB)}y`], 2, 0],
      [["x".repeat(40 * KIB), "x".repeat(40 * KIB)], 2, 0],
      // Wholly evaluation: nothing for the method.
      [["E".repeat(65 * KIB)], 0, 2],
      // 60 KiB of the method's, 140 KiB in all.
      [["x".repeat(60 * KIB), "E".repeat(80 * KIB)], 1, 2],
      // The evaluation's bytes fit into the unit that the method has started.
      [["x".repeat(10 * KIB), "E".repeat(10 * KIB)], 1, 0],
      [["H".repeat(128 * KIB)], 1, 1],
    ];
    for (const [bodies, method, evaluation] of cases) {
      const before = meter.usage();
      await ports.queues.send(
        queue,
        bodies.map((body) => ({ body })),
      );
      const used = subtractUsage(meter.usage(), before);
      expect([used.method.standardQueues.sendRequests, used.evaluation.standardQueues.sendRequests]).toEqual([
        method,
        evaluation,
      ]);
    }
  });

  it("count receives by size, empty ones apart, and charge deletions to the account of the message", async () => {
    const { meter, ports, queue } = setUp();
    const receive = () => ports.queues.receive(queue, { max: 10, waitSeconds: 0 });
    await receive();
    await ports.queues.send(queue, [{ body: "x".repeat(100 * KIB) }, { body: "xx" }]);
    const messages = await receive();
    await ports.queues.delete(
      queue,
      messages.map(({ receipt }) => receipt),
    );
    await ports.queues.send(queue, [{ body: "Eval" }]);
    const [evaluation] = await receive();
    await ports.queues.extend(queue, evaluation!.receipt, 10);
    await ports.queues.delete(queue, [evaluation!.receipt]);
    const used = meter.usage();
    expect(used.method.standardQueues).toEqual({
      sendRequests: 2,
      receiveRequests: 2,
      emptyReceiveRequests: 1,
      deleteRequests: 1,
      extendRequests: 0,
      manageRequests: 0,
      sentMessages: 2,
      receivedMessages: 2,
      deletedMessages: 2,
    });
    expect(used.evaluation.standardQueues).toEqual({
      sendRequests: 1,
      receiveRequests: 1,
      emptyReceiveRequests: 0,
      deleteRequests: 1,
      extendRequests: 1,
      manageRequests: 0,
      sentMessages: 1,
      receivedMessages: 1,
      deletedMessages: 1,
    });
  });

  it("count object requests by class, bytes with them, failed ones too", async () => {
    const { meter, ports } = setUp();
    await ports.objects.put("a", new Uint8Array(100));
    await ports.objects.put("a", new Uint8Array(50), { ifNoneMatch: "*" }).catch(() => {});
    await ports.objects.get("a");
    await ports.objects.get("missing").catch(() => {});
    await ports.objects.get("a", { range: { start: 10, end: 30 } });
    await ports.objects.list("a");
    await ports.objects.delete("a");
    async function* twentyMiB(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 20; i++) yield new Uint8Array(KIB * KIB);
    }
    const before = meter.usage().method.objects;
    expect(before).toEqual({
      putRequests: 2,
      listRequests: 1,
      getRequests: 3,
      deleteRequests: 1,
      putBytes: 150,
      getBytes: 120,
    });
    // Begin, three parts of at most 8 MiB, complete.
    await ports.objects.putStream("b", twentyMiB());
    expect(meter.usage().method.objects.putRequests - before.putRequests).toBe(5);
    expect(meter.usage().method.objects.putBytes - before.putBytes).toBe(20 * KIB * KIB);
  });

  it("tell FIFO queues by their addresses, or as they are told", async () => {
    const fifo = new Meter();
    fifo.send(
      "https://sqs.example/1/control.fifo" as QueueAddress,
      { methodBytes: 1, evaluationBytes: 0 },
      1,
    );
    expect(fifo.usage().method.fifoQueues.sendRequests).toBe(1);
    const told = new Meter((queue) => queue === "special");
    told.send("special" as QueueAddress, { methodBytes: 1, evaluationBytes: 0 }, 1);
    told.send("other.fifo" as QueueAddress, { methodBytes: 1, evaluationBytes: 0 }, 1);
    expect(told.usage().method.fifoQueues.sendRequests).toBe(1);
    expect(told.usage().method.standardQueues.sendRequests).toBe(1);
  });
});
