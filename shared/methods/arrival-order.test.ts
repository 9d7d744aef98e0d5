/** The order in which messages arrive changes nothing: the aggregator's own round, fed through a queue of the test's. */
import { describe, expect, it } from "vitest";
import { Inbox } from "../../lambdas/aggregator/exchange/inbox.ts";
import { PointStore } from "../../lambdas/aggregator/round/points.ts";
import { doRound } from "../../lambdas/aggregator/round/round.ts";
import { type ActiveRun, loadRun } from "../../lambdas/aggregator/term/active-run.ts";
import type { MessageQueue, Ports, QueueAddress, ReceivedMessage } from "../cloud/ports.ts";
import { createCompressor } from "../compressors/registry.ts";
import { importLibsvm } from "../data/import.ts";
import { memoryStore } from "../data/testing/memory-store.ts";
import { vectorSha256 } from "../protocol/digest.ts";
import { specKey } from "../protocol/keys.ts";
import { encodeRunMessage } from "../protocol/messages/run-message.ts";
import { decodeTask, type Task } from "../protocol/messages/task.ts";
import { parseRunSpec } from "../protocol/spec/spec.ts";
import { encodeStoredRun } from "../protocol/stored/run.ts";
import { compressorDraw } from "./draws.ts";
import { type AlgorithmSpec, compressorOf, createMethod, requestOf } from "./registry.ts";
import { specsOfAll } from "./testing/specs.ts";

const WORKERS = 5;
const SEED = 3;
const unused: Pick<MessageQueue, "create" | "address" | "destroy" | "extend" | "waiting"> = {
  create: () => expect.unreachable(),
  address: () => expect.unreachable(),
  destroy: () => expect.unreachable(),
  extend: () => expect.unreachable(),
  waiting: () => expect.unreachable(),
};
const TASKS = "tasks" as QueueAddress;
const REPLIES = "replies" as QueueAddress;

/** What worker i would send: sums of these depend on the order of the additions. */
const gradients = [
  [1e16, 1, -0.1, 3],
  [1, 1e-8, 1e9, -3e15],
  [-1e16, -1, 0.3, 7],
  [0.5, 1e16, -1e9, 3e15],
  [3, -1e16, 0.7, 1 / 3],
].map((vector) => Float64Array.from(vector));

async function* fiveRows(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("1 1:1 4:1\n0 2:1\n1 3:1\n0 1:2\n1 4:1\n");
}

/** A run whose tasks are answered in this order (by slot), one message a poll. */
async function activeRun(algorithm: AlgorithmSpec, order: readonly number[]): Promise<ActiveRun> {
  const dense = createCompressor({ kind: "identity" }, 4, "float64");
  const compressor = createCompressor(compressorOf(algorithm), 4, "float64");
  const tasks: Task[] = [];
  let answers: ReceivedMessage[] = [];
  const waiting: (() => void)[] = [];
  const queues: Pick<MessageQueue, "send" | "receive" | "delete"> = {
    async send(_queue, messages) {
      tasks.push(...messages.map(({ body }) => decodeTask(body)));
      if (tasks.length < order.length) return;
      const bySlot = new Map(tasks.map((task) => [task.slot, task]));
      answers = order.map((slot) => ({
        body: answer(bySlot.get(slot)!),
        receipt: String(slot),
        receiveCount: 1,
      }));
      for (const wake of waiting.splice(0)) wake();
    },
    async receive() {
      while (answers.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
      return answers.splice(0, 1);
    },
    delete: async () => undefined,
  };
  const answer = ({ kind, runDigest, phase, round, slot, worker }: Task): string => {
    const codec = requestOf(kind).dense ? dense : compressor;
    const draw = compressorDraw(SEED, { round, slot, slots: WORKERS }, codec);
    const { bytes: payload, bits } = codec.encode(gradients[worker]!, draw);
    const timing = { computeMilliseconds: 1, cold: false };
    return encodeRunMessage({
      kind: "contribution",
      ...{ runDigest, phase, round, slot, worker, payload, bits, ...timing },
      loss: 0,
      evaluation: null,
      reused: false,
    });
  };
  const objects = memoryStore();
  const manifest = await importLibsvm(fiveRows(), {
    name: "tiny",
    sourceName: "tiny",
    labels: "real",
    objects,
  });
  const spec = parseRunSpec(
    {
      data: "tiny",
      workers: WORKERS,
      problem: { kind: "least-squares" },
      algorithm,
      seed: SEED,
      stop: { rounds: 9 },
      wire: "float64",
    },
    "test",
  );
  const data = { sha256: manifest.object.sha256, etag: manifest.object.etag };
  await objects.put(specKey("r"), encodeStoredRun({ version: 1, run: "r", spec, data }));
  const ports: Ports = {
    objects,
    queues: { ...unused, ...queues },
    // Nobody is late: the clock stands still.
    clock: { now: () => 0, sleep: () => new Promise(() => undefined) },
    compute: { run: async (_work, compute) => compute() },
    log: { info: () => undefined, warn: (event) => expect.unreachable(event) },
  };
  const loaded = await loadRun(ports, "r", undefined);
  const inbox = new Inbox(ports, REPLIES, {
    runDigest: loaded.digest,
    incarnation: 0,
    lease: { check: () => undefined, confirm: async () => undefined },
  });
  inbox.open();
  return { ...loaded, taskQueue: TASKS, replyTo: REPLIES, inbox };
}

/** Nothing that a certificate could be made of. */
const UNKNOWN = {
  ...{ zeta: 2, stepSize: 0.5, probability: 1e-9, shiftStep: 0.5 },
  ...{ workers: WORKERS, dimension: 4, rows: WORKERS },
};

/** Digest of the next iterate. */
async function afterRound(
  algorithm: AlgorithmSpec,
  round: number,
  order: readonly number[],
): Promise<string> {
  const active = await activeRun(algorithm, order);
  const method = createMethod(algorithm, {
    workers: WORKERS,
    stepSize: 0.5,
    probability: 1e-9,
    shiftStep: 0.5,
  });
  const state = method.start(Float64Array.of(0.1, 0.2, 0.3, 0.4));
  const points = new PointStore(active);
  const { plan, mean } = await doRound(
    {
      active,
      method,
      points,
      deltas: undefined,
      oldestNeededRound: 0,
      evaluate: false,
      heldOut: false,
      since: 0,
      isForced: () => false,
      constants: UNKNOWN,
      sent: () => undefined,
    },
    { state, round, referenceRound: 0 },
  );
  active.inbox.detach();
  return vectorSha256(method.step(state, plan, mean).iterate!);
}

/** Every method, in a round that is compressed where it has any, and in the first one. */
const rounds = specsOfAll({
  compressor: { kind: "rand-k", k: 2 },
  stepSize: 0.5,
  probability: 1e-9,
  largeBatchSize: 2,
  participants: 5,
}).flatMap((algorithm) => [0, 1].map((round) => ({ algorithm, round })));

const orders: readonly (readonly number[])[] = [
  [0, 1, 2, 3, 4],
  [4, 3, 2, 1, 0],
  [2, 0, 4, 1, 3],
  [1, 4, 0, 3, 2],
  [3, 2, 4, 0, 1],
];

describe("messages that arrive in another order", () => {
  it("would give other bits if they were summed as they come", () => {
    const sums = orders.map((order) =>
      order.reduce((sum, slot) => sum.map((value, j) => value + gradients[slot]![j]!), new Float64Array(4)),
    );
    expect(new Set(sums.map(vectorSha256)).size).toBeGreaterThan(1);
  });

  it.each(rounds)("give the same bits: $algorithm.kind in round $round", async ({ algorithm, round }) => {
    const found = new Set<string>();
    for (const order of orders) found.add(await afterRound(algorithm, round, order));
    expect(found.size).toBe(1);
  });
});
