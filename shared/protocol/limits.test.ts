import { describe, expect, it } from "vitest";
import { contributionsQueueName } from "./keys.ts";
import * as limits from "./limits.ts";
import {
  CONTRIBUTION_OVERHEAD_BYTES,
  encodeRunMessage,
  frameRunMessage,
  type RunMessage,
} from "./messages/run-message.ts";
import { encodeTask } from "./messages/task.ts";
import { DIGEST, taskOf } from "./testing/samples.ts";

describe("limits", () => {
  it("of the platform are those that AWS documents", () => {
    // SQS quotas and API reference, Lambda quotas: figures written down a second time.
    expect(limits.MESSAGE_LIMIT_BYTES).toBe(1024 * 1024);
    expect(limits.BATCH_LIMIT).toBe(10);
    expect(limits.BILLED_UNIT_BYTES).toBe(64 * 1024);
    expect(limits.IN_FLIGHT_LIMIT).toBe(120_000);
    expect(limits.LONG_POLL_LIMIT_SECONDS).toBe(20);
    expect(limits.FUNCTION_TIMEOUT_LIMIT_SECONDS).toBe(15 * 60);
  });

  it("give each queue a visibility of at least its function's time-out", () => {
    expect(limits.TASK_VISIBILITY_SECONDS).toBeGreaterThanOrEqual(limits.WORKER_TIMEOUT_SECONDS);
    expect(limits.CONTROL_VISIBILITY_SECONDS).toBeGreaterThanOrEqual(limits.AGGREGATOR_TIMEOUT_SECONDS);
  });

  it("keep every time-out within what a function may have", () => {
    expect(limits.WORKER_TIMEOUT_SECONDS).toBeLessThanOrEqual(limits.FUNCTION_TIMEOUT_LIMIT_SECONDS);
    expect(limits.AGGREGATOR_TIMEOUT_SECONDS).toBeLessThanOrEqual(limits.FUNCTION_TIMEOUT_LIMIT_SECONDS);
  });

  it("leave a worn control message deliveries for crashes on both sides of its hand-over", () => {
    expect(limits.NEAR_DEAD_LETTER_RECEIVE_COUNT).toBeGreaterThan(1);
    expect(limits.NEAR_DEAD_LETTER_RECEIVE_COUNT).toBeLessThan(limits.MAX_RECEIVE_COUNT);
  });

  it("let two heartbeats fail before the lease runs out", () => {
    expect(2 * limits.HEARTBEAT_SECONDS).toBeLessThan(limits.LEASE_SECONDS);
    expect(limits.LEASE_SECONDS).toBeLessThan(limits.CONTROL_VISIBILITY_SECONDS);
  });

  it("leave a tenure time to work, and time for one whole patience before it hands over", () => {
    expect(limits.HANDOVER_MARGIN_SECONDS).toBeLessThan(limits.AGGREGATOR_TIMEOUT_SECONDS / 2);
    const lastRound = limits.RESEND_AFTER_SECONDS + limits.CONTRIBUTION_WAIT_SECONDS;
    expect(lastRound).toBeLessThan(limits.HANDOVER_MARGIN_SECONDS);
  });

  it("send a task again only once contributions swallowed by a dead poll are back", () => {
    expect(limits.RESEND_AFTER_SECONDS).toBeGreaterThanOrEqual(limits.CONTRIBUTION_VISIBILITY_SECONDS);
  });

  it("keep polls short: within SQS's longest and within the contributions' visibility", () => {
    expect(limits.CONTRIBUTION_WAIT_SECONDS).toBeLessThanOrEqual(limits.LONG_POLL_LIMIT_SECONDS);
    expect(limits.CONTRIBUTION_WAIT_SECONDS).toBeLessThan(limits.CONTRIBUTION_VISIBILITY_SECONDS);
  });

  it("forget no contribution while an exchange may still wait for it", () => {
    const longestExchange = limits.MAX_SENDS * limits.RESEND_AFTER_SECONDS;
    expect(limits.CONTRIBUTION_RETENTION_SECONDS).toBeGreaterThan(longestExchange);
    expect(limits.CONTRIBUTION_RETENTION_SECONDS).toBeGreaterThan(limits.AGGREGATOR_TIMEOUT_SECONDS);
  });

  it("let a tenure see a task fail as often as it may be sent", () => {
    const longestExchange = limits.MAX_SENDS * limits.RESEND_AFTER_SECONDS;
    expect(longestExchange).toBeLessThan(limits.AGGREGATOR_TIMEOUT_SECONDS - limits.HANDOVER_MARGIN_SECONDS);
  });

  it("keep what polls can have in flight far below the queue's limit", () => {
    const held = limits.PARALLEL_POLLS * limits.BATCH_LIMIT;
    expect(100 * held).toBeLessThan(limits.IN_FLIGHT_LIMIT);
  });

  it("let ten inline tasks share a batch, and a task be one billed unit", () => {
    expect(limits.INLINE_TASK_BYTES).toBeLessThanOrEqual(limits.BILLED_UNIT_BYTES);
    expect(limits.BATCH_LIMIT * limits.INLINE_TASK_BYTES).toBeLessThanOrEqual(limits.MESSAGE_LIMIT_BYTES);
    expect(limits.INLINE_ROUND_BYTES).toBeGreaterThan(limits.INLINE_TASK_BYTES);
  });

  it("hedge a small share, after most are in, fewer times than a task may be sent", () => {
    expect(limits.HEDGE_AFTER_SHARE).toBeGreaterThan(0.5);
    expect(limits.HEDGE_AFTER_SHARE).toBeLessThan(1);
    expect(limits.HEDGE_SHARE_LIMIT).toBeGreaterThanOrEqual(1 - limits.HEDGE_AFTER_SHARE);
    expect(limits.HEDGE_SHARE_LIMIT).toBeLessThanOrEqual(0.2);
    expect(limits.HEDGE_DELAY_MILLISECONDS / 1000).toBeLessThan(limits.RESEND_AFTER_SECONDS);
    expect(limits.MAX_SENDS).toBeGreaterThanOrEqual(3);
    expect(limits.MAX_SENDS).toBeLessThanOrEqual(limits.MAX_RECEIVE_COUNT);
  });
});

describe("sizes of messages", () => {
  const address = {
    runDigest: DIGEST,
    phase: 0xffff_ffff,
    round: 0xffff_ffff,
    slot: 0xffff_ffff,
    worker: 0xffff_ffff,
  };
  const timing = { computeMilliseconds: 1e9 / 3, cold: true };

  it("of contributions are payload and evaluation and at most the stated overhead", () => {
    for (const payloadBytes of [0, 1, 2, 3, 4, 5, 6, 7, 8, 40, 1001]) {
      for (const dimension of [null, 0, 1, 112]) {
        const contribution: RunMessage = {
          kind: "contribution",
          ...address,
          ...timing,
          payload: new Uint8Array(payloadBytes),
          bits: 8 * payloadBytes,
          loss: 1 / 3,
          evaluation: dimension === null ? null : new Float64Array(dimension),
          reused: false,
        };
        const contents = payloadBytes + 8 * (dimension ?? 0);
        const bytes = frameRunMessage(contribution).length;
        expect(bytes).toBeLessThanOrEqual(contents + CONTRIBUTION_OVERHEAD_BYTES);
        expect(encodeRunMessage(contribution).length).toBe(4 * Math.ceil(bytes / 3));
      }
      const answer: RunMessage = {
        kind: "answer",
        ...address,
        ...timing,
        payload: new Uint8Array(payloadBytes),
      };
      expect(frameRunMessage(answer).length).toBeLessThanOrEqual(payloadBytes + CONTRIBUTION_OVERHEAD_BYTES);
    }
  });

  it("of pointers to stored contributions fit into a message by far", () => {
    const key = `runs/${"r".repeat(64)}/contributions/4294967295/${"0".repeat(10)}/${"0".repeat(10)}`;
    expect(encodeRunMessage({ kind: "stored", ...address, key, outside: false }).length).toBeLessThan(1000);
  });

  it("of tasks are their points and less than a kilobyte, whatever their names", () => {
    const longest = {
      run: "r".repeat(64),
      replyTo: `https://sqs.ap-northeast-1.amazonaws.com/123456789012/${contributionsQueueName("p".repeat(24), "r".repeat(64))}`,
    };
    for (const kind of ["calibrate", "full", "difference"] as const) {
      const task = taskOf(kind, longest);
      const points = task.points.map(() => ({ kind: "inline", vector: new Float64Array(112) }) as const);
      const body = encodeTask({ ...task, points });
      expect(body.length).toBeLessThan(1024 + (points.length * 8 * 112 * 4) / 3);
    }
  });
});
