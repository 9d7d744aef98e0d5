/** What the port MessageQueue promises, asked of any queues: the embedded ones, SQS, and whatever calls itself SQS. */
import assert from "node:assert/strict";
import type { Clock, MessageQueue, QueueAddress, ReceivedMessage } from "../index.ts";
import { endingOf, type Promised } from "./promised.ts";

/** Queues, their time, and a name that is new for each promise. */
export interface QueuePlace {
  readonly queues: MessageQueue;
  readonly clock: Clock;
  readonly name: string;
  /** Makes a first-in, first-out queue, which the port does not. */
  createFifo(name: string, visibilitySeconds: number): Promise<QueueAddress>;
}

const VISIBILITY_SECONDS = 2;
const PAST_VISIBILITY_MILLISECONDS = 2400;
const OPTIONS = { visibilitySeconds: VISIBILITY_SECONDS, retentionSeconds: 3600 };
const MOST_BYTES = 1_048_576;
/** SQS may give fewer than it has, so one asks again. */
const ASKED_AGAIN = 5;

/** What there is, up to `max`. */
async function received(
  { queues }: QueuePlace,
  queue: QueueAddress,
  max: number,
): Promise<ReceivedMessage[]> {
  const found: ReceivedMessage[] = [];
  for (let i = 0; i < ASKED_AGAIN && found.length < max; i++) {
    found.push(...(await queues.receive(queue, { max: max - found.length, waitSeconds: 1 })));
  }
  return found;
}

async function one(place: QueuePlace, queue: QueueAddress): Promise<ReceivedMessage> {
  const [message] = await received(place, queue, 1);
  assert(message !== undefined, "a message was expected");
  return message;
}

const bodies = (messages: readonly ReceivedMessage[]): string[] => messages.map(({ body }) => body);

export const QUEUE_PROMISES: readonly Promised<QueuePlace>[] = [
  {
    name: "a queue is made once, and found by its name",
    holds: async ({ queues, name }) => {
      assert.equal(await endingOf(queues.address(name)), "not-found");
      const address = await queues.create(name, OPTIONS);
      assert.equal(await queues.create(name, OPTIONS), address);
      assert.equal(await queues.create(name, { ...OPTIONS, visibilitySeconds: 9 }), address);
      assert.equal(await queues.address(name), address);
      assert.equal(await queues.waiting(address), 0);
    },
  },
  {
    name: "ten messages come, each once and counted so, and are gone when deleted",
    holds: async (place) => {
      const { queues, clock, name } = place;
      const queue = await queues.create(name, OPTIONS);
      const sent = Array.from({ length: 10 }, (_, i) => `message ${i}`);
      await queues.send(
        queue,
        sent.map((body) => ({ body })),
      );
      const got = await received(place, queue, 10);
      assert.deepEqual(bodies(got).sort(), sent);
      assert.deepEqual([...new Set(got.map(({ receiveCount }) => receiveCount))], [1]);
      await queues.delete(
        queue,
        got.map(({ receipt }) => receipt),
      );
      await clock.sleep(PAST_VISIBILITY_MILLISECONDS);
      assert.deepEqual(await queues.receive(queue, { max: 10, waitSeconds: 1 }), []);
    },
  },
  {
    name: "a long poll waits, and comes back empty",
    holds: async ({ queues, clock, name }) => {
      const queue = await queues.create(name, OPTIONS);
      const begun = clock.now();
      assert.deepEqual(await queues.receive(queue, { max: 10, waitSeconds: 2 }), []);
      const took = clock.now() - begun;
      assert(took >= 1500 && took < 5000, `${took} ms`);
    },
  },
  {
    name: "a long poll comes back when a message comes",
    holds: async ({ queues, clock, name }) => {
      const queue = await queues.create(name, OPTIONS);
      const begun = clock.now();
      const polled = queues.receive(queue, { max: 10, waitSeconds: 10 });
      await clock.sleep(500);
      await queues.send(queue, [{ body: "late" }]);
      assert.deepEqual(bodies(await polled), ["late"]);
      const took = clock.now() - begun;
      assert(took < 3000, `${took} ms`);
    },
  },
  {
    name: "a message is hidden while it is held, and then comes again and is counted",
    holds: async (place) => {
      const { queues, clock, name } = place;
      const queue = await queues.create(name, OPTIONS);
      await queues.send(queue, [{ body: "again" }]);
      assert.equal((await one(place, queue)).receiveCount, 1);
      assert.deepEqual(await queues.receive(queue, { max: 10, waitSeconds: 0 }), []);
      await clock.sleep(PAST_VISIBILITY_MILLISECONDS);
      const { body, receiveCount } = await one(place, queue);
      assert.deepEqual([body, receiveCount], ["again", 2]);
    },
  },
  {
    name: "a message that is held for longer stays hidden, and one that is given back comes at once",
    holds: async (place) => {
      const { queues, clock, name } = place;
      const queue = await queues.create(name, OPTIONS);
      await queues.send(queue, [{ body: "held" }]);
      const { receipt } = await one(place, queue);
      await queues.extend(queue, receipt, 60);
      await clock.sleep(PAST_VISIBILITY_MILLISECONDS);
      assert.deepEqual(await queues.receive(queue, { max: 10, waitSeconds: 1 }), []);
      await queues.extend(queue, receipt, 0);
      assert.equal((await one(place, queue)).body, "held");
    },
  },
  {
    name: "a deleted message can't be held any more",
    holds: async (place) => {
      const { queues, name } = place;
      const queue = await queues.create(name, OPTIONS);
      await queues.send(queue, [{ body: "deleted" }]);
      const { receipt } = await one(place, queue);
      await queues.delete(queue, [receipt]);
      assert.equal(await endingOf(queues.extend(queue, receipt, 5)), "not-found");
    },
  },
  {
    name: "an unknown receipt is deleted without an error, and keeps no other from being deleted",
    holds: async (place) => {
      const { queues, clock, name } = place;
      const queue = await queues.create(name, OPTIONS);
      await queues.delete(queue, ["no receipt"]);
      await queues.send(queue, [{ body: "deleted" }]);
      const { receipt } = await one(place, queue);
      await queues.delete(queue, ["no receipt", receipt]);
      await clock.sleep(PAST_VISIBILITY_MILLISECONDS);
      assert.deepEqual(await queues.receive(queue, { max: 10, waitSeconds: 1 }), []);
    },
  },
  {
    name: "a message may have 1 MiB, and neither it nor a batch more",
    holds: async (place) => {
      const { queues, name } = place;
      const queue = await queues.create(name, OPTIONS);
      const refused = new Set(["limit", "usage"]);
      const half = "A".repeat(MOST_BYTES / 2 + 1);
      for (const messages of [[{ body: "A".repeat(MOST_BYTES + 1) }], [{ body: half }, { body: half }]]) {
        const ending = await endingOf(queues.send(queue, messages));
        assert(refused.has(ending), ending);
      }
      await queues.send(queue, [{ body: "A".repeat(MOST_BYTES) }]);
      assert.equal((await one(place, queue)).body.length, MOST_BYTES);
      assert.deepEqual(await queues.receive(queue, { max: 10, waitSeconds: 0 }), []);
    },
  },
  {
    name: "a queue that is gone is not found, and is destroyed again without an error",
    holds: async ({ queues, name }) => {
      const queue = await queues.create(name, OPTIONS);
      await queues.destroy(queue);
      await queues.destroy(queue);
      assert.equal(await endingOf(queues.send(queue, [{ body: "lost" }])), "not-found");
      assert.equal(await endingOf(queues.receive(queue, { max: 1, waitSeconds: 0 })), "not-found");
      assert.equal(await endingOf(queues.address(name)), "not-found");
    },
  },
  {
    name: "a first-in, first-out queue keeps the order of a group, one at a time, and drops what was sent before",
    holds: async (place) => {
      const { queues } = place;
      const queue = await place.createFifo(`${place.name}.fifo`, 60);
      const send = (body: string, deduplicationId: string, group: string): Promise<void> =>
        queues.send(queue, [{ body, group, deduplicationId }]);
      await send("1", "a", "ours");
      await send("1", "a", "ours");
      await send("2", "b", "ours");
      await send("3", "c", "other");
      const first = await one(place, queue);
      assert.equal(first.body, "1");
      assert.deepEqual(bodies(await queues.receive(queue, { max: 10, waitSeconds: 1 })), ["3"]);
      await queues.extend(queue, first.receipt, 60);
      await queues.delete(queue, [first.receipt]);
      assert.deepEqual(bodies(await queues.receive(queue, { max: 10, waitSeconds: 1 })), ["2"]);
    },
  },
];
