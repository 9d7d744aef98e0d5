/** An aggregator that was replaced while it began: it must leave nothing behind that its successor has cleared away. */
import { expect, it } from "vitest";
import { MarinaError } from "../../../shared/base/errors.ts";
import type { Invocation, QueueAddress } from "../../../shared/cloud/ports.ts";
import { checkpointKey, manifestKey } from "../../../shared/protocol/keys.ts";
import { HEARTBEAT_SECONDS, LEASE_SECONDS } from "../../../shared/protocol/limits.ts";
import { encodeCheckpoint } from "../../../shared/protocol/stored/checkpoint.ts";
import { type ControlMessage, decodeControl, encodeControl } from "../../../shared/protocol/stored/run.ts";
import { stage } from "../../worker/testing/stage.ts";
import { emptyCheckpoint, NO_POINT } from "../checkpoints/uncommitted-checkpoint.ts";
import { createAggregator } from "../handler.ts";
import type { AggregatorSettings } from "../settings.ts";

const invocation: Invocation = { remainingMilliseconds: () => 300_000, requestId: "late", cold: false };
const message = {
  body: encodeControl({ version: 1, run: "r", action: "start", tenure: 0 }),
  ...{ messageId: "m", receipt: "stale", receiveCount: 1, queue: "control.fifo" as QueueAddress },
};

const settings: AggregatorSettings = {
  taskQueue: "tasks" as QueueAddress,
  queuePrefix: "marina-",
  spendingOf: () => ({ usd: () => 0, observationUsd: () => 0, save: () => null, restore: () => undefined }),
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
  const aggregator = createAggregator(ports, settings);
  expect(await aggregator([message], invocation)).toEqual({ failedMessageIds: ["m"] });
  expect(renewals).toBe(2);
  expect(created).toEqual([]);
  expect(log.lines.at(-1)).toMatch(/^term-failed: MarinaError: the control message could not be held/);
});

it.each([
  ["done", ["marina-run-r"]],
  ["running", []],
] as const)(
  "whose call to make the queue came through late, though it told of a failure: the run is %s by then, and of the queues %j go",
  async (status, gone) => {
    const { ports, stored, digest } = await stage({ kind: "gd" });
    const { objects, queues, clock } = ports;
    queues.extend = async () => undefined;
    queues.address = async (name) => name as QueueAddress;
    queues.create = async () => {
      // It stands still here, beyond its lease, with the call on its way; its successor gets on meanwhile.
      await clock.advance(1000 * (LEASE_SECONDS + 1));
      const control = decodeControl(message.body) as ControlMessage;
      const successors = emptyCheckpoint({ run: "r", spec: stored.spec, digest }, control, NO_POINT);
      const ending = status === "done" ? { loss: null, gradientNormSquared: null, usd: 0 } : null;
      const stoppedBy = status === "done" ? ("rounds" as const) : null;
      const checkpoint = { ...successors, status, stoppedBy, ending, commit: "successor" };
      await objects.put(checkpointKey("r"), encodeCheckpoint(checkpoint));
      throw new MarinaError("unavailable", "create: no success after 5 attempts");
    };
    const destroyed: string[] = [];
    queues.destroy = async (queue) => void destroyed.push(queue);
    const aggregator = createAggregator(ports, settings);
    expect(await aggregator([message], invocation)).toEqual({ failedMessageIds: ["m"] });
    expect(destroyed).toEqual(gone.map((name) => expect.stringMatching(name)));
    expect(ports.log.lines.join("\n")).not.toContain("queue-kept");
  },
);

it.each([
  ["there", []],
  ["gone", ["marina-run-r"]],
  ["gone with its successor's end, while the call that looks for it stands still", []],
] as const)("a run that is under way has its queue: where it is %s, %j are made", async (where, made) => {
  const { ports, stored, digest } = await stage({ kind: "gd" });
  const { objects, queues, clock } = ports;
  const control = decodeControl(message.body) as ControlMessage;
  const running = emptyCheckpoint({ run: "r", spec: stored.spec, digest }, control, NO_POINT);
  await objects.put(
    checkpointKey("r"),
    encodeCheckpoint({ ...running, status: "running", stoppedBy: null, ending: null, commit: "earlier" }),
  );
  let replaced = false;
  queues.extend = async () => {
    if (replaced) throw new MarinaError("not-found", "the receipt is stale: the message was delivered again");
  };
  queues.address = async (name) => {
    if (where === "there") return name as QueueAddress;
    replaced = where !== "gone";
    if (replaced) await clock.advance(1000 * (LEASE_SECONDS + 1));
    throw new MarinaError("not-found", `queue ${name}: no such queue`);
  };
  const created: string[] = [];
  queues.create = async (name) => {
    created.push(name);
    throw new MarinaError("unavailable", "create: no success after 5 attempts");
  };
  // This far it comes where the queue is there.
  queues.receive = async (queue) => {
    throw new MarinaError("access", `receive: ${queue} may not be read`);
  };
  await createAggregator(ports, settings)([message], invocation);
  expect(created).toEqual(made.map((name) => expect.stringMatching(name)));
});
