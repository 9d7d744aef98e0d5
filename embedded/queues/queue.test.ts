import { describe, expect, it } from "vitest";
import type { QueueAddress, ReceivedMessage } from "../../shared/cloud/ports.ts";
import { createEmbeddedCloud, type EmbeddedCloud } from "../cloud.ts";

const OPTIONS = { visibilitySeconds: 30, retentionSeconds: 3600 };

function setUp(options: { faults?: { shuffle?: boolean; duplicate?: boolean } } = {}) {
  const cloud = createEmbeddedCloud({ seed: 5, latencies: "none", ...options });
  const send = (queue: QueueAddress, ...bodies: string[]) =>
    cloud.client.queues.send(
      queue,
      bodies.map((body) => ({ body })),
    );
  const receive = (queue: QueueAddress, waitSeconds = 0, max = 10) =>
    cloud.run(cloud.client.queues.receive(queue, { max, waitSeconds }));
  const pass = (seconds: number) => cloud.run(cloud.clock.sleep(seconds * 1000));
  return { cloud, queues: cloud.client.queues, send, receive, pass };
}

const bodies = (messages: readonly ReceivedMessage[]): string[] => messages.map(({ body }) => body);

/** A FIFO message: its body is also its id. */
const inGroup = (group: string, body: string) => ({ body, group, deduplicationId: body });

describe("a standard queue", () => {
  it("hides a message for its visibility and then delivers it again, counting", async () => {
    const { cloud, send, receive, pass } = setUp();
    const queue = cloud.createQueue("q", OPTIONS);
    await send(queue, "m");
    const [first] = await receive(queue);
    expect(first!.receiveCount).toBe(1);
    await pass(29.9);
    expect(await receive(queue)).toEqual([]);
    await pass(0.2);
    const [second] = await receive(queue);
    expect(second).toMatchObject({ body: "m", receiveCount: 2 });
    expect(second!.receipt).not.toBe(first!.receipt);
  });

  it("honours only the receipt of the last delivery", async () => {
    const { cloud, queues, send, receive, pass } = setUp();
    const queue = cloud.createQueue("q", OPTIONS);
    await send(queue, "m");
    const [first] = await receive(queue);
    await pass(31);
    const [second] = await receive(queue);
    await queues.delete(queue, [first!.receipt]);
    expect(cloud.queue(queue).inFlight).toBe(1);
    await expect(queues.extend(queue, first!.receipt, 5)).rejects.toMatchObject({ code: "not-found" });
    await queues.delete(queue, [second!.receipt]);
    expect(cloud.queue(queue).inFlight).toBe(0);
    await pass(60);
    expect(await receive(queue)).toEqual([]);
  });

  it("still deletes by a receipt whose visibility ran out, until the next delivery", async () => {
    const { cloud, queues, send, receive, pass } = setUp();
    const queue = cloud.createQueue("q", OPTIONS);
    await send(queue, "m");
    const [first] = await receive(queue);
    await pass(31);
    expect(cloud.queue(queue).waiting).toBe(1);
    await queues.delete(queue, [first!.receipt]);
    expect(await receive(queue)).toEqual([]);
  });

  it("extends, shortens and ends a visibility from now on", async () => {
    const { cloud, queues, send, receive, pass } = setUp();
    const queue = cloud.createQueue("q", OPTIONS);
    await send(queue, "m");
    const [first] = await receive(queue);
    await pass(20);
    await queues.extend(queue, first!.receipt, 30);
    await pass(29);
    expect(await receive(queue)).toEqual([]);
    await pass(1);
    const [second] = await receive(queue);
    await queues.extend(queue, second!.receipt, 0);
    expect(bodies(await receive(queue))).toEqual(["m"]);
    await expect(queues.extend(queue, second!.receipt, 43_201)).rejects.toMatchObject({ code: "usage" });
  });

  it("moves a message to the dead letters when it would be received once too often", async () => {
    const { cloud, send, receive, pass } = setUp();
    const dead = cloud.createQueue("dead", OPTIONS);
    const queue = cloud.createQueue("q", OPTIONS, { queue: dead, maxReceiveCount: 2 });
    await send(queue, "poison");
    for (let delivery = 1; delivery <= 2; delivery++) {
      expect((await receive(queue))[0]!.receiveCount).toBe(delivery);
      await pass(31);
    }
    expect(await receive(queue)).toEqual([]);
    expect(await receive(dead)).toMatchObject([{ body: "poison", receiveCount: 1 }]);
  });

  it("wakes a long poll at the moment a message comes, and lets it go at its end", async () => {
    const { cloud, queues, send } = setUp();
    const queue = cloud.createQueue("q", OPTIONS);
    const sender = cloud.clock.sleep(7000).then(() => send(queue, "late"));
    const received = queues.receive(queue, { max: 10, waitSeconds: 20 }).then((messages) => ({
      bodies: bodies(messages),
      at: cloud.clock.now(),
    }));
    await cloud.run(Promise.all([sender, received]));
    expect(await received).toEqual({ bodies: ["late"], at: 7000 });
    const empty = await cloud.run(queues.receive(queue, { max: 10, waitSeconds: 5 }));
    expect(empty).toEqual([]);
    expect(cloud.clock.now()).toBe(12_000);
  });

  it("gives messages to the longest waiting poll, and to the next what is too many", async () => {
    const { cloud, queues, send } = setUp();
    const queue = cloud.createQueue("q", OPTIONS);
    const polls = [3, 10, 10].map((max) => queues.receive(queue, { max, waitSeconds: 1 }));
    await send(queue, "1", "2", "3", "4");
    const received = await cloud.run(Promise.all(polls));
    expect(received.map(bodies)).toEqual([["1", "2", "3"], ["4"], []]);
  });

  it("forgets what is older than its retention", async () => {
    const { cloud, send, receive, pass } = setUp();
    const queue = cloud.createQueue("q", OPTIONS);
    await send(queue, "old");
    await pass(3601);
    await send(queue, "new");
    expect(bodies(await receive(queue))).toEqual(["new"]);
  });

  it("refuses what SQS refuses", async () => {
    const { cloud, queues, send } = setUp();
    const queue = cloud.createQueue("q", OPTIONS);
    const limit = { code: "limit" };
    await expect(send(queue)).rejects.toMatchObject(limit);
    await expect(send(queue, ..."12345678901")).rejects.toMatchObject(limit);
    await expect(send(queue, "x".repeat(1_048_577))).rejects.toMatchObject(limit);
    await expect(send(queue, "x".repeat(600_000), "x".repeat(600_000))).rejects.toMatchObject(limit);
    await send(queue, "x".repeat(1_048_576));
    // Two bytes each in UTF-8.
    await expect(send(queue, "é".repeat(600_000))).rejects.toMatchObject(limit);
    await expect(send(queue, "")).rejects.toMatchObject({ code: "usage" });
    await expect(queues.send(queue, [{ body: "m", deduplicationId: "1" }])).rejects.toMatchObject({
      code: "usage",
    });
    await expect(queues.receive(queue, { max: 11, waitSeconds: 0 })).rejects.toMatchObject(limit);
    await expect(queues.receive(queue, { max: 1, waitSeconds: 21 })).rejects.toMatchObject(limit);
    await expect(queues.delete(queue, [])).rejects.toMatchObject(limit);
    await expect(queues.create("a.b", OPTIONS)).rejects.toMatchObject({ code: "usage" });
  });

  it("has at most 120,000 messages in flight", async () => {
    const { cloud, queues } = setUp();
    const queue = cloud.createQueue("q", OPTIONS);
    const batch = Array.from({ length: 10 }, () => ({ body: "m" }));
    const receipts: string[] = [];
    for (let i = 0; i < 12_001; i++) await queues.send(queue, batch);
    for (let i = 0; i < 12_000; i++) {
      const messages = await queues.receive(queue, { max: 10, waitSeconds: 0 });
      receipts.push(messages[0]!.receipt);
    }
    expect(cloud.queue(queue)).toMatchObject({ inFlight: 120_000, waiting: 10 });
    expect(await queues.receive(queue, { max: 10, waitSeconds: 0 })).toEqual([]);
    await queues.delete(queue, [receipts[0]!]);
    expect(await queues.receive(queue, { max: 10, waitSeconds: 0 })).toHaveLength(1);
  });

  it("is created once, found by name, and gone with all its messages when destroyed", async () => {
    const { queues, send, receive } = setUp();
    await expect(queues.address("q")).rejects.toMatchObject({ code: "not-found" });
    const queue = await queues.create("q", OPTIONS);
    await send(queue, "m");
    expect(await queues.create("q", { visibilitySeconds: 1, retentionSeconds: 60 })).toBe(queue);
    expect(await queues.address("q")).toBe(queue);
    const parked = queues.receive(await queues.create("other", OPTIONS), { max: 1, waitSeconds: 20 });
    await queues.destroy("other" as QueueAddress);
    expect(await parked).toEqual([]);
    await queues.destroy(queue);
    await queues.destroy(queue);
    await expect(send(queue, "m")).rejects.toMatchObject({ code: "not-found" });
    await expect(receive(queue)).rejects.toMatchObject({ code: "not-found" });
    await queues.create("q", OPTIONS);
    expect(await receive(queue)).toEqual([]);
  });

  it("keeps the order of sending unless it is told to shuffle, and then loses and adds nothing", async () => {
    const sent = Array.from({ length: 10 }, (_, i) => String(i));
    const straight = setUp();
    const plain = straight.cloud.createQueue("q", OPTIONS);
    await straight.send(plain, ...sent);
    expect(bodies(await straight.receive(plain))).toEqual(sent);

    const shuffled = setUp({ faults: { shuffle: true } });
    const queue = shuffled.cloud.createQueue("q", OPTIONS);
    await shuffled.send(queue, ...sent);
    const received = bodies(await shuffled.receive(queue));
    expect(received).not.toEqual(sent);
    expect(received.sort()).toEqual(sent);
  });

  it("delivers every message twice when it is told to", async () => {
    const { cloud, send, receive } = setUp({ faults: { shuffle: true, duplicate: true } });
    const queue = cloud.createQueue("q", OPTIONS);
    await send(queue, "a", "b", "c");
    const received = await receive(queue);
    expect(bodies(received).sort()).toEqual(["a", "a", "b", "b", "c", "c"]);
    expect(new Set(received.map(({ receipt }) => receipt)).size).toBe(6);
  });
});

describe("a FIFO queue", () => {
  function setUpFifo() {
    const all = setUp();
    return { ...all, queue: all.cloud.createQueue("q.fifo", OPTIONS) };
  }

  it("holds a group back while one of its messages is in flight, and other groups not", async () => {
    const { queues, queue, receive } = setUpFifo();
    await queues.send(queue, [inGroup("a", "a1"), inGroup("a", "a2"), inGroup("b", "b1")]);
    const [first] = await receive(queue, 0, 1);
    expect(first!.body).toBe("a1");
    expect(bodies(await receive(queue))).toEqual(["b1"]);
    expect(await receive(queue)).toEqual([]);
    await queues.delete(queue, [first!.receipt]);
    expect(bodies(await receive(queue))).toEqual(["a2"]);
  });

  it("gives several of a group to one receive, in order", async () => {
    const { queues, queue, receive } = setUpFifo();
    await queues.send(queue, [inGroup("a", "a1"), inGroup("b", "b1"), inGroup("a", "a2")]);
    expect(bodies(await receive(queue))).toEqual(["a1", "b1", "a2"]);
  });

  it("puts a message whose visibility ran out back in its place", async () => {
    const { queues, queue, receive, pass } = setUpFifo();
    await queues.send(queue, [inGroup("a", "a1"), inGroup("a", "a2"), inGroup("a", "a3")]);
    const [first] = await receive(queue, 0, 2);
    await pass(31);
    const again = await receive(queue);
    expect(bodies(again)).toEqual(["a1", "a2", "a3"]);
    await queues.delete(queue, [first!.receipt]); // outdated
    await pass(31);
    expect(bodies(await receive(queue))).toEqual(["a1", "a2", "a3"]);
  });

  it("drops a second message with the same id for five minutes, even after the first was deleted", async () => {
    const { queues, queue, receive, pass } = setUpFifo();
    await queues.send(queue, [inGroup("a", "m"), inGroup("a", "m")]);
    const received = await receive(queue);
    expect(bodies(received)).toEqual(["m"]);
    await queues.delete(queue, [received[0]!.receipt]);
    await pass(299);
    await queues.send(queue, [inGroup("a", "m")]);
    expect(await receive(queue)).toEqual([]);
    await pass(1);
    await queues.send(queue, [inGroup("a", "m")]);
    expect(bodies(await receive(queue))).toEqual(["m"]);
  });

  it("asks for a group and an id", async () => {
    const { queues, queue } = setUpFifo();
    await expect(queues.send(queue, [{ body: "m", group: "a" }])).rejects.toMatchObject({ code: "usage" });
    await expect(queues.send(queue, [{ body: "m", deduplicationId: "1" }])).rejects.toMatchObject({
      code: "usage",
    });
  });

  it("wakes the poll that waits for a group when its message is deleted", async () => {
    const { cloud, queues, queue, receive } = setUpFifo();
    await queues.send(queue, [inGroup("a", "a1"), inGroup("a", "a2")]);
    const [first] = await receive(queue, 0, 1);
    const waiting = queues.receive(queue, { max: 1, waitSeconds: 20 });
    const deletion = cloud.clock.sleep(4000).then(() => queues.delete(queue, [first!.receipt]));
    await cloud.run(Promise.all([waiting, deletion]));
    expect(bodies(await waiting)).toEqual(["a2"]);
    expect(cloud.clock.now()).toBe(4000);
  });

  it("takes only a queue of its kind for its dead letters", () => {
    const cloud: EmbeddedCloud = createEmbeddedCloud({ seed: 1 });
    const dead = cloud.createQueue("dead", OPTIONS);
    expect(() => cloud.createQueue("q.fifo", OPTIONS, { queue: dead, maxReceiveCount: 3 })).toThrow(
      /must be FIFO/,
    );
  });
});
