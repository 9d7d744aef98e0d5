/** What can go wrong with a run, and that it says so, keeps what it had, and goes on where it can. */
import { describe, expect, it } from "vitest";
import { AWS_LATENCIES, type LatencyProfile } from "../../embedded/latency/latencies.ts";
import type { EmbeddedService } from "../../embedded/service/service.ts";
import type { Log } from "../../shared/cloud/ports.ts";
import { parseManifest } from "../../shared/data/manifest.ts";
import {
  checkpointKey,
  contributionsQueueName,
  manifestKey,
  resultKey,
  runPrefix,
  specKey,
} from "../../shared/protocol/keys.ts";
import { MAX_RECEIVE_COUNT } from "../../shared/protocol/limits.ts";
import { encodeStoredRun, type StoredRun } from "../../shared/protocol/stored/run.ts";
import { createCrashingService } from "../fixtures/crashing.ts";
import { methodNames, oracleOf, ROUNDS, specOf } from "../fixtures/methods.ts";
import {
  checkpointOf,
  createRun,
  DATA,
  drive,
  recordsOf,
  requestStop,
  resume,
  runToEnd,
  serviceWith,
} from "../fixtures/service.ts";

/** Replaces the stored rows of mushrooms, and gives back how to put the right ones back. */
async function corruptRows({ cloud }: EmbeddedService): Promise<() => Promise<void>> {
  const { objects } = cloud.client;
  const { object } = parseManifest((await objects.get(manifestKey(DATA))).body, manifestKey(DATA));
  const { body } = await objects.get(object.key);
  const wrong = body.slice();
  wrong[wrong.length >> 1]! ^= 1;
  await objects.put(object.key, wrong);
  return async () => {
    await objects.put(object.key, body);
  };
}

/** Another process: a new service with all the objects of an old one. */
async function successorOf(old: EmbeddedService): Promise<EmbeddedService> {
  const service = await serviceWith();
  const { objects } = service.cloud.client;
  for (const key of await old.cloud.client.objects.list("")) {
    await objects.put(key, (await old.cloud.client.objects.get(key)).body);
  }
  return service;
}

describe("an aggregator that is killed in the middle of its work, again and again", () => {
  /** Calls take so long that a life of some seconds ends in every one of them, sooner or later. */
  const profile: LatencyProfile = {
    ...AWS_LATENCIES,
    dispatchStandard: { p10: 300, p50: 400, p90: 600, p99: 900, max: 1000 },
    objectPut: { p10: 200, p50: 400, p90: 600, p99: 900, max: 1000 },
    queueCall: { p10: 100, p50: 200, p90: 300, p99: 500, max: 600 },
  };

  it.each(
    methodNames.flatMap((method, i) => [0, 1].map((run) => [method, (81 + 4 * i + 43 * run) / 10] as const)),
  )("leaves %s with the bits of a plain loop (life of %f s)", async (method, lifeSeconds) => {
    const service = createCrashingService({ seed: 11, latencies: profile }, lifeSeconds, MAX_RECEIVE_COUNT);
    const filled = await serviceWith();
    for (const key of await filled.cloud.client.objects.list("")) {
      await service.cloud.client.objects.put(key, (await filled.cloud.client.objects.get(key)).body);
    }
    const result = await runToEnd(service, "r", specOf(method));
    // Most take more lives than one message has deliveries: those that bring a round pass the run on in time.
    expect(service.tenures()).toBeGreaterThan(lifeSeconds < 13 ? MAX_RECEIVE_COUNT : 3);
    const { sha256, points } = await oracleOf(method);
    expect(result).toMatchObject({ status: "done", rounds: ROUNDS, iterateSha256: sha256 });
    const norms = (await recordsOf(service, "r")).map(({ gradientNormSquared }) => gradientNormSquared);
    expect(norms).toEqual(points.slice(0, ROUNDS).map(({ gradientNormSquared }) => gradientNormSquared));
  });
});

describe("a step that is far too large", () => {
  /** The regulariser's gradient grows with x: |x| is multiplied by 99 a round. */
  const diverging = {
    problem: { kind: "logistic", regularizer: { kind: "l2", lambda: 1 } },
    algorithm: { kind: "gd", stepSize: 100 },
  } as const;

  it("ends the run as diverged, with its history and what to do", async () => {
    const service = await serviceWith();
    const result = await runToEnd(service, "r", specOf("gd", diverging));
    expect(result).toMatchObject({ status: "diverged", stoppedBy: "divergence" });
    expect(result.error).toMatch(/more than 1000000 times that of x\^0 .*; take a smaller step size$/);
    expect(result.rounds).toBeLessThan(ROUNDS);
    const records = await recordsOf(service, "r");
    expect(records.map(({ round }) => round)).toEqual(Array.from({ length: result.rounds + 1 }, (_, t) => t));
    // Found in the first round that is beyond the bound.
    const bound = 1e6 * records[0]!.gradientNormSquared!;
    expect(records.map(({ gradientNormSquared }) => gradientNormSquared! > bound)).toEqual(
      records.map((_, t) => t === result.rounds),
    );
  });

  it("is found without evaluations too: by the first number that is not finite", async () => {
    const spec = specOf("gd", { ...diverging, evaluateEvery: 0, stop: { rounds: 400 } });
    const result = await runToEnd(await serviceWith(), "r", spec);
    expect(result).toMatchObject({ status: "diverged", stoppedBy: "divergence" });
    expect(result.rounds).toBeGreaterThan(100); // 99^k passes the largest double at k = 154
    expect(result.rounds).toBeLessThan(160);
  });

  it("is found by a worker whose numbers do not fit on the wire", async () => {
    const spec = specOf("gd", { ...diverging, evaluateEvery: 0, wire: "float32", stop: { rounds: 400 } });
    const service = await serviceWith();
    const result = await runToEnd(service, "r", spec);
    expect(result).toMatchObject({ status: "diverged", stoppedBy: "divergence" });
    expect(result.error).toMatch(/^run r, round \d+, worker \d: /);
    expect(result.rounds).toBeLessThan(30);
    expect((await recordsOf(service, "r")).length).toBeGreaterThanOrEqual(result.rounds);
  });
});

describe("a worker that can't do its task", () => {
  it("fails the run, naming run, round and worker; after the repair it goes on to the same bits", async () => {
    const first: EmbeddedService = await serviceWith({
      observer: { round: (run, { round }) => void (round === 20 && requestStop(first, run)) },
    });
    const stopped = await runToEnd(first, "r", specOf("diana"));
    expect(stopped.status).toBe("stopped");

    // A new process, so that no environment holds the rows any more.
    const second = await successorOf(first);
    const repair = await corruptRows(second);
    const failed = await resume(second, "r");
    expect(failed).toMatchObject({ status: "failed", stoppedBy: "error", rounds: stopped.rounds });
    expect(failed.error).toMatch(
      new RegExp(
        `^run r, round ${stopped.rounds}, worker [0-4]: datasets/mushrooms/rows-1: the rows of data set "mushrooms" are not`,
      ),
    );
    expect(failed.error).toMatch(
      /; its shard: rows \d+ \.\. \d+ of data set "mushrooms" \([0-4] of 0 \.\. 4\); everything is kept: after the repair go on with: marina resume r$/,
    );
    expect(failed.iterateSha256).toBe(stopped.iterateSha256);

    await repair();
    const done = await resume(second, "r");
    expect(done).toMatchObject({ status: "done", rounds: ROUNDS, error: null });
    expect(done.iterateSha256).toBe((await oracleOf("diana")).sha256);
  });

  it("in calibration fails the run before its first round; after the repair it begins, to the same bits", async () => {
    const service = await serviceWith();
    const repair = await corruptRows(service);
    const failed = await runToEnd(service, "r", specOf("marina"));
    expect(failed).toMatchObject({ status: "failed", rounds: 0, gradientNormSquared: null });
    expect(failed.error).toMatch(/^run r, round 0, worker [0-4]: .*not those that were imported/);

    await repair();
    const done = await resume(service, "r");
    expect(done).toMatchObject({ status: "done", rounds: ROUNDS });
    expect(done.iterateSha256).toBe((await oracleOf("marina")).sha256);
    expect(done.constants.stepSize).toBe(0.1);
    expect((await checkpointOf(service, "r")).generation).toBe(1);
  });
});

describe("what a run can't go on from", () => {
  /** A stopped run in the hands of a new process. */
  async function stopped() {
    const first: EmbeddedService = await serviceWith({
      observer: { round: (run, { round }) => void (round === 10 && requestStop(first, run)) },
    });
    await runToEnd(first, "r", specOf("marina"));
    const second = await successorOf(first);
    const { tenure } = await checkpointOf(second, "r");
    const resumed = () => drive(second, "r", { action: "resume", tenure: tenure + 1 });
    return { service: second, objects: second.cloud.client.objects, resumed };
  }

  it.each([
    [
      "of another version",
      (body: Uint8Array) => body.map((byte, at) => (at === 4 ? 9 : byte)),
      /^run r can't go on from its checkpoint: runs\/r\/checkpoint: written by protocol version 9, this program speaks version \d+; use the version that wrote it/,
    ],
    [
      "that was cut off",
      (body: Uint8Array) => body.slice(0, body.length - 9),
      /^run r can't go on from its checkpoint: runs\/r\/checkpoint: expected \d+ bytes after the header, got \d+ .*put a copy of runs\/r\/checkpoint back.*marina resume r/,
    ],
    [
      "with one changed byte",
      (body: Uint8Array) => body.map((byte, at) => (at === 200 ? byte ^ 1 : byte)),
      /checksum does not match/,
    ],
  ])(
    "is a checkpoint %s: the run fails and says why, nothing is overwritten, and after the repair it goes on",
    async (_what, damage, error) => {
      const { service, objects, resumed } = await stopped();
      const { body } = await objects.get(checkpointKey("r"));
      const bytes = damage(body);
      await objects.put(checkpointKey("r"), bytes);
      const keys = await objects.list(runPrefix("r"));
      const failed = await resumed();
      expect(failed).toMatchObject({ status: "failed", stoppedBy: "error", provisional: true });
      expect(failed.error).toMatch(error);
      expect((await objects.get(checkpointKey("r"))).body).toEqual(bytes);
      expect(await objects.list(runPrefix("r"))).toEqual(keys);
      expect(service.cloud.queue(service.controlDeadLetters).waiting).toBe(0);

      await objects.put(checkpointKey("r"), body);
      const done = await resume(service, "r");
      expect(done).toMatchObject({
        status: "done",
        error: null,
        iterateSha256: (await oracleOf("marina")).sha256,
      });
      expect(done).not.toHaveProperty("provisional");
    },
  );

  it("is another description than the one that it began with; with the right one it goes on", async () => {
    const { service, objects, resumed } = await stopped();
    const { body } = await objects.get(specKey("r"));
    const stored = JSON.parse(new TextDecoder().decode(body)) as StoredRun;
    await objects.put(specKey("r"), encodeStoredRun({ ...stored, spec: { ...stored.spec, seed: 99 } }));
    const failed = await resumed();
    expect(failed).toMatchObject({ status: "failed", stoppedBy: "error" });
    expect(failed.error).toMatch(
      /^run r: its description was changed since it began \([0-9a-f]{16}, now [0-9a-f]{16}\)/,
    );
    await objects.put(specKey("r"), body);
    const done = await resume(service, "r");
    expect(done).toMatchObject({ status: "done", iterateSha256: (await oracleOf("marina")).sha256 });
  });

  it.each([
    ["cut off", (body: Uint8Array) => body.slice(0, body.length - 40)],
    ["of other JSON", () => new TextEncoder().encode('{"version":1}')],
  ])(
    "is a description that can't be read (%s): the run fails and says why; after the repair it goes on",
    async (_what, damage) => {
      const { service, objects, resumed } = await stopped();
      const { body } = await objects.get(specKey("r"));
      const checkpoint = (await objects.get(checkpointKey("r"))).body;
      await objects.put(specKey("r"), damage(body));
      const failed = await resumed();
      expect(failed).toMatchObject({ status: "failed", stoppedBy: "error", provisional: true, spec: null });
      expect(failed.error).toMatch(
        /^run r can't go on: runs\/r\/spec\.json.*put a copy of runs\/r\/spec\.json back/s,
      );
      expect((await objects.get(checkpointKey("r"))).body).toEqual(checkpoint);
      expect(service.cloud.queue(service.controlDeadLetters).waiting).toBe(0);

      await objects.put(specKey("r"), body);
      const done = await resume(service, "r");
      expect(done).toMatchObject({ status: "done", iterateSha256: (await oracleOf("marina")).sha256 });
    },
  );

  it.each([
    ["checkpoint", checkpointKey("r"), 0],
    ["checkpoint, asked for as a later term", checkpointKey("r"), 1],
    ["description", specKey("r"), 0],
  ])(
    "is none of a run that is over: with a damaged %s its result stands, and the queue that was left goes",
    async (_what, key, later) => {
      const first = await serviceWith();
      const result = await runToEnd(first, "r", specOf("marina"));
      expect(result.status).toBe("done");
      // Its aggregator died before the queue was gone; the checkpoint says that it is over, and then can't be read.
      const service = await successorOf(first);
      const { objects, queues } = service.cloud.client;
      const name = contributionsQueueName("marina-", "r");
      await queues.create(name, { visibilitySeconds: 30, retentionSeconds: 600 });
      const { body } = await objects.get(key);
      await objects.put(key, body.slice(0, body.length - 9));
      const { body: stored } = await objects.get(resultKey("r"));
      await service.control({ version: 1, run: "r", action: "resume", tenure: result.tenure + later });
      await service.cloud.run(service.cloud.clock.sleep(60_000));
      expect((await objects.get(resultKey("r"))).body).toEqual(stored);
      await expect(queues.address(name)).rejects.toMatchObject({ code: "not-found" });
      expect(service.cloud.queue(service.controlDeadLetters).waiting).toBe(0);
    },
  );

  it("is a description that can't be read before the first round, either", async () => {
    const service = await serviceWith();
    await createRun(service, "r", specOf("marina"));
    const { objects } = service.cloud.client;
    await objects.put(specKey("r"), new Uint8Array());
    const failed = await drive(service, "r", { action: "start", tenure: 0 });
    expect(failed).toMatchObject({ status: "failed", rounds: 0, provisional: true, spec: null });
    expect(failed.error).toContain("runs/r/spec.json");
  });
});

describe("control messages", () => {
  it("that come late or twice change nothing at a run that is done", async () => {
    const service = await serviceWith();
    const { objects } = service.cloud.client;
    await runToEnd(service, "r", specOf("gd"));
    const [checkpoint, result] = await Promise.all([
      objects.get(checkpointKey("r")),
      objects.get(resultKey("r")),
    ]);
    for (const message of [
      { action: "start", tenure: 0 },
      { action: "continue", tenure: 1 },
      { action: "resume", tenure: 2 },
    ] as const) {
      await service.control({ version: 1, run: "r", ...message });
      await service.cloud.run(service.cloud.clock.sleep(120_000));
    }
    expect((await objects.get(checkpointKey("r"))).etag).toBe(checkpoint.etag);
    expect((await objects.get(resultKey("r"))).etag).toBe(result.etag);
    expect(service.cloud.queue(service.controlDeadLetters).waiting).toBe(0);
  });

  it("for a run that was stopped do not start it again unless they say resume", async () => {
    const service: EmbeddedService = await serviceWith({
      observer: { round: (run, { round }) => void (round === 5 && requestStop(service, run)) },
    });
    const { objects } = service.cloud.client;
    await runToEnd(service, "r", specOf("gd"));
    const { etag } = await objects.get(checkpointKey("r"));
    await service.control({ version: 1, run: "r", action: "continue", tenure: 1 });
    // Longer than a FIFO queue remembers the ids of its messages.
    await service.cloud.run(service.cloud.clock.sleep(301_000));
    expect((await objects.get(checkpointKey("r"))).etag).toBe(etag);
    expect(await resume(service, "r")).toMatchObject({ status: "done" });
  });

  it("for a run that does not exist do nothing, once, and say so", async () => {
    const warnings: string[] = [];
    const log: Log = {
      info: () => undefined,
      warn: (event, { run }) => warnings.push(`${event}: ${String(run)}`),
    };
    const service = await serviceWith({ log });
    const { cloud } = service;
    const keys = await cloud.client.objects.list("");
    await service.control({ version: 1, run: "nobody", action: "start", tenure: 0 });
    await cloud.run(cloud.clock.sleep(3_600_000));
    expect(warnings).toEqual(["run-deleted: nobody"]);
    expect(await cloud.client.objects.list("")).toEqual(keys);
    for (const queue of [service.controlQueue, service.controlDeadLetters])
      expect(cloud.queue(queue)).toMatchObject({ waiting: 0, inFlight: 0 });
  });
});

it("a stop request that comes late does not stop the run that was resumed since", async () => {
  const service: EmbeddedService = await serviceWith({
    observer: {
      round: (run, { round }) => {
        if (round === 5) void requestStop(service, run);
      },
    },
  });
  expect(await runToEnd(service, "r", specOf("qgd"))).toMatchObject({ status: "stopped" });
  // Of a second Ctrl-C, say. A poll of the aggregator that has ended may swallow it; it is back by then.
  await requestStop(service, "r");
  await service.cloud.run(service.cloud.clock.sleep(60_000));
  const done = await resume(service, "r");
  expect(done).toMatchObject({ status: "done", iterateSha256: (await oracleOf("qgd")).sha256 });
});
