import { describe, expect, it } from "vitest";
import { MarinaError } from "../../../shared/base/errors.ts";
import { contributionKey, observationKey } from "../../../shared/protocol/keys.ts";
import { PARALLEL_POLLS } from "../../../shared/protocol/limits.ts";
import {
  encodeRunMessage,
  frameRunMessage,
  type RunMessage,
} from "../../../shared/protocol/messages/run-message.ts";
import { encodeTask } from "../../../shared/protocol/messages/task.ts";
import { encodeVector } from "../../../shared/protocol/stored/vector-object.ts";
import { taskOf } from "../../../shared/protocol/testing/samples.ts";
import { settle } from "../../testing/fakes.ts";
import {
  type ContributionOf,
  contribution,
  DIGEST,
  EXPECTED,
  opened,
  watched,
} from "../testing/opened-inbox.ts";
import type { Expectation } from "./contribution-table.ts";
import { explainFailure, workerFailure } from "./worker-failure.ts";

const watching = (slot: number) =>
  contribution(slot, { payload: new Uint8Array(0), bits: 0, evaluation: Float64Array.of(1, 2) });

function failure(slot: number, retryable = true): ContributionOf<"error"> {
  const { runDigest, phase, round, worker } = contribution(slot);
  return {
    kind: "error",
    runDigest,
    phase,
    round,
    slot,
    worker,
    code: "unavailable",
    message: "down",
    retryable,
  };
}

describe("an inbox", () => {
  it("files answers under their slots, in whatever order they come", async () => {
    const { queues, inbox } = opened();
    const waiting = watched(inbox.next(1000, 4));
    await queues.deliver(encodeRunMessage(watching(3)), encodeRunMessage(contribution(2)));
    await queues.deliver(encodeRunMessage(contribution(0)));
    expect(waiting.event).toBeUndefined();
    await queues.deliver(encodeRunMessage(contribution(1)));
    expect(waiting.event).toEqual({ kind: "complete" });
    expect(inbox.contributions.accepted.map((contribution) => contribution?.message.slot)).toEqual([
      0, 1, 2, 3,
    ]);
    expect(inbox.contributions.rejected).toBe(0);
  });

  it("wakes its caller at the count asked for, and again when all are in", async () => {
    const { queues, inbox } = opened();
    const first = watched(inbox.next(1000, 2));
    await queues.deliver(encodeRunMessage(contribution(0)));
    expect(first.event).toBeUndefined();
    await queues.deliver(encodeRunMessage(contribution(1)));
    expect(first.event).toEqual({ kind: "progress" });
    expect(inbox.contributions.count).toBe(2);
    await queues.deliver(encodeRunMessage(contribution(2)), encodeRunMessage(watching(3)));
    expect(await inbox.next(1000, 4)).toEqual({ kind: "complete" });
  });

  it("wakes its caller when the time is over", async () => {
    const { clock, inbox } = opened();
    const waiting = watched(inbox.next(1000, 4));
    await clock.advance(999);
    expect(waiting.event).toBeUndefined();
    await clock.advance(1);
    expect(waiting.event).toEqual({ kind: "progress" });
  });

  it("deletes everything that it received, whether it counted or not", async () => {
    const { queues } = opened();
    await queues.deliver(encodeRunMessage(contribution(0)), "rubbish", encodeRunMessage(contribution(0)));
    expect(queues.deleted).toEqual(["receipt-0", "receipt-1", "receipt-2"]);
  });

  it("counts distinct slots: a duplicate counts for nothing, and the first one stays", async () => {
    const { queues, inbox } = opened();
    await queues.deliver(encodeRunMessage(contribution(0)));
    await queues.deliver(encodeRunMessage(contribution(0, { payload: Uint8Array.of(99) })));
    expect(inbox.contributions.count).toBe(1);
    expect(inbox.contributions.rejected).toBe(1);
    expect(inbox.contributions.accepted[0]).toMatchObject({ message: { payload: Buffer.of(0, 1, 2, 3) } });
  });

  it("counts a worker that has two slots twice, once for each", async () => {
    const { queues, inbox } = opened();
    await queues.deliver(encodeRunMessage(contribution(0)), encodeRunMessage(contribution(2)));
    expect(inbox.contributions.count).toBe(2);
  });

  it.each<[string, string]>([
    ["of an older round", encodeRunMessage(contribution(0, { round: 6 }))],
    ["of a round to come", encodeRunMessage(contribution(0, { round: 8 }))],
    ["of another run", encodeRunMessage(contribution(0, { runDigest: "fedcba9876543210" }))],
    ["of a slot that does not exist", encodeRunMessage(contribution(4))],
    ["of a slot with another worker", encodeRunMessage(contribution(0, { worker: 1 }))],
    ["that only evaluates where a message was asked for", encodeRunMessage(watching(0))],
    ["with a message where only an evaluation was asked for", encodeRunMessage(contribution(3))],
    [
      "that answers calibration",
      encodeRunMessage({ ...contribution(0), kind: "answer", payload: Uint8Array.of(1) }),
    ],
    ["that is not base64", "not base64 at all"],
    ["that was cut", encodeRunMessage(contribution(0)).slice(0, 40)],
    ["that is no contribution", encodeTask(taskOf("full"))],
    ["whose bits were changed", encodeRunMessage(contribution(0)).replace(/..$/, "AA")],
  ])("drops a contribution %s, and goes on", async (_name, body) => {
    const { queues, inbox } = opened();
    await queues.deliver(body);
    expect(inbox.contributions.count).toBe(0);
    expect(inbox.contributions.rejected).toBe(1);
    const waiting = watched(inbox.next(1000, 1));
    await queues.deliver(encodeRunMessage(contribution(0)));
    expect(waiting.event).toEqual({ kind: "progress" });
  });

  it("logs what it could not read, and nothing else", async () => {
    const { queues, log } = opened();
    await queues.deliver("rubbish!", encodeRunMessage(contribution(0)), encodeRunMessage(contribution(0)));
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]).toMatch(/^contribution-unreadable: MessageError: contribution: /);
  });

  it("forgets what it had when the next round is expected", async () => {
    const { queues, inbox } = opened();
    await queues.deliver(encodeRunMessage(contribution(0)), encodeRunMessage(failure(1)));
    inbox.contributions.expect({ ...EXPECTED, round: 8 });
    expect(inbox.contributions.count).toBe(0);
    const waiting = watched(inbox.next(1000, 1));
    await settle();
    expect(waiting.event).toBeUndefined();
    await queues.deliver(encodeRunMessage(contribution(0, { round: 8 })));
    expect(waiting.event).toEqual({ kind: "progress" });
  });
});

describe("bytes", () => {
  it("of a contribution are its body, the exact gradient apart", async () => {
    const { queues, inbox } = opened();
    const plain = encodeRunMessage(contribution(0));
    const body = encodeRunMessage(contribution(1, { evaluation: new Float64Array(30) }));
    await queues.deliver(plain, body, encodeRunMessage(watching(3)));
    expect(inbox.contributions.accepted[0]).toMatchObject({ bytes: plain.length, evaluationBytes: 0 });
    const gradient = body.length - encodeRunMessage(contribution(1)).length;
    expect(gradient).toBeGreaterThanOrEqual((30 * 8 * 4) / 3);
    expect(inbox.contributions.accepted[1]).toMatchObject({
      bytes: body.length - gradient,
      evaluationBytes: gradient,
    });
    expect(inbox.contributions.accepted[3]).toMatchObject({
      bytes: 0,
      evaluationBytes: encodeRunMessage(watching(3)).length,
    });
  });
});

describe("calibration", () => {
  const question: Expectation = {
    kind: "answer",
    phase: 3,
    round: 0,
    workers: Uint32Array.of(0, 1),
    evaluationOnly: [false, false],
  };
  const answer = (slot: number): RunMessage => ({
    ...{ kind: "answer", runDigest: DIGEST, phase: 3, round: 0, slot, worker: slot },
    ...{ payload: Uint8Array.of(slot), computeMilliseconds: 1, cold: true },
  });

  it("takes answers and no contributions", async () => {
    const { queues, inbox } = opened(question);
    await queues.deliver(encodeRunMessage(contribution(0, { round: 0, worker: 0 })));
    expect(inbox.contributions.rejected).toBe(1);
    await queues.deliver(encodeRunMessage(answer(1)), encodeRunMessage(answer(0)));
    expect(await inbox.next(1000, 2)).toEqual({ kind: "complete" });
  });
});

describe("stored contributions", () => {
  const key = contributionKey("example", 0, 7, 0);
  const pointer = (slot = 0): RunMessage => {
    const { runDigest, phase, round, worker } = contribution(slot);
    return { kind: "stored", runDigest, phase, round, slot, worker, key, outside: false };
  };

  it("are fetched, and count as the message that they are", async () => {
    const { queues, objects, inbox } = opened();
    const evaluation = Float64Array.of(1, 2, 3);
    const frame = frameRunMessage(contribution(0, { evaluation }));
    await objects.put(key, frame);
    const body = encodeRunMessage(pointer());
    await queues.deliver(body);
    expect(inbox.contributions.accepted[0]?.message).toMatchObject({
      kind: "contribution",
      slot: 0,
      evaluation,
    });
    const bytes = body.length + frameRunMessage(contribution(0)).length;
    const evaluationBytes = body.length + frame.length - bytes;
    expect(inbox.contributions.accepted[0]).toMatchObject({ bytes, evaluationBytes });
  });

  it("are not fetched when their slot has answered, or is not awaited", async () => {
    const { queues, objects, inbox } = opened();
    await queues.deliver(encodeRunMessage(contribution(0)), encodeRunMessage(pointer()));
    await queues.deliver(encodeRunMessage({ ...pointer(), round: 6 } as RunMessage));
    expect(objects.calls).toEqual([]);
    expect(inbox.contributions.rejected).toBe(2);
  });

  it("that came with a changed byte are read again, and count", async () => {
    const { queues, objects, inbox } = opened();
    await objects.put(key, frameRunMessage(contribution(0)));
    const { get } = objects;
    let reads = 0;
    objects.get = async (asked) => {
      const found = await get(asked);
      if (++reads === 3) return found;
      return { ...found, body: found.body.map((byte, at) => (at === 40 ? byte ^ 1 : byte)) };
    };
    await queues.deliver(encodeRunMessage(pointer()));
    expect(reads).toBe(3);
    expect(inbox.contributions.count).toBe(1);
    expect(inbox.contributions.rejected).toBe(0);
  });

  it("count once when two pointers are fetched at the same time", async () => {
    const { queues, objects, inbox } = opened();
    await objects.put(key, frameRunMessage(contribution(0)));
    await queues.deliver(encodeRunMessage(pointer()));
    await queues.deliver(encodeRunMessage(pointer()));
    expect(inbox.contributions.count).toBe(1);
    expect(inbox.contributions.rejected).toBe(1);
  });

  it("count with their exact gradient where that lies apart, and not without it", async () => {
    const { queues, objects, inbox } = opened();
    const evaluation = Float64Array.of(1, 2, 3);
    const evaluationKey = observationKey("example", 0, 7, 0);
    const body = encodeRunMessage(contribution(0, { evaluationKey }));
    await queues.deliver(body);
    expect(inbox.contributions.count).toBe(0);
    expect(inbox.contributions.rejected).toBe(1);
    await objects.put(evaluationKey, encodeVector(evaluation));
    await queues.deliver(body);
    expect(inbox.contributions.accepted[0]).toMatchObject({
      message: { kind: "contribution", slot: 0, evaluation },
      bytes: encodeRunMessage(contribution(0)).length,
    });
    await settle();
    // A copy that comes later finds the gradient gone, and asks for nothing.
    expect(await objects.list("runs/")).toEqual([]);
    const asked = objects.calls.length;
    await queues.deliver(body);
    expect(objects.calls).toHaveLength(asked);
  });

  it("that are missing, corrupt, another's or pointers again are dropped", async () => {
    const { queues, objects, inbox } = opened();
    await queues.deliver(encodeRunMessage(pointer()));
    await objects.put(key, Uint8Array.of(1, 2, 3));
    await queues.deliver(encodeRunMessage(pointer()));
    await objects.put(key, frameRunMessage(contribution(0, { runDigest: "fedcba9876543210" })));
    await queues.deliver(encodeRunMessage(pointer()));
    await objects.put(key, frameRunMessage(pointer()));
    await queues.deliver(encodeRunMessage(pointer()));
    expect(inbox.contributions.count).toBe(0);
    expect(inbox.contributions.rejected).toBe(4);
  });
});

describe("errors of workers", () => {
  it("wake the caller one by one, before anything else is told", async () => {
    const { queues, inbox } = opened();
    const waiting = watched(inbox.next(1000, 4));
    await queues.deliver(encodeRunMessage(failure(1)), encodeRunMessage(failure(2, false)));
    expect(waiting.event).toEqual({ kind: "error", error: failure(1) });
    expect(await inbox.next(1000, 4)).toEqual({ kind: "error", error: failure(2, false) });
    const next = watched(inbox.next(1000, 4));
    await settle();
    expect(next.event).toBeUndefined();
  });

  it("of slots that have answered, of other rounds and runs are dropped", async () => {
    const { queues, inbox } = opened();
    await queues.deliver(encodeRunMessage(contribution(1)), encodeRunMessage(failure(1)));
    await queues.deliver(
      encodeRunMessage({ ...failure(0), round: 6 }),
      encodeRunMessage({ ...failure(0), runDigest: "x" }),
    );
    expect(inbox.contributions.rejected).toBe(3);
    const waiting = watched(inbox.next(1000, 4));
    await settle();
    expect(waiting.event).toBeUndefined();
  });

  it("of slots that answer after all are forgotten: the round is complete", async () => {
    const { queues, inbox } = opened();
    const others = [contribution(0), contribution(2), watching(3)].map(encodeRunMessage);
    await queues.deliver(encodeRunMessage(failure(1)), ...others, encodeRunMessage(contribution(1)));
    expect(await inbox.next(1000, 4)).toEqual({ kind: "complete" });
  });

  it("become errors that name run, round, worker, shard, and what to do", () => {
    const place = { run: "example", workers: 5 };
    const error = workerFailure(place, failure(2));
    expect(error.code).toBe("worker-failed");
    expect(error.message).toBe("run example, round 7, worker 4: down");
    // 23 rows, 5 workers: 4 each and the last three unused, or 5, 5, 5, 4, 4.
    const data = { name: "rows", rows: 23 };
    expect(explainFailure(error, data, { remainder: "drop" })).toBe(
      'run example, round 7, worker 4: down; its shard: rows 16 .. 19 of data set "rows" (4 of 0 .. 4); ' +
        "everything is kept: after the repair go on with: marina resume example",
    );
    const diverged = workerFailure(place, { ...failure(2), code: "non-finite" });
    expect(diverged.code).toBe("non-finite");
    expect(explainFailure(diverged, data, { remainder: "spread" })).toBe(
      'run example, round 7, worker 4: down; its shard: rows 19 .. 22 of data set "rows" (4 of 0 .. 4)',
    );
  });
});

describe("a poll that fails", () => {
  it("makes the next wait fail with its error", async () => {
    const { queues, inbox } = opened();
    const waiting = expect(inbox.next(1000, 1)).rejects.toThrow("no permission");
    await queues.break(new MarinaError("access", "no permission"));
    await waiting;
  });

  it("because its queue was deleted says so, and what to do", async () => {
    const { queues, inbox } = opened();
    await queues.deliver("rubbish!");
    const waiting = expect(inbox.next(1000, 1)).rejects.toThrow(
      "contributions: this queue of the run's contributions was deleted while the run went on; marina resume makes it anew",
    );
    await queues.break(new MarinaError("not-found", "no such queue"));
    await waiting;
  });

  it("because its queue is not known yet is tried again, and fails the wait the third time", async () => {
    const { queues, inbox, clock } = opened();
    const waiting = expect(inbox.next(10_000, 1)).rejects.toThrow("this queue of the run's contributions");
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect(queues.parked).toBe(PARALLEL_POLLS);
      await queues.break(new MarinaError("not-found", "no such queue"));
      await clock.advance(1000);
    }
    await waiting;
  });

  it("because its service is unavailable is tried again, and fails the wait the third time", async () => {
    const { queues, inbox, clock } = opened();
    const waiting = expect(inbox.next(10_000, 1)).rejects.toThrow("the queue is down");
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect(queues.parked).toBe(PARALLEL_POLLS);
      await queues.break(new MarinaError("unavailable", "the queue is down"));
      await clock.advance(1000);
    }
    await waiting;
  });

  it("is nothing once the inbox is detached, as its queue is being deleted", async () => {
    const { queues, inbox } = opened();
    inbox.detach();
    await queues.break(new MarinaError("not-found", "no such queue"));
    const waiting = watched(inbox.next(1000, 1));
    await settle();
    expect(waiting.event).toBeUndefined();
  });
});
