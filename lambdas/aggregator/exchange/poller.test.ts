import { describe, expect, it } from "vitest";
import { MarinaError } from "../../../shared/base/errors.ts";
import { PARALLEL_POLLS } from "../../../shared/protocol/limits.ts";
import { encodeRunMessage } from "../../../shared/protocol/messages/run-message.ts";
import { fakePorts } from "../../testing/fakes.ts";
import { contribution, DIGEST, EXPECTED, opened, QUEUE } from "../testing/opened-inbox.ts";
import { Inbox } from "./inbox.ts";
import { Poller } from "./poller.ts";

it("keeps eight polls open", async () => {
  const { queues } = opened();
  expect(queues.parked).toBe(PARALLEL_POLLS);
  await queues.deliver(encodeRunMessage(contribution(0)));
  expect(queues.parked).toBe(PARALLEL_POLLS);
});

describe("a queue that is closed", () => {
  it("waits for its polls, and makes what they bring visible again", async () => {
    const { queues, inbox } = opened();
    let closed = false;
    const closing = inbox.close().then(() => {
      closed = true;
    });
    await queues.deliver(encodeRunMessage(contribution(0)), encodeRunMessage(contribution(1)));
    expect(closed).toBe(false);
    expect(queues.released).toEqual(["receipt-0", "receipt-1"]);
    expect(queues.deleted).toEqual([]);
    await queues.break(new MarinaError("unavailable", "no answer"));
    await closing;
    expect(inbox.contributions.count).toBe(0);
    expect(queues.parked).toBe(0);
  });

  it("does not wait for polls of a queue that goes", async () => {
    const { queues, inbox } = opened();
    inbox.detach();
    await inbox.close();
    expect(queues.parked).toBe(PARALLEL_POLLS);
    await queues.deliver(encodeRunMessage(contribution(0)));
    expect(queues.released).toEqual([]);
  });

  it("releases what comes when another aggregator drives the run", async () => {
    const ports = fakePorts();
    const replaced = new MarinaError("lease-lost", "replaced");
    let held = true;
    const lease = {
      check(): void {
        if (!held) throw replaced;
      },
      confirm: async () => undefined,
    };
    const inbox = new Inbox(ports, QUEUE, { runDigest: DIGEST, incarnation: 2, lease });
    inbox.open();
    inbox.contributions.expect(EXPECTED);
    held = false;
    await ports.queues.deliver(encodeRunMessage(contribution(0)));
    expect(ports.queues.released).toEqual(["receipt-0"]);
    expect(ports.queues.deleted).toEqual([]);
    await expect(inbox.next(1000, 1)).rejects.toBe(replaced);
  });

  it("asks for nothing when another aggregator drives the run", async () => {
    const ports = fakePorts();
    const replaced = new MarinaError("lease-lost", "replaced");
    const lease = {
      check(): void {
        throw replaced;
      },
      confirm: async () => undefined,
    };
    const inbox = new Inbox(ports, QUEUE, { runDigest: DIGEST, incarnation: 2, lease });
    inbox.open();
    inbox.contributions.expect(EXPECTED);
    await expect(inbox.next(1000, 1)).rejects.toBe(replaced);
    expect(ports.queues.parked).toBe(0);
  });
});

it("closing waits for the polls under way, and leaves what they bring to the successor", async () => {
  const { queues, inbox } = opened();
  let closed = false;
  const closing = inbox.close().then(() => {
    closed = true;
  });
  const bodies = [contribution(0), contribution(1), contribution(2)].map(encodeRunMessage);
  for (const body of bodies) await queues.deliver(body);
  expect(closed).toBe(false);
  for (let poll = bodies.length; poll < PARALLEL_POLLS; poll++) await queues.deliver("rubbish");
  await closing;
  expect(inbox.contributions.count).toBe(0);
  expect(queues.deleted).toEqual([]);
  expect(queues.parked).toBe(0);
});

describe("a queue that is unknown", () => {
  const unknown = () => new MarinaError("not-found", "queue marina-run-r: no such queue");

  /** A poller over answers, one for each poll; the clock notes how long it was waited. */
  function pollerOver(answers: readonly ("unknown" | "message")[]) {
    const ports = fakePorts();
    let polls = 0;
    const queues = Object.assign(ports.queues, {
      receive: async () => {
        if (answers[polls++] !== "message") throw unknown();
        return [{ body: encodeRunMessage(contribution(0)), receipt: `receipt-${polls}`, receiveCount: 1 }];
      },
    });
    const clock = { now: () => 0, sleep: async () => undefined };
    const poller = new Poller({ ...ports, queues, clock }, QUEUE, { check: () => undefined });
    return { messages: poller.messages(), polls: () => polls };
  }

  it("when it was made a moment ago is asked again", async () => {
    const { messages, polls } = pollerOver(["unknown", "unknown", "message"]);
    const { value } = await messages.next();
    expect(value).toMatchObject([{ receipt: "receipt-3" }]);
    expect(polls()).toBe(3);
  });

  it("stays unknown: then the term fails", async () => {
    await expect(pollerOver(["unknown", "unknown", "unknown"]).messages.next()).rejects.toThrow(
      "was deleted while the run went on",
    );
  });

  it("after it was known has been deleted: the term fails at once", async () => {
    const { messages, polls } = pollerOver(["message", "unknown", "message"]);
    await messages.next();
    await expect(messages.next()).rejects.toThrow("was deleted while the run went on");
    expect(polls()).toBe(2);
  });
});
