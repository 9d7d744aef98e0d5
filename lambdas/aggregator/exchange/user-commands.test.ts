import { describe, expect, it } from "vitest";
import { BATCH_LIMIT } from "../../../shared/protocol/limits.ts";
import { encodeRunMessage } from "../../../shared/protocol/messages/run-message.ts";
import { type ContributionOf, contribution, DIGEST, opened } from "../testing/opened-inbox.ts";
import { StoppedNow } from "./user-commands.ts";

describe("a request to stop", () => {
  const stop = (change: Partial<ContributionOf<"stop">> = {}) =>
    encodeRunMessage({ kind: "stop", runDigest: DIGEST, generation: 2, now: false, ...change });

  it("is heard, and is no answer of a worker", async () => {
    const { queues, inbox } = opened();
    expect(inbox.commands.stopRequested).toBe(false);
    await queues.deliver(stop());
    expect(inbox.commands.stopRequested).toBe(true);
    expect(inbox.contributions.count).toBe(0);
  });

  it("of an earlier incarnation or of another run is not", async () => {
    const { queues, inbox } = opened();
    await queues.deliver(stop({ generation: 1 }), stop({ runDigest: "fedcba9876543210" }));
    expect(inbox.commands.stopRequested).toBe(false);
  });

  it("at once ends the wait that is under way", async () => {
    const { queues, inbox } = opened();
    const waiting = expect(inbox.next(1000, 1)).rejects.toThrow(StoppedNow);
    await queues.deliver(stop({ now: true }));
    await waiting;
  });

  it("stays in the queue until the run has stopped, so that a crash can't lose it", async () => {
    const { queues, inbox } = opened();
    await queues.deliver(stop({ generation: 1 }), stop(), encodeRunMessage(contribution(0)));
    expect(queues.deleted).toEqual(["receipt-0", "receipt-2"]);
    await inbox.commands.forgetStop();
    expect(queues.deleted).toEqual(["receipt-0", "receipt-2", "receipt-1"]);
  });
});

describe("a request to scale", () => {
  const scale = (request: number, change: Partial<ContributionOf<"scale">> = {}) =>
    encodeRunMessage({
      ...{ kind: "scale", runDigest: DIGEST, generation: 2, now: false },
      ...{ request, workers: request, participants: null },
      ...change,
    });

  it("is heard, the last one made, in whatever order they come", async () => {
    const { queues, inbox } = opened();
    expect(inbox.commands.scaleRequest).toBeUndefined();
    await queues.deliver(scale(5), scale(3));
    expect(inbox.commands.scaleRequest).toEqual({ request: 5, workers: 5, participants: null, now: false });
    expect(inbox.contributions.rejected).toBe(0);
  });

  it("of another incarnation or of another run is not; a later incarnation's stays in the queue", async () => {
    const { queues, inbox } = opened();
    const foreign = scale(3, { runDigest: "fedcba9876543210" });
    await queues.deliver(scale(1, { generation: 1 }), scale(2, { generation: 3 }), foreign);
    expect(inbox.commands.scaleRequest).toBeUndefined();
    expect(queues.deleted).toEqual(["receipt-0", "receipt-2"]);
  });

  it("stays in the queue until what it asks for is stored", async () => {
    const { queues, inbox } = opened();
    await queues.deliver(scale(2), scale(7), scale(4));
    await inbox.commands.forgetScale(1);
    expect(queues.deleted).toEqual([]);
    await inbox.commands.forgetScale(4);
    expect(queues.deleted).toEqual(["receipt-0", "receipt-2"]);
    await inbox.commands.forgetScale(7);
    expect(queues.deleted).toEqual(["receipt-0", "receipt-2", "receipt-1"]);
  });

  it("is forgotten with its like in batches", async () => {
    const { queues, inbox } = opened();
    const sizes: number[] = [];
    queues.delete = async (_queue, receipts) => void sizes.push(receipts.length);
    for (let request = 1; request <= BATCH_LIMIT + 2; request++) await queues.deliver(scale(request));
    await inbox.commands.forgetScale(BATCH_LIMIT + 2);
    expect(sizes).toEqual([BATCH_LIMIT, 2]);
  });
});
