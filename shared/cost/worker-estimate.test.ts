import { createReadStream } from "node:fs";
import { describe, expect, it } from "vitest";
import { createEmbeddedCloud } from "../../embedded/cloud.ts";
import { createAggregator } from "../../lambdas/aggregator/handler.ts";
import { createWorker } from "../../lambdas/worker/handler.ts";
import type { Ports, QueueAddress, ReceivedMessage, StoredObject } from "../cloud/ports.ts";
import { importLibsvm } from "../data/import.ts";
import { shippedFile } from "../data/testing/load.ts";
import { resultKey, specKey } from "../protocol/keys.ts";
import { encodeRunMessage, frameRunMessage } from "../protocol/messages/run-message.ts";
import { encodeTask, type Task } from "../protocol/messages/task.ts";
import { outsideBytesOf } from "../protocol/messages/traffic.ts";
import { parseRunSpec, type RunSpecInput } from "../protocol/spec/spec.ts";
import { decodeResult } from "../protocol/stored/result.ts";
import { encodeControl, encodeStoredRun } from "../protocol/stored/run.ts";
import { priceUsd } from "./bill.ts";
import { Meter } from "./meter.ts";
import { meterTerm } from "./metered-term.ts";
import { PRICES_US_EAST_1 } from "./prices.ts";
import { contribution } from "./testing/example-contribution.ts";
import { type AccountUsage, parseUsage } from "./usage.ts";
import { estimateWorkers } from "./worker-estimate.ts";

const TASKS = "https://example/tasks" as QueueAddress;
const RUN_QUEUE = "https://example/run" as QueueAddress;

const task: Task = {
  kind: "difference",
  run: "r",
  runDigest: "0123456789abcdef",
  round: 3,
  phase: 0,
  workers: 1,
  slot: 0,
  worker: 0,
  replyTo: RUN_QUEUE,
  evaluate: false,
  oldestNeededRound: 0,
  points: [
    { kind: "inline", vector: new Float64Array(4) },
    { kind: "inline", vector: new Float64Array(4) },
  ],
  pointRounds: [3, 2],
};
const stored = { kind: "stored", key: "runs/r/iterates/0/0000000003" } as const;

/** A meter, and ports over a queue that delivers these bodies and a store that holds these bytes. */
function observed(
  bodies: readonly string[] = [],
  object: Uint8Array = new Uint8Array(0),
): { meter: Meter; ports: Ports } {
  const meter = new Meter();
  const messages = bodies.map((body, i): ReceivedMessage => ({ body, receipt: String(i), receiveCount: 1 }));
  const ports = {
    queues: { send: async () => undefined, receive: async () => messages },
    objects: { get: async (): Promise<StoredObject> => ({ body: object, etag: '"e"' }) },
  } as unknown as Ports;
  return { meter, ports: estimateWorkers(ports, meter, TASKS) };
}

describe("a task sent", () => {
  it("is an invocation, a receive and a delete of the mapping, and the time of a runtime and a send", async () => {
    const { meter, ports } = observed();
    await ports.queues.send(TASKS, [{ body: encodeTask(task) }, { body: encodeTask(task) }]);
    const { worker, standardMapping, objects } = meter.usage().method;
    expect(worker).toMatchObject({ invocations: 2, billedMilliseconds: 2 * 9, coldStarts: 0 });
    expect(standardMapping).toMatchObject({ receiveRequests: 2, deleteRequests: 2 });
    expect(objects).toMatchObject({ getRequests: 0, putRequests: 0 });
  });

  it("is received in as many billed units as its body has", async () => {
    const { meter, ports } = observed();
    const long = {
      ...task,
      points: task.points.map(() => ({ kind: "inline" as const, vector: new Float64Array(5000) })),
    };
    await ports.queues.send(TASKS, [{ body: encodeTask(long) }]);
    // 80,000 bytes of points are 106,667 characters: two units of 65,536.
    expect(meter.usage().method.standardMapping.receiveRequests).toBe(2);
  });

  it("fetches its point where that lies in the store; of a pair the environment holds the older", async () => {
    const { meter, ports } = observed();
    await ports.queues.send(TASKS, [{ body: encodeTask({ ...task, points: [stored, stored] }) }]);
    const { worker, objects } = meter.usage().method;
    expect(objects.getRequests).toBe(1);
    expect(worker.billedMilliseconds).toBe(9 + 27);
  });

  it("reads, writes and deletes the memory of a DIANA worker", async () => {
    const { meter, ports } = observed();
    const diana: Task = { ...task, kind: "shifted", points: task.points.slice(0, 1), pointRounds: [3] };
    await ports.queues.send(TASKS, [{ body: encodeTask(diana) }]);
    expect(meter.usage().method.objects).toMatchObject({ getRequests: 1, putRequests: 1, deleteRequests: 1 });
  });

  it("stores its vectors for reducers, those of the record on the record's account; a reducer reads each once and stores a sum", async () => {
    const { meter, ports } = observed();
    const dense: Task = {
      ...task,
      kind: "full",
      points: task.points.slice(0, 1),
      pointRounds: [3],
      ranges: { message: 2, evaluation: 3 },
      others: [{ slot: 1, worker: 1 }],
    };
    const slots = Uint32Array.of(0, 1, 2, 3, 4);
    const reduction = {
      ...({ dimension: 100, entryBytes: 4, ranges: 2, range: 0 } as const),
      ...{ slots, checksums: slots },
    };
    const reducer: Task = { ...task, kind: "reduce", points: [], pointRounds: [], reduction };
    await ports.queues.send(TASKS, [{ body: encodeTask(dense) }, { body: encodeTask(reducer) }]);
    const { method, evaluation } = meter.usage();
    // A pack of two, each with a vector of both kinds.
    expect(method.objects).toMatchObject({ putRequests: 2 + 1, getRequests: 5 });
    expect(evaluation.objects).toMatchObject({ putRequests: 2, getRequests: 0 });
    expect(method.worker.billedMilliseconds).toBe(2 * 9 + 2 * 45);
  });

  it("keeps the gradients that the next round needs, those of a pack at one time; what it reads its answer tells", async () => {
    const { meter, ports } = observed();
    const reuse = [
      { read: true, keep: true },
      { read: true, keep: false },
      { read: false, keep: true },
    ];
    const others = [1, 2].map((slot) => ({ slot, worker: slot }));
    const pack: Task = { ...task, others, reuse };
    const alone: Task = { ...task, reuse: reuse.slice(1, 2) };
    await ports.queues.send(TASKS, [{ body: encodeTask(pack) }, { body: encodeTask(alone) }]);
    const { method, evaluation } = meter.usage();
    expect(method.objects).toMatchObject({ putRequests: 2, getRequests: 0 });
    expect(method.worker.billedMilliseconds).toBe(2 * 9 + 45);
    expect(evaluation.objects.putRequests).toBe(0);
  });

  it("belongs to the evaluation when it only watches", async () => {
    const { meter, ports } = observed();
    const watcher: Task = { ...task, kind: "evaluate", points: task.points.slice(0, 1), pointRounds: [3] };
    await ports.queues.send(TASKS, [{ body: encodeTask(watcher) }]);
    const { method, evaluation } = meter.usage();
    expect([method.worker.invocations, evaluation.worker.invocations]).toEqual([0, 1]);
  });

  it("is none when it goes to another queue", async () => {
    const { meter, ports } = observed();
    await ports.queues.send(RUN_QUEUE, [{ body: encodeTask(task) }]);
    expect(meter.usage().method.worker.invocations).toBe(0);
  });
});

describe("a contribution received", () => {
  const receive = async (ports: Ports): Promise<unknown> =>
    ports.queues.receive(RUN_QUEUE, { max: 10, waitSeconds: 1 });

  it("tells its worker's computing time, billed by started milliseconds, and its send", async () => {
    const { meter, ports } = observed([
      encodeRunMessage(contribution),
      encodeRunMessage({ ...contribution, slot: 1 }),
    ]);
    await receive(ports);
    const { worker, standardQueues, objects } = meter.usage().method;
    expect(worker).toMatchObject({ billedMilliseconds: 2 * 13, coldStarts: 0, initMilliseconds: 0 });
    expect(standardQueues.sendRequests).toBe(2);
    expect(objects.getRequests).toBe(0);
  });

  it("tells a cold start, which is billed, and the reads that its caches could not spare it", async () => {
    const { meter, ports } = observed([encodeRunMessage({ ...contribution, cold: true, reads: 3 })]);
    await receive(ports);
    const { worker, objects } = meter.usage().method;
    expect(worker).toMatchObject({ coldStarts: 1, initMilliseconds: 375, billedMilliseconds: 13 + 3 * 27 });
    expect(objects.getRequests).toBe(3);
  });

  it("tells the reads of a warm environment that does not know the run yet", async () => {
    const { meter, ports } = observed([encodeRunMessage({ ...contribution, reads: 2 })]);
    await receive(ports);
    const { worker, objects } = meter.usage().method;
    expect(worker).toMatchObject({ coldStarts: 0, billedMilliseconds: 13 + 2 * 27 });
    expect(objects.getRequests).toBe(2);
  });

  it("is no worker's when it is a command of the user", async () => {
    const stop = encodeRunMessage({ kind: "stop", runDigest: "0123456789abcdef", generation: 0, now: false });
    const { meter, ports } = observed([stop, encodeRunMessage(contribution)]);
    await receive(ports);
    expect(meter.usage().method.standardQueues.sendRequests).toBe(1);
  });

  it("is told from the bits of its evaluation, whose requests are the evaluation's", async () => {
    const evaluation = { ...contribution, payload: new Uint8Array(0), evaluation: new Float64Array(4) };
    const { meter, ports } = observed([encodeRunMessage(evaluation)]);
    await receive(ports);
    const usage = meter.usage();
    expect([usage.method.standardQueues.sendRequests, usage.evaluation.standardQueues.sendRequests]).toEqual([
      0, 1,
    ]);
    expect([usage.method.worker.billedMilliseconds, usage.evaluation.worker.billedMilliseconds]).toEqual([
      0, 13,
    ]);
  });

  it("tells its time from the store when it was too large for a message", async () => {
    const { meter, ports } = observed([], frameRunMessage(contribution));
    await ports.objects.get("runs/r/contributions/0000000003/0000000000");
    const { worker, objects } = meter.usage().method;
    expect(objects).toMatchObject({ putRequests: 1, putBytes: frameRunMessage(contribution).length });
    expect(worker.billedMilliseconds).toBe(13 + 45);
  });

  it.each([
    [
      "a command of the user",
      encodeRunMessage({ kind: "stop", runDigest: "0123456789abcdef", generation: 0, now: false }),
    ],
    [
      "an error",
      encodeRunMessage({ ...contribution, kind: "error", code: "data", message: "no", retryable: false }),
    ],
    [
      "a pointer",
      encodeRunMessage({ ...contribution, kind: "stored", key: "runs/r/contributions/3/0", outside: false }),
    ],
    ["not base64", "%%%"],
    ["nothing", ""],
    ["a frame cut off", encodeRunMessage(contribution).slice(0, 60)],
    ["a time that is none", encodeRunMessage({ ...contribution, computeMilliseconds: Number.NaN })],
  ])("counts no time for %s", async (_, body) => {
    const { meter, ports } = observed([body]);
    await receive(ports);
    expect(meter.usage().method.worker.billedMilliseconds).toBe(0);
  });
});

/** Runs the real handlers on the embedded cloud, whose own meter sees everything, with the aggregator counting as on AWS. */
async function estimateAndBill(
  algorithm: RunSpecInput["algorithm"],
  change: Partial<RunSpecInput> = {},
): Promise<{ estimate: number; bill: number; usage: Record<"estimated" | "made", AccountUsage["objects"]> }> {
  const warnings: string[] = [];
  const cloud = createEmbeddedCloud({
    seed: 3,
    evaluationBytesOf: outsideBytesOf,
    log: {
      info: () => undefined,
      warn: (event, fields) => warnings.push(`${event} ${JSON.stringify(fields)}`),
    },
  });
  const billing = { workerMemoryMb: 1769, aggregatorMemoryMb: 1769, architecture: "arm64" } as const;
  const times = { visibilitySeconds: 360, retentionSeconds: 3600 };
  const tasks = cloud.createQueue("tasks", times);
  const control = cloud.createQueue("control.fifo", times);
  const worker = cloud.defineFunction({
    name: "worker",
    memoryMb: 1769,
    timeoutSeconds: 60,
    create: (p) => createWorker(p),
  });
  const aggregator = cloud.defineFunction({
    name: "aggregator",
    memoryMb: 1769,
    timeoutSeconds: 300,
    create: (ports) => (messages, invocation) => {
      const setting = { taskQueue: tasks, prices: PRICES_US_EAST_1, billing };
      const tenure = meterTerm(ports, setting, invocation.cold);
      const handler = createAggregator(tenure.ports, {
        taskQueue: tasks,
        queuePrefix: "m-",
        spendingOf: () => tenure.spending.ofRun(),
      });
      return handler(messages, invocation);
    },
  });
  cloud.mapQueue({ queue: tasks, function: worker, batchSize: 1, maxConcurrency: 900 });
  cloud.mapQueue({ queue: control, function: aggregator, batchSize: 1 });
  const { objects } = cloud.client;
  const manifest = await importLibsvm(createReadStream(shippedFile("mushrooms")), {
    name: "mushrooms",
    sourceName: "mushrooms.gz",
    labels: "binary",
    objects,
  });
  const spec = parseRunSpec(
    {
      data: "mushrooms",
      workers: 20,
      problem: { kind: "nonconvex-binary" },
      algorithm,
      seed: 1,
      stop: { rounds: 400 },
      // Watching a run costs the aggregator time that the embedded cloud does not charge.
      evaluateEvery: 0,
      ...change,
    },
    "a test",
  );
  const { sha256, etag } = manifest.object;
  await objects.put(specKey("r"), encodeStoredRun({ version: 1, run: "r", spec, data: { sha256, etag } }));
  await cloud.client.queues.send(control, [
    {
      body: encodeControl({ version: 1, run: "r", action: "start", tenure: 0 }),
      group: "r",
      deduplicationId: "r.0",
    },
  ]);
  const result = await cloud.run(
    (async () => {
      for (;;) {
        if ((await objects.list(resultKey("r"))).length > 0)
          return decodeResult((await objects.get(resultKey("r"))).body, "r");
        if (warnings.length > 0) throw new Error(warnings.join("\n"));
        await cloud.clock.sleep(100);
      }
    })(),
  );
  const { method } = cloud.usage();
  return {
    estimate: result.usd,
    bill: priceUsd(method, PRICES_US_EAST_1, billing).totalUsd,
    usage: { estimated: parseUsage(result.usage).method.objects, made: method.objects },
  };
}

describe("the estimate of a whole run", () => {
  it.each([
    { kind: "marina", compressor: { kind: "rand-k", k: 10 }, probability: "theory", stepSize: "theory" },
    { kind: "diana", compressor: { kind: "rand-k", k: 10 }, stepSize: "theory" },
  ] as const)("is within a tenth of what the embedded cloud bills: $kind", async (algorithm) => {
    const { estimate, bill } = await estimateAndBill(algorithm);
    expect(estimate / bill).toBeGreaterThan(0.9);
    expect(estimate / bill).toBeLessThan(1.1);
  });

  it("is so where gradients are kept in the store as well, of which it has all but some first reads", async () => {
    const { estimate, bill, usage } = await estimateAndBill(
      { kind: "marina", compressor: { kind: "rand-k", k: 10 } },
      { reuse: "store" },
    );
    expect(estimate / bill).toBeGreaterThan(0.9);
    expect(estimate / bill).toBeLessThan(1.1);
    const { made, estimated } = usage;
    // 20 workers in most of 400 rounds, each put once, or twice where a task is hedged.
    expect(made.putRequests).toBeGreaterThan(6000);
    expect(Math.abs(estimated.putRequests / made.putRequests - 1)).toBeLessThan(0.02);
    expect(made.getRequests).toBeGreaterThan(6000);
    expect(Math.abs(estimated.getRequests / made.getRequests - 1)).toBeLessThan(0.02);
  });
});
