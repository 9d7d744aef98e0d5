import { describe, expect, it } from "vitest";
import { MarinaError } from "../../../shared/base/errors.ts";
import { PARALLEL_POLLS } from "../../../shared/protocol/limits.ts";
import { encodeRunMessage } from "../../../shared/protocol/messages/run-message.ts";
import { fakePorts } from "../../testing/fakes.ts";
import { contribution, DIGEST, EXPECTED, opened, QUEUE } from "../testing/opened-inbox.ts";
import { Inbox } from "./inbox.ts";

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
    const lease = {
      check(): void {
        throw replaced;
      },
      confirm: async () => undefined,
    };
    const inbox = new Inbox(ports, QUEUE, { runDigest: DIGEST, incarnation: 2, lease });
    inbox.open();
    inbox.contributions.expect(EXPECTED);
    await ports.queues.deliver(encodeRunMessage(contribution(0)));
    expect(ports.queues.released).toEqual(["receipt-0"]);
    expect(ports.queues.deleted).toEqual([]);
    await expect(inbox.next(1000, 1)).rejects.toBe(replaced);
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
