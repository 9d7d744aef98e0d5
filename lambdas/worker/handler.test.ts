import { describe, expect, it } from "vitest";
import { MarinaError } from "../../shared/base/errors.ts";
import type { QueueAddress } from "../../shared/cloud/ports.ts";
import { createCompressor } from "../../shared/compressors/registry.ts";
import { openShard, shardRange } from "../../shared/data/index.ts";
import { partition } from "../../shared/data/partition.ts";
import { methodOf } from "../../shared/methods/registry.ts";
import type { LinearSpec } from "../../shared/problems/linear/losses.ts";
import { createObjective } from "../../shared/problems/linear/objective.ts";
import {
  contributionKey,
  iterateKey,
  memoryKey,
  observationKey,
  specKey,
} from "../../shared/protocol/keys.ts";
import { MESSAGE_LIMIT_BYTES } from "../../shared/protocol/limits.ts";
import {
  decodeRunMessage,
  parseRunMessage,
  type RunMessage,
} from "../../shared/protocol/messages/run-message.ts";
import { encodeTask, type Task, type TaskKind } from "../../shared/protocol/messages/task.ts";
import { outsideBytesOf } from "../../shared/protocol/messages/traffic.ts";
import type { RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { encodeStoredRun } from "../../shared/protocol/stored/run.ts";
import { decodeSpectrum } from "../../shared/protocol/stored/spectra.ts";
import { decodeVector, encodeVector } from "../../shared/protocol/stored/vector-object.ts";
import { decodeWorkerState, encodeWorkerState } from "../../shared/protocol/stored/worker-state.ts";
import { fakePorts } from "../testing/fakes.ts";
import { createWorker } from "./handler.ts";
import {
  answerOf,
  answersOf,
  DIMENSION,
  delivered,
  invoke,
  matterOf,
  point,
  ROWS,
  type Stage,
  stage,
} from "./testing/stage.ts";

const randK = { kind: "rand-k", k: 3 } as const;

/** Each kind of a method's task, in a run whose method asks for it. */
const kinds: readonly (readonly [TaskKind, RunSpecInput["algorithm"]])[] = [
  ["full", { kind: "gd" }],
  ["full-compressed", { kind: "qgd", compressor: randK }],
  ["full-large-batch", { kind: "vr-marina-online", compressor: randK, batchSize: 4, largeBatchSize: 25 }],
  ["difference", { kind: "marina", compressor: randK }],
  ["difference-batch", { kind: "vr-marina", compressor: { kind: "l2-quantization" }, batchSize: 4 }],
  ["shifted", { kind: "diana", compressor: { kind: "qsgd", levels: 2 } }],
  ["shifted-reduced", { kind: "vr-diana", compressor: { kind: "natural" }, batchSize: 4 }],
  ["shift-start", { kind: "ef21", compressor: { kind: "top-k", k: 3 } }],
  ["shifted-difference", { kind: "dasha", compressor: randK }],
  ["evaluate", { kind: "gd" }],
  ["calibrate", { kind: "gd" }],
  ["gram", { kind: "gd" }],
];

const DIANA = { vectors: ["shift"], spare: [] };
const sharedState = { shift: point(0.01), reference: point(0.05), referenceGradient: point(0.02) };

/** Workers of a method with state find what the round before has left. */
async function staged(
  algorithm: RunSpecInput["algorithm"],
  change: Partial<RunSpecInput> = {},
): Promise<Stage> {
  const on = await stage(algorithm, change);
  const { workerState } = methodOf(algorithm);
  if (workerState !== null) {
    await on.ports.objects.put(memoryKey("r", 1, 3), encodeWorkerState(sharedState, workerState));
  }
  on.ports.objects.calls.length = 0;
  return on;
}

type Contribution = Extract<RunMessage, { kind: "contribution" }>;

async function contributionOf(on: Stage, task: Task): Promise<Contribution> {
  const message = await answerOf(on, task);
  if (message.kind !== "contribution")
    throw new Error(`expected a contribution, got ${JSON.stringify(message)}`);
  return message;
}

async function errorOf(on: Stage, task: Task): Promise<Extract<RunMessage, { kind: "error" }>> {
  const message = await answerOf(on, task);
  if (message.kind !== "error") throw new Error(`expected an error, got a ${message.kind}`);
  return message;
}

/** The local objective of a worker, opened here from the stored rows. */
async function objectiveOf({ ports, manifest, stored }: Stage, worker: number) {
  const { body } = await ports.objects.get(manifest.object.key);
  const { first, count } = partition(manifest.rows, 4, "spread")[worker]!;
  const range = shardRange(manifest, first, count);
  const shard = openShard(manifest, first, count, body.subarray(range.start, range.end), range);
  return createObjective(stored.spec.problem as LinearSpec, shard, {
    rowWeight: 4 / ROWS,
    regularizerWeight: (4 * count) / ROWS,
  });
}

function decoded({ payload }: Contribution): Float64Array {
  const vector = new Float64Array(DIMENSION);
  createCompressor({ kind: "identity" }, DIMENSION, "float64").accumulate(payload, { kind: "none" }, vector);
  return vector;
}

describe("a task", () => {
  it.each(kinds)(
    "of kind %s, answered twice, gives identical bytes: by the same worker and by another one",
    async (kind, algorithm) => {
      const on = await staged(algorithm);
      for (const evaluate of [false, true]) {
        const task = on.task(kind, { evaluate });
        const same = (await answersOf(on, [task, task])).map(matterOf);
        const other = (await answersOf(on, [task])).map(matterOf);
        expect(same).toEqual([other[0], other[0]]);
        expect(decodeRunMessage(same[0]!).kind).toBe(
          kind === "calibrate" || kind === "gram" ? "answer" : "contribution",
        );
      }
    },
  );

  it.each(kinds)(
    "of kind %s gives the same bytes whatever the environment still holds",
    async (kind, algorithm) => {
      const on = await staged(algorithm);
      const alone = (await answersOf(on, [on.task(kind)])).map(matterOf);
      const worker = createWorker(on.ports);
      const before: Task[] = [
        on.task("full", { points: [{ kind: "inline", vector: point(0.05) }], pointRounds: [2], round: 2 }),
        on.task("full", { worker: 2, slot: 2 }),
        on.task("evaluate"),
      ];
      await answersOf(on, before, worker);
      expect((await answersOf(on, [on.task(kind)], worker)).map(matterOf)).toEqual(alone);
    },
  );

  it("tells how many objects its environment had to read: run, manifest and rows once, then none", async () => {
    const on = await stage({ kind: "gd" });
    const worker = createWorker(on.ports);
    const bodies = await answersOf(on, [on.task("full"), on.task("full", { worker: 2, slot: 2 })], worker);
    const reads = bodies.map((body) => {
      const message = decodeRunMessage(body);
      return "cold" in message ? message.reads : null;
    });
    expect(reads).toEqual([3, undefined]);
    expect(on.ports.objects.calls.filter((call) => call.startsWith("get"))).toHaveLength(3);
  });

  it("goes to the queue that it names", async () => {
    const on = await stage({ kind: "gd" });
    await answersOf(on, [on.task("full", { replyTo: "here" }), on.task("full", { replyTo: "there" })]);
    expect(on.ports.queues.sent.map(({ queue }) => queue)).toEqual(["here", "there"]);
  });

  it("is answered under its own address", async () => {
    const on = await stage({ kind: "gd" });
    const message = await contributionOf(on, on.task("full", { round: 8, slot: 6, worker: 2 }));
    expect(message).toMatchObject({ runDigest: on.digest, round: 8, slot: 6, worker: 2 });
  });

  it("whose points are stored gives the same answer as one that carries them, and tells what it has read", async () => {
    const on = await stage({ kind: "marina", compressor: randK });
    const inline = await answersOf(on, [on.task("difference")]);
    await on.ports.objects.put(iterateKey("r", 0, 3), encodeVector(point(0.1)));
    await on.ports.objects.put(iterateKey("r", 0, 2), encodeVector(point(0.05)));
    const points = [3, 2].map((round) => ({ kind: "stored", key: iterateKey("r", 0, round) }) as const);
    const [body] = await answersOf(on, [on.task("difference", { points })]);
    const read = 2 * encodeVector(point(0.1)).length;
    expect(decodeRunMessage(body!)).toEqual({ ...decodeRunMessage(inline[0]!), bytesRead: read });
  });
});

describe("what a worker computes", () => {
  it("of a full task is the local gradient, bit for bit, and the local loss", async () => {
    const on = await stage({ kind: "gd" }, { wire: "float64" });
    const objective = await objectiveOf(on, 1);
    const gradient = new Float64Array(DIMENSION);
    const loss = objective.gradient(point(0.1), gradient);
    const message = await contributionOf(on, on.task("full"));
    expect(decoded(message)).toEqual(gradient);
    expect(message).toMatchObject({ loss, bits: 32 * DIMENSION, evaluation: null });
  });

  it("of a difference task without compression is the difference of two gradients", async () => {
    const on = await stage({ kind: "marina", compressor: { kind: "identity" } }, { wire: "float64" });
    const objective = await objectiveOf(on, 1);
    const [x, w] = [new Float64Array(DIMENSION), new Float64Array(DIMENSION)];
    objective.gradient(point(0.1), x);
    objective.gradient(point(0.05), w);
    const message = await contributionOf(on, on.task("difference", { evaluate: true }));
    expect(decoded(message)).toEqual(x.map((entry, j) => entry - w[j]!));
    expect(message.evaluation).toEqual(x);
  });

  it("for the record is the exact gradient, beside a batch and in place of a message", async () => {
    const on = await staged({ kind: "vr-marina", compressor: randK, batchSize: 4 });
    const objective = await objectiveOf(on, 1);
    const gradient = new Float64Array(DIMENSION);
    const loss = objective.gradient(point(0.1), gradient);
    const beside = await contributionOf(on, on.task("difference-batch", { evaluate: true }));
    expect(beside).toMatchObject({ loss, evaluation: gradient });
    expect((await contributionOf(on, on.task("difference-batch"))).loss).toBeNull();
    const alone = await contributionOf(on, on.task("evaluate", { evaluate: true }));
    expect(alone).toMatchObject({ loss, evaluation: gradient, bits: 0, payload: Buffer.alloc(0) });
  });

  it("of a calibration is the shard's spectrum, and of a gram task A^T A x", async () => {
    const on = await stage({ kind: "gd" });
    const spectrum = await answerOf(on, on.task("calibrate"));
    const counts = spectrum.kind === "answer" ? decodeSpectrum(spectrum.payload, "test") : undefined;
    expect(counts).toMatchObject({ rows: ROWS / 4 });
    // Recomputed densely from the rows themselves.
    const { body } = await on.ports.objects.get(on.manifest.object.key);
    const { first, count } = partition(ROWS, 4, "spread")[1]!;
    const range = shardRange(on.manifest, first, count);
    const shard = openShard(on.manifest, first, count, body.subarray(range.start, range.end), range);
    const x = point(0.1);
    const expected = new Float64Array(DIMENSION);
    for (let row = 0; row < count; row++) {
      const dense = new Float64Array(DIMENSION);
      const [begin, end] = [
        shard.offsets[row]! - shard.offsets[0]!,
        shard.offsets[row + 1]! - shard.offsets[0]!,
      ];
      for (let at = begin; at < end; at++) {
        dense[shard.indices[at]!] = shard.values === null ? 1 : shard.values[at]!;
      }
      const z = dense.reduce((sum, entry, j) => sum + entry * x[j]!, 0);
      for (let j = 0; j < DIMENSION; j++) expected[j]! += dense[j]! * z;
    }
    const gram = await answerOf(on, on.task("gram"));
    const applied =
      gram.kind === "answer" ? decodeVector(gram.payload, DIMENSION, "test") : new Float64Array(0);
    for (let j = 0; j < DIMENSION; j++) expect(applied[j]).toBeCloseTo(expected[j]!, 12);
  });
});

describe("a contribution too large for a message", () => {
  const dimension = 140_000;

  it("lies in the object store, and the message points to it", async () => {
    const on = await stage({ kind: "gd" }, { wire: "float64" }, dimension);
    const [body] = await answersOf(on, [on.task("full")]);
    expect(body!.length).toBeLessThan(1000);
    const key = contributionKey("r", 0, 3, 1);
    expect(decodeRunMessage(body!)).toEqual({
      kind: "stored",
      runDigest: on.digest,
      phase: 0,
      round: 3,
      slot: 1,
      worker: 1,
      key,
      outside: false,
    });
    const message = parseRunMessage((await on.ports.objects.get(key)).body);
    expect(message).toMatchObject({
      kind: "contribution",
      round: 3,
      slot: 1,
      worker: 1,
      bits: 32 * dimension,
    });
    expect((message as Contribution).payload).toHaveLength(8 * dimension);
  });

  it("only with its exact gradient travels as it does without; the gradient lies apart", async () => {
    const on = await stage({ kind: "gd" }, {}, dimension);
    const [unwatched] = await answersOf(on, [on.task("full")]);
    const [body] = await answersOf(on, [on.task("full", { evaluate: true })]);
    expect(body!.length - outsideBytesOf(body!)).toBe(unwatched!.length);
    const key = observationKey("r", 0, 3, 1);
    const { evaluationKey, payload, bits, loss } = decodeRunMessage(body!) as Contribution;
    expect(evaluationKey).toBe(key);
    const alone = decodeRunMessage(unwatched!) as Contribution;
    expect([bits, loss]).toEqual([alone.bits, alone.loss]);
    expect(Buffer.compare(payload, alone.payload)).toBe(0);
    const stored = decodeVector((await on.ports.objects.get(key)).body, dimension, key);
    // The payload is the same gradient, rounded.
    expect(Buffer.compare(payload, new Uint8Array(Float32Array.from(stored).buffer))).toBe(0);
  });

  it("though its exact gradient is to be added by ranges lies in the store as well, and tells of those", async () => {
    const on = await stage({ kind: "gd" }, { wire: "float64" }, dimension);
    const ranges = { message: 0, evaluation: 5 };
    const [body] = await answersOf(on, [on.task("full", { evaluate: true, ranges })]);
    const key = contributionKey("r", 0, 3, 1);
    expect(decodeRunMessage(body!)).toMatchObject({ kind: "stored", key, outside: false });
    const message = parseRunMessage((await on.ports.objects.get(key)).body) as Contribution;
    expect(message.payload).toHaveLength(8 * dimension);
    expect(message.evaluationRanges).toHaveLength(5);
    const gradient = (await on.ports.objects.get(observationKey("r", 0, 3, 1))).body;
    // On this wire the message is the gradient itself.
    expect(Buffer.compare(message.payload, gradient)).toBe(0);
  });

  it("that only watches lies, with what names it, outside the method", async () => {
    const on = await stage({ kind: "gd" }, {}, dimension);
    const [body] = await answersOf(on, [on.task("evaluate", { evaluate: true })]);
    const key = observationKey("r", 0, 3, 1);
    expect(decodeRunMessage(body!)).toMatchObject({ kind: "stored", key, outside: true });
    expect(outsideBytesOf(body!)).toBe(body!.length);
    expect(parseRunMessage((await on.ports.objects.get(key)).body)).toMatchObject({ kind: "contribution" });
  });

  it("is stored before the message is sent", async () => {
    const on = await stage({ kind: "gd" }, { wire: "float64" }, dimension);
    on.ports.objects.afterPut = () => expect(on.ports.queues.sent).toEqual([]);
    await answersOf(on, [on.task("full")]);
    expect(on.ports.objects.calls.at(-1)).toBe(`put ${contributionKey("r", 0, 3, 1)}`);
  });

  it("is one that would pass 1 MiB as base64, and no other", async () => {
    // Frame of a dense float64 contribution: header, fields and 8 d bytes.
    const overhead = 93;
    const largest = Math.floor(((MESSAGE_LIMIT_BYTES / 4) * 3 - overhead) / 8);
    for (const [d, kind] of [
      [largest, "contribution"],
      [largest + 2, "stored"],
    ] as const) {
      const on = await stage({ kind: "gd" }, { wire: "float64" }, d);
      const [body] = await answersOf(on, [on.task("full")]);
      expect(decodeRunMessage(body!).kind).toBe(kind);
      expect(body!.length).toBeLessThanOrEqual(MESSAGE_LIMIT_BYTES);
    }
  });
});

describe("what a DIANA worker remembers", () => {
  const algorithm = { kind: "diana", compressor: randK } as const;

  it("is written before the contribution is posted", async () => {
    const on = await staged(algorithm);
    on.ports.objects.afterPut = () => expect(on.ports.queues.sent).toEqual([]);
    await answersOf(on, [on.task("shifted")]);
    expect(on.ports.objects.calls).toContain(`put ${memoryKey("r", 1, 4)}`);
    expect(on.ports.queues.sent).toHaveLength(1);
  });

  it("is not written, and nothing is posted, when it can't be stored", async () => {
    const on = await staged(algorithm);
    on.ports.objects.beforePut = () => {
      throw new MarinaError("unavailable", "the store is down");
    };
    expect(await errorOf(on, on.task("shifted"))).toMatchObject({ code: "unavailable", retryable: true });
  });

  it("is zero before round 0, and moves by alpha times the message", async () => {
    const on = await stage({ kind: "diana", compressor: { kind: "identity" } }, { wire: "float64" });
    const message = await contributionOf(on, on.task("shifted", { round: 0 }));
    const objective = await objectiveOf(on, 1);
    const gradient = new Float64Array(DIMENSION);
    objective.gradient(point(0.1), gradient);
    // omega = 0: the message is grad - 0, alpha = 1 and h^1 = grad.
    expect(decoded(message)).toEqual(gradient);
    const key = memoryKey("r", 1, 1);
    const { shift } = decodeWorkerState((await on.ports.objects.get(key)).body, DIANA, DIMENSION, key);
    expect(shift).toEqual(gradient);
  });

  it("is the same after a task was done again, as is the message", async () => {
    const on = await staged({ kind: "vr-diana", compressor: randK, batchSize: 4 });
    const task = on.task("shifted-reduced");
    const [first] = (await answersOf(on, [task])).map(matterOf);
    const key = memoryKey("r", 1, 4);
    const before = (await on.ports.objects.get(key)).body;
    expect((await answersOf(on, [task, task])).map(matterOf)).toEqual([first, first]);
    expect((await on.ports.objects.get(key)).body).toEqual(before);
  });

  it("that is missing ends in an error that says so, and repeating does not help", async () => {
    const on = await stage(algorithm);
    const error = await errorOf(on, on.task("shifted"));
    expect(error).toMatchObject({ code: "worker-failed", retryable: false });
    expect(error.message).toContain("what worker 1 remembers for round 3 is missing");
  });

  it.each([
    // Round 20 looks at round 20 - checkpointEvery - 2.
    [1, 18, 17, true],
    [1, 17, 17, false],
    [1, 0, 17, false],
    [7, 12, 11, true],
    [7, 11, 11, false],
  ])(
    "for old rounds goes only when no replay can ask for it: checkpointEvery %i, durable %i, round %i",
    async (checkpointEvery, oldestNeededRound, old, deleted) => {
      const on = await stage(algorithm, { checkpointEvery });
      await on.ports.objects.put(memoryKey("r", 1, 20), encodeWorkerState(sharedState, DIANA));
      on.ports.objects.calls.length = 0;
      await answersOf(on, [on.task("shifted", { round: 20, pointRounds: [20], oldestNeededRound })]);
      const deletions = on.ports.objects.calls.filter((call) => call.startsWith("delete"));
      expect(deletions).toEqual(deleted ? [`delete ${memoryKey("r", 1, old)}`] : []);
    },
  );
});

describe("a task that can't be done", () => {
  it("for a run whose description was changed is refused, naming both digests", async () => {
    const on = await stage({ kind: "gd" });
    const changed = { ...on.stored, spec: { ...on.stored.spec, seed: 99 } };
    await on.ports.objects.put(specKey("r"), encodeStoredRun(changed));
    const error = await errorOf(on, on.task("full"));
    expect(error).toMatchObject({
      code: "corrupt",
      retryable: false,
      runDigest: on.digest,
      slot: 1,
      worker: 1,
    });
    expect(error.message).toMatch(
      /^runs\/r\/spec\.json: its digest is [0-9a-f]{16}, the run began with [0-9a-f]{16}; it was changed/,
    );
    expect(error.message).toContain(on.digest);
  });

  it("because the rows are not those that were imported says what to do", async () => {
    const on = await stage({ kind: "gd" });
    const { key } = on.manifest.object;
    const body = (await on.ports.objects.get(key)).body.slice();
    body[100]! ^= 1;
    await on.ports.objects.put(key, body);
    const error = await errorOf(on, on.task("full"));
    expect(error).toMatchObject({ code: "corrupt", retryable: false });
    expect(error.message).toContain('the rows of data set "small" are not those that were imported');
    expect(error.message).toContain("--replace");
  });

  it("for a worker that the run does not have is refused", async () => {
    const on = await stage({ kind: "gd" });
    const error = await errorOf(on, on.task("full", { worker: 4 }));
    expect(error.message).toBe("task: worker 4 does not exist, the run has 4");
  });

  it("with a point of another dimension is refused", async () => {
    const on = await stage({ kind: "gd" });
    const points = [{ kind: "inline", vector: point(1, 5) }] as const;
    expect((await errorOf(on, on.task("full", { points }))).message).toBe(
      "task: a point has 5 entries, expected 12",
    );
  });

  it("of a method with state is refused in a run whose workers remember nothing", async () => {
    const on = await stage({ kind: "marina", compressor: randK });
    const error = await errorOf(on, on.task("shifted"));
    expect(error).toMatchObject({ code: "message", retryable: false });
    expect(error.message).toBe("task: shifted is no request of marina, whose workers remember nothing");
  });

  it("at a point that is not finite says so, and repeating does not help", async () => {
    const on = await stage({ kind: "gd" });
    const vector = point(0.1);
    vector[4] = Number.NaN;
    for (const kind of ["full", "evaluate"] as const) {
      const error = await errorOf(on, on.task(kind, { points: [{ kind: "inline", vector }] }));
      expect(error, kind).toMatchObject({ code: "non-finite", retryable: false });
    }
  });

  it("because the store is down can be tried again, and works when it is up", async () => {
    const on = await stage({ kind: "gd" });
    const worker = createWorker(on.ports);
    const { get } = on.ports.objects;
    on.ports.objects.get = () => Promise.reject(new MarinaError("unavailable", "the store is down"));
    const error = await answerOf(on, on.task("full"), worker);
    expect(error).toMatchObject({ kind: "error", code: "unavailable", retryable: true });
    on.ports.objects.get = get;
    expect((await answerOf(on, on.task("full"), worker)).kind).toBe("contribution");
  });

  it("is logged with run, round and what went wrong", async () => {
    const on = await stage({ kind: "gd" });
    await errorOf(on, on.task("full", { worker: 4 }));
    expect(on.ports.log.lines).toEqual(["task-failed: task: worker 4 does not exist, the run has 4"]);
  });
});

describe("messages of a batch", () => {
  it("that can't be read come back as failed, and the others are answered", async () => {
    const on = await stage({ kind: "gd" });
    const worker = createWorker(on.ports);
    const body = encodeTask(on.task("full"));
    const response = await invoke(worker, [
      delivered("rubbish", "a"),
      delivered(body, "b"),
      delivered(`${body.slice(0, -8)}AAAAAAA=`, "c"),
    ]);
    expect(response).toEqual({ failedMessageIds: ["a", "c"] });
    expect(on.ports.queues.sent).toHaveLength(1);
    expect(on.ports.log.lines.filter((line) => line.startsWith("task-unreadable"))).toHaveLength(2);
  });

  it("of a run that has ended are done with: its queue is gone, nobody waits", async () => {
    const on = await stage({ kind: "gd" });
    await on.ports.queues.destroy("replies" as QueueAddress);
    const response = await invoke(createWorker(on.ports), [delivered(encodeTask(on.task("full")))]);
    expect(response).toEqual({ failedMessageIds: [] });
    expect(on.ports.log.lines).toEqual(["answer-unwanted"]);
  });

  it("whose answers can't be posted are named as failed, so that they come again", async () => {
    const on = await stage({ kind: "gd" });
    on.ports.queues.send = () => Promise.reject(new MarinaError("unavailable", "the queue is down"));
    const worker = createWorker(on.ports);
    const response = await invoke(worker, [delivered(encodeTask(on.task("full")), "the one")]);
    expect(response).toEqual({ failedMessageIds: ["the one"] });
  });
});

it("a worker reads the description and the rows of a run once", async () => {
  const on = await stage({ kind: "gd" });
  const worker = createWorker(on.ports);
  await answersOf(
    on,
    [
      on.task("full"),
      on.task("full", { worker: 2, slot: 2 }),
      on.task("full", { round: 4, pointRounds: [4] }),
    ],
    worker,
  );
  expect(on.ports.objects.calls.filter((call) => call.startsWith("get")).sort()).toEqual(
    [`get ${on.manifest.object.key}`, "get datasets/small/manifest.json", "get runs/r/spec.json"].sort(),
  );
  expect(fakePorts().objects.calls).toEqual([]);
});
