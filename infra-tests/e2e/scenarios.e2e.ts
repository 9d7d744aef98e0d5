/**
 * The deployed service, end to end: what a run comes to must be the very bits that the embedded cloud computes, whatever
 * happens to processes and messages on the way.
 */
import { afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import type { QueueAddress } from "../../shared/cloud/ports.ts";
import { parseManifest } from "../../shared/data/manifest.ts";
import { manifestKey } from "../../shared/protocol/keys.ts";
import { decodeTask } from "../../shared/protocol/messages/task.ts";
import type { RunSpec } from "../../shared/protocol/spec/spec.ts";
import { printComplaints } from "./testing/complaints.ts";
import { logLines, reachesProcesses, setDelivery, signalFunction } from "./testing/functions.ts";
import { embeddedResult } from "./testing/reference.ts";
import { eventually, importMushrooms, importSomeRows, Service } from "./testing/service.ts";
import { DIANA, MARINA, PP_MARINA, RUN_SECONDS, spec, WORKERS } from "./testing/specs.ts";

const METHODS = { MARINA, "PP-MARINA": PP_MARINA, DIANA } as const;
const cloud = inject("cloud");
const service = new Service(cloud);
const workerName = service.output("WorkerFunctionName");
const aggregatorName = service.output("AggregatorFunctionName");

/** SHA-256 of the iterate that the embedded cloud ends with. */
async function expectedSha256(run: RunSpec): Promise<string> {
  const { status, iterateSha256 } = await embeddedResult(run);
  expect(status).toBe("done");
  return iterateSha256;
}

beforeAll(async () => {
  await importMushrooms(service.ports.objects, "mushrooms");
});

afterEach(async ({ task }) => {
  if (task.result?.state !== "fail") return;
  await printComplaints(cloud, [aggregatorName, workerName]);
});

describe.each(Object.entries(METHODS))("%s with 5 workers, Rand-10 and 100 rounds", (name, algorithm) => {
  test("ends with the bits of the embedded cloud", async () => {
    const run = spec(`plain-${name.toLowerCase()}`, algorithm, 100);
    const result = await service.ended(await service.launch(run), RUN_SECONDS);
    expect(result).toMatchObject({ status: "done", stoppedBy: "rounds", error: null, rounds: 100 });
    expect(result.iterateSha256).toBe(await expectedSha256(run));
    console.log(`${name}: ${((1000 * result.seconds) / result.rounds).toFixed(0)} ms a round`);
  });
});

describe.runIf(reachesProcesses(cloud))("when processes are killed", () => {
  test("workers that die in the middle of a round change nothing but the time", async () => {
    const run = spec("killed-workers", MARINA, 60);
    const name = await service.launch(run);
    await service.reached(name, 10, RUN_SECONDS);
    // Stopped first, so that they die with a task in hand and not between two.
    expect(signalFunction(cloud, workerName, "SIGSTOP")).toBeGreaterThan(0);
    const before = await stalled(name);
    expect(signalFunction(cloud, workerName, "SIGKILL")).toBeGreaterThan(0);
    const result = await service.ended(name, RUN_SECONDS);
    expect(before).toBeLessThan(60);
    expect(result).toMatchObject({ status: "done", rounds: 60 });
    expect(result.resentTasks).toBeGreaterThan(0);
    expect(result.iterateSha256).toBe(await expectedSha256(run));
  });

  test("an aggregator that dies is replaced, and its successor goes on from the checkpoint", async () => {
    const run = spec("killed-aggregator", MARINA, 60);
    const name = await service.launch(run);
    const { round } = await service.reached(name, 10, RUN_SECONDS);
    expect(signalFunction(cloud, aggregatorName, "SIGKILL")).toBeGreaterThan(0);
    const result = await service.ended(name, RUN_SECONDS);
    expect(round).toBeLessThan(60);
    expect(result).toMatchObject({ status: "done", rounds: 60 });
    expect(result.iterateSha256).toBe(await expectedSha256(run));
  });
});

test("tasks that are delivered twice count once", async () => {
  const run = spec("delivered-twice", MARINA, 40);
  await setDelivery(workerName, false);
  let twice: number;
  const name = await service.launch(run);
  try {
    twice = await sendTwice(WORKERS);
  } finally {
    await setDelivery(workerName, true);
  }
  const result = await service.ended(name, RUN_SECONDS);
  expect(twice).toBeGreaterThan(0);
  expect(result).toMatchObject({ status: "done", rounds: 40 });
  expect(result.iterateSha256).toBe(await expectedSha256(run));
  expect(await service.ports.queues.receive(service.taskQueue, { max: 10, waitSeconds: 1 })).toEqual([]);
});

test("a shard that is not what was imported ends the run as failed, and says what to do", async () => {
  await importSomeRows(service.ports.objects, "poisoned", 1000);
  const { run, control } = await service.create({ ...spec("poisoned", MARINA, 40), data: "poisoned" });
  const key = manifestKey("poisoned");
  const { object } = parseManifest((await service.ports.objects.get(key)).body, key);
  const rows = new Uint8Array((await service.ports.objects.get(object.key)).body);
  rows[rows.length - 1]! ^= 1;
  await service.ports.objects.put(object.key, rows);
  await service.send(control);
  const result = await service.ended(run, RUN_SECONDS);
  expect(result).toMatchObject({ status: "failed", stoppedBy: "error" });
  expect(result.error).toMatch(
    /run poisoned, round 0, worker \d: datasets\/poisoned\/.* are not those that were imported/,
  );
  expect(result.error).toContain("--replace");
  // The worker has said so in its own log as well.
  const lines = await eventually(async () => {
    const found = await logLines(workerName, "task-failed");
    return found.some((line) => line.includes("poisoned")) ? found : undefined;
  }, 30);
  expect(lines).toBeDefined();
});

test("a run that is told to stop stops, and goes on when it is resumed", async () => {
  const run = spec("stopped", MARINA, 60);
  const name = await service.launch(run);
  await service.reached(name, 10, RUN_SECONDS);
  await service.command(name, { kind: "stop", now: false });
  const stopped = await service.ended(name, RUN_SECONDS);
  expect(stopped).toMatchObject({ status: "stopped", stoppedBy: "user" });
  expect(stopped.rounds).toBeGreaterThanOrEqual(10);
  expect(stopped.rounds).toBeLessThan(60);
  await service.resume(name);
  const result = await service.ended(name, RUN_SECONDS);
  expect(result).toMatchObject({ status: "done", rounds: 60 });
  expect(result.iterateSha256).toBe(await expectedSha256(run));
  // No poll of the tenure that was stopped has swallowed an answer, which would be asked for again after 15 s.
  expect(result.resentTasks).toBe(stopped.resentTasks);
});

test("two runs at once do not meet", async () => {
  const runs = [spec("together-1", MARINA, 40), { ...spec("together-2", DIANA, 40), seed: 2 }];
  const names = await Promise.all(runs.map((run) => service.launch(run)));
  const results = await Promise.all(names.map((name) => service.ended(name, RUN_SECONDS)));
  for (const [i, result] of results.entries()) {
    expect(result).toMatchObject({ status: "done", rounds: 40 });
    expect(result.iterateSha256).toBe(await expectedSha256(runs[i]!));
  }
});

test.each(["TaskDeadLetterQueueUrl", "ControlDeadLetterQueueUrl"])(
  "no message is left in the %s",
  async (output) => {
    const queue = service.output(output) as QueueAddress;
    expect(await service.ports.queues.receive(queue, { max: 10, waitSeconds: 2 })).toEqual([]);
  },
);

/** Waits until a run's rounds stand still; returns the round. */
async function stalled(run: string): Promise<number> {
  const QUIET_MILLISECONDS = 2000;
  let round = -1;
  let since = performance.now();
  const found = await eventually(async () => {
    const now = (await service.checkpoint(run))?.round ?? -1;
    if (now !== round) {
      round = now;
      since = performance.now();
    }
    return performance.now() - since >= QUIET_MILLISECONDS ? round : undefined;
  }, RUN_SECONDS);
  return found ?? round;
}

/**
 * Takes tasks of a round off the queue and sends each of them twice; returns how many. Delivery is switched off, but a
 * poll that was under way may have taken some of them: at most `count`, at least one.
 */
async function sendTwice(count: number): Promise<number> {
  const { queues } = service.ports;
  const bodies = new Map<string, string>();
  await eventually(async () => {
    const messages = await queues.receive(service.taskQueue, { max: 10, waitSeconds: 2 });
    for (const { body, receipt } of messages) {
      const { kind, round, slot } = decodeTask(body);
      bodies.set(`${kind}/${round}/${slot}`, body);
      await queues.delete(service.taskQueue, [receipt]);
    }
    return bodies.size === count || (bodies.size > 0 && messages.length === 0) ? true : undefined;
  }, 60);
  for (const body of bodies.values()) await queues.send(service.taskQueue, [{ body }, { body }]);
  return bodies.size;
}
