/**
 * What must not happen, happens: each ends in one clear error with the checkpoint kept, so that the run goes on to the same
 * bits after the repair, or the run goes on by itself.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { createAwsPorts } from "../../shared/cloud/aws/ports.ts";
import { createSdkClients } from "../../shared/cloud/aws/sdk-clients.ts";
import type { QueueAddress } from "../../shared/cloud/ports.ts";
import { checkpointKey, datasetPrefix, runPrefix, specKey } from "../../shared/protocol/keys.ts";
import type { RunSpec } from "../../shared/protocol/spec/spec.ts";
import { decodeStoredRun, encodeControl, encodeStoredRun } from "../../shared/protocol/stored/run.ts";
import type { Outcome } from "../../tests/fixtures/cli.ts";
import { onStack, resultLine, scratchFolder } from "./testing/command.ts";
import { printComplaints } from "./testing/complaints.ts";
import { importWideRows, WIDE_DIMENSION } from "./testing/data.ts";
import { reachesProcesses, setTimeoutSeconds, signalFunction } from "./testing/functions.ts";
import { embeddedResult } from "./testing/reference.ts";
import { startRefusingProxy } from "./testing/refusing-proxy.ts";
import { secondAggregator } from "./testing/second-aggregator.ts";
import { importMushrooms, importSomeRows, Service } from "./testing/service.ts";
import { MARINA, RUN_SECONDS, spec, WORKERS } from "./testing/specs.ts";

const ROUNDS = 60;
/** Takes longer than the command needs to ask twenty times. */
const LONG_ROUNDS = 100;
/** A run is well under way, and has most of its rounds to go. */
const REACHED = 10;

const cloud = inject("cloud");
const service = new Service(cloud);
const { objects, queues } = service.ports;
const workerName = service.output("WorkerFunctionName");
const aggregatorName = service.output("AggregatorFunctionName");
const cwd = scratchFolder();
const called = (...args: string[]): Promise<Outcome> => onStack(cloud, args, { cwd });

beforeAll(async () => {
  await importMushrooms(objects, "mushrooms");
});

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") await printComplaints(cloud, [aggregatorName, workerName]);
});

afterAll(async () => {
  rmSync(cwd, { recursive: true });
  // Other tests look whether anything is left there.
  for (const lane of ["Task", "Control"] as const) await drain(deadLetters(lane));
});

function deadLetters(lane: "Task" | "Control"): QueueAddress {
  return service.output(`${lane}DeadLetterQueueUrl`) as QueueAddress;
}

/** Goes on with a run after the repair: it must come to the bits of one that nothing happened to. */
async function goesOnToTheSameBits(run: RunSpec, name: string): Promise<void> {
  const resumed = await called("resume", name, "--json");
  expect(resumed).toMatchObject({ code: 0 });
  expect(resultLine(resumed)).toMatchObject({ status: "done", rounds: run.stop.rounds });
  expect(resultLine(resumed)["iterateSha256"]).toBe((await embeddedResult(run)).iterateSha256);
}

/** The one line that a command ends with when it fails. */
function complaint({ stderr }: Outcome): string {
  const lines = stderr.split("\n").filter((line) => line.startsWith("marina: "));
  expect(lines).toHaveLength(1);
  return lines[0]!;
}

describe.runIf(reachesProcesses(cloud))("a description that is changed under its run", () => {
  test("fails the run at the first worker that reads it, and put back lets it go on", async () => {
    const run = spec("tampered", MARINA, ROUNDS);
    const name = await service.launch(run);
    await service.reached(name, REACHED, RUN_SECONDS);
    const key = specKey(name);
    const { body } = await objects.get(key);
    const original = body.slice();
    const stored = decodeStoredRun(original, key);
    await objects.put(key, encodeStoredRun({ ...stored, spec: { ...stored.spec, seed: 99 } }));
    // Environments that have read it keep it: new ones read it anew.
    signalFunction(cloud, workerName, "SIGKILL");
    const failed = await service.ended(name, RUN_SECONDS);
    expect(failed).toMatchObject({ status: "failed", stoppedBy: "error" });
    expect(failed.error).toMatch(/run tampered, round \d+, worker \d: .*it was changed under the run/);
    expect(failed.rounds).toBeGreaterThanOrEqual(REACHED);
    await objects.put(key, original);
    await goesOnToTheSameBits(run, name);
  });
});

test("a queue of contributions that is deleted under its run fails it with what to do, which helps", async () => {
  const run = spec("queue-deleted", MARINA, ROUNDS);
  const name = await service.launch(run);
  await service.reached(name, REACHED, RUN_SECONDS);
  await queues.destroy(await queues.address(service.contributionsQueue(name)));
  const failed = await service.ended(name, RUN_SECONDS);
  expect(failed).toMatchObject({ status: "failed", stoppedBy: "error" });
  expect(failed.error).toMatch(
    /run-queue-deleted-\w+: this queue .* was deleted while the run went on; marina resume/,
  );
  await goesOnToTheSameBits(run, name);
});

test("a checkpoint that is damaged under its run ends the command, and put back lets the run go on", async () => {
  const run = spec("damaged-checkpoint", MARINA, LONG_ROUNDS);
  const waiting = called("run", specFile(run));
  await service.reached("damaged-checkpoint", REACHED, RUN_SECONDS);
  const key = checkpointKey("damaged-checkpoint");
  const original = (await objects.get(key)).body.slice();
  await objects.put(key, original.subarray(0, original.length - 1));
  const outcome = await waiting;
  expect(outcome.code).toBe(1);
  expect(complaint(outcome)).toMatch(
    /run damaged-checkpoint can't go on from its checkpoint: .*put a copy of .* back/,
  );
  await objects.put(key, original);
  // Its aggregator has stopped before the damaged one, or has never seen it.
  const result = await service.ended("damaged-checkpoint", RUN_SECONDS);
  expect(result).toMatchObject({ status: "done", rounds: LONG_ROUNDS });
  expect(result.iterateSha256).toBe((await embeddedResult(run)).iterateSha256);
});

test("a bucket that is emptied under a run ends the command that waits for it", async () => {
  await importSomeRows(objects, "emptied", 1001);
  const run = { ...spec("emptied", MARINA, 2000), data: "emptied" };
  const waiting = called("run", specFile(run));
  await service.reached("emptied", REACHED, RUN_SECONDS);
  for (const prefix of [runPrefix("emptied"), `${datasetPrefix}emptied/`])
    for (const key of await objects.list(prefix)) await objects.delete(key);
  const outcome = await waiting;
  expect(outcome.code).toBe(1);
  expect(complaint(outcome)).toMatch(/run emptied was deleted while it went on: s3:.*spec\.json is gone/);
  await expectGone("emptied");
});

test("a run whose control message nobody could handle is told of by every command that looks at it", async () => {
  const { run: name, control } = await service.create(spec("unhandled", MARINA, ROUNDS));
  const body = encodeControl(control);
  await queues.send(deadLetters("Control"), [{ body, group: name, deduplicationId: name }]);
  for (const command of [
    ["show", name],
    ["watch", name, "--terminal"],
  ]) {
    const outcome = await called(...command);
    expect(outcome.code).toBe(1);
    expect(complaint(outcome)).toContain(
      `run ${name} has no result: it was cut off before its first round (the aggregator could not go on with it; see why: marina logs ${name}); go on with: marina resume ${name}`,
    );
  }
  expect(await called("resume", name)).toMatchObject({ code: 0 });
});

test("two aggregators for one run, neither of which can be replaced, can't make it wrong", async () => {
  const run = spec("two-aggregators", MARINA, ROUNDS);
  const { run: name, control } = await service.create(run);
  await service.send(control);
  await service.reached(name, REACHED, RUN_SECONDS);
  const second = secondAggregator(service, service.ports);
  const [finished, result] = await Promise.all([second.handle(control), service.ended(name, RUN_SECONDS)]);
  // Each takes answers that the other one waits for: the first to commit, or to miss answers, goes on.
  expect(result).toMatchObject({ status: "done", rounds: ROUNDS });
  expect(result.iterateSha256).toBe((await embeddedResult(run)).iterateSha256);
  // Either the second one has driven the run to its end, or it was told that somebody else does.
  if (!finished) expect(second.warnings.join("\n")).toContain("lease-lost");
});

test("vectors that fit into no message travel through the bucket, with the same bits", async () => {
  await importWideRows(objects, "wide");
  const run = { ...spec("wide", { kind: "gd" }, 3), data: "wide", wire: "float64" as const };
  const result = await service.ended(await service.launch(run), RUN_SECONDS);
  expect(result).toMatchObject({ status: "done", rounds: 3 });
  expect(result.iterateSha256).toBe((await embeddedResult(run, "none", importWideRows)).iterateSha256);
  expect(result.uplinkBytesMeasured).toBeGreaterThan(3 * WORKERS * 8 * WIDE_DIMENSION);
});

test("a function whose time-out is shorter than it must be is found before anything is spent", async () => {
  const before = await setTimeoutSeconds(workerName, 3);
  try {
    const examined = await called("doctor");
    expect(examined.code).toBe(1);
    expect(examined.stdout).toMatch(/^BAD .*worker: .*time-out 3 s; this program needs a time-out of 60 s/m);
    const outcome = await called("run", specFile(spec("too-short", MARINA, ROUNDS)));
    expect(outcome.code).toBe(1);
    expect(complaint(outcome)).toMatch(/time-out 3 s; this program needs a time-out of 60 s: deploy/);
    expect(await objects.list(runPrefix("too-short"))).toEqual([]);
  } finally {
    await setTimeoutSeconds(workerName, before);
  }
  expect(await called("doctor")).toMatchObject({ code: 0 });
});

// AWS takes signatures for the host that they were made for only: no proxy can stand before it.
describe.runIf(cloud.kind !== "aws")("credentials that expire in the middle of a run", () => {
  const endpoint = (): string => cloud.env["AWS_ENDPOINT_URL"]!;

  test("end the command that waits for it, and the run goes on without it", async () => {
    const run = spec("expired-command", MARINA, LONG_ROUNDS);
    const proxy = await startRefusingProxy(endpoint(), 20);
    try {
      const outcome = await called("run", specFile(run), "--endpoint-url", proxy.url);
      expect(outcome.code).toBe(1);
      expect(complaint(outcome)).toMatch(
        /the AWS credentials have expired; sign in again .*run expired-command does not need this command: .*marina watch/,
      );
      expect(proxy.refused).toBeGreaterThan(0);
    } finally {
      await proxy.stop();
    }
    const result = await service.ended("expired-command", RUN_SECONDS);
    expect(result).toMatchObject({ status: "done", rounds: LONG_ROUNDS });
    expect(result.iterateSha256).toBe((await embeddedResult(run)).iterateSha256);
  });

  test("of an aggregator leave its last checkpoint, from which the next one goes on", async () => {
    const run = spec("expired-aggregator", MARINA, ROUNDS);
    const { run: name, control } = await service.create(run);
    const proxy = await startRefusingProxy(endpoint(), 250);
    const clients = createSdkClients({ endpoint: proxy.url });
    const first = secondAggregator(
      service,
      createAwsPorts({ bucket: service.output("BucketName"), log: service.ports.log, clients }),
    );
    try {
      expect(await first.handle(control)).toBe(false);
    } finally {
      await proxy.stop();
    }
    expect(first.warnings.at(-1)).toContain("the AWS credentials have expired");
    const checkpoint = await service.checkpoint(name);
    expect(checkpoint).toMatchObject({ status: "running" });
    expect(checkpoint!.round).toBeGreaterThan(0);
    expect(checkpoint!.round).toBeLessThan(ROUNDS);
    // What the queue does with a message that an aggregator could not handle.
    await service.send(control);
    const result = await service.ended(name, RUN_SECONDS);
    expect(result).toMatchObject({ status: "done", rounds: ROUNDS });
    expect(result.iterateSha256).toBe((await embeddedResult(run)).iterateSha256);
  });
});

function specFile(run: RunSpec): string {
  const path = join(cwd, `${run.name}.json`);
  writeFileSync(path, JSON.stringify(run));
  return path;
}

/** The functions that still work on a deleted run must not bring any of it back. */
async function expectGone(name: string): Promise<void> {
  expect((await objects.list(runPrefix(name))).filter((key) => key === specKey(name))).toEqual([]);
}

async function drain(queue: QueueAddress): Promise<void> {
  for (;;) {
    const messages = await queues.receive(queue, { max: 10, waitSeconds: 1 });
    if (messages.length === 0) return;
    await queues.delete(
      queue,
      messages.map(({ receipt }) => receipt),
    );
  }
}
