/** An aggregator that was replaced while it began: it must leave nothing behind that its successor has cleared away. */
import { expect, it } from "vitest";
import { MarinaError } from "../../../shared/base/errors.ts";
import type { Invocation, QueueAddress } from "../../../shared/cloud/ports.ts";
import { manifestKey } from "../../../shared/protocol/keys.ts";
import { HEARTBEAT_SECONDS } from "../../../shared/protocol/limits.ts";
import { encodeControl } from "../../../shared/protocol/stored/run.ts";
import { stage } from "../../worker/testing/stage.ts";
import { createAggregator } from "../handler.ts";

const invocation: Invocation = { remainingMilliseconds: () => 300_000, requestId: "late", cold: false };
const message = {
  body: encodeControl({ version: 1, run: "r", action: "start", tenure: 0 }),
  ...{ messageId: "m", receipt: "stale", receiveCount: 1, queue: "control.fifo" as QueueAddress },
};

it("does not make the run's queue anew, which its successor may have deleted", async () => {
  const { ports } = await stage({ kind: "gd" });
  const { objects, queues, clock, log } = ports;
  let renewals = 0;
  queues.extend = async () => {
    if (++renewals > 1)
      throw new MarinaError("not-found", "the receipt is stale: the message was delivered again");
  };
  const created: string[] = [];
  queues.create = async (name) => {
    created.push(name);
    return name as QueueAddress;
  };
  const { get } = objects;
  objects.get = async (key, options) => {
    // It stands still here until its lease is another's.
    if (key === manifestKey("small")) await clock.advance(1000 * HEARTBEAT_SECONDS);
    return get(key, options);
  };
  const aggregator = createAggregator(ports, {
    taskQueue: "tasks" as QueueAddress,
    queuePrefix: "marina-",
    spendingOf: () => ({ usd: () => 0, observationUsd: () => 0, save: () => null, restore: () => undefined }),
  });
  expect(await aggregator([message], invocation)).toEqual({ failedMessageIds: ["m"] });
  expect(renewals).toBe(2);
  expect(created).toEqual([]);
  expect(log.lines.at(-1)).toMatch(/^term-failed: MarinaError: the control message could not be held/);
});
