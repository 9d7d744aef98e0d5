import { describe, expect, it } from "vitest";
import { contributionsQueueName, runQueuePrefix } from "../shared/protocol/keys.ts";
import { queuePrefix } from "./names.ts";

/** Stack names that are alike in every way that might matter. */
const STACKS = [
  "Marina",
  "marina",
  "Marina2",
  "Marina-run",
  "Marina-run-run",
  "Marina-r",
  "M",
  "A".repeat(22),
  "A".repeat(23),
  "A".repeat(24),
  "A".repeat(25),
  "A".repeat(50),
  `${"A".repeat(49)}B`,
  "A".repeat(15),
];

describe("the prefix of a stack's run queues", () => {
  it("is the stack's name where that is short", () => {
    expect(queuePrefix("Marina")).toBe("Marina_");
  });

  it("leaves room for a run's name within what SQS takes", () => {
    for (const stack of STACKS) {
      expect(queuePrefix(stack).length).toBeLessThanOrEqual(24);
      expect(contributionsQueueName(queuePrefix(stack), "r".repeat(64))).toMatch(/^[A-Za-z0-9_-]{1,80}$/);
    }
  });

  it("lets no stack's permissions cover another stack's queues, whatever the runs are called", () => {
    for (const one of STACKS) {
      for (const other of STACKS) {
        if (one === other) continue;
        const allowed = runQueuePrefix(queuePrefix(one));
        for (const run of ["r", "run", "run-run-x", "Marina_run-1"]) {
          expect(contributionsQueueName(queuePrefix(other), run).startsWith(allowed), `${one} ${other}`).toBe(
            false,
          );
        }
      }
    }
  });

  it("covers the stack's own queues", () => {
    for (const stack of STACKS) {
      const prefix = queuePrefix(stack);
      expect(contributionsQueueName(prefix, "some.run").startsWith(runQueuePrefix(prefix))).toBe(true);
    }
  });
});
