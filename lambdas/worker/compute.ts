/** What a task asks for, computed. */

import { MarinaError, NonFiniteError } from "../../shared/base/index.ts";
import type { Ports } from "../../shared/cloud/index.ts";
import { firstNonFinite } from "../../shared/math/index.ts";
import { estimate, type Order, type WorkerMemory, workerDraws } from "../../shared/methods/index.ts";
import { applyGram, shardSpectrum } from "../../shared/problems/index.ts";
import { encodeSpectrum, encodeVector, type Incoming, type Task } from "../../shared/protocol/index.ts";
import { type GradientCaches, TaskGradients } from "./gradients.ts";
import type { LoadedRun, RunLoader } from "./load.ts";
import { withRow } from "./non-finite-row.ts";
import type { LoadedShard, ShardLoader } from "./shards.ts";
import { carriedMemory, forgetMemory, loadMemory, storeMemory } from "./state.ts";

export interface WorkerContext {
  readonly ports: Ports;
  readonly runs: RunLoader;
  readonly shards: ShardLoader;
  readonly gradients: GradientCaches;
  readonly cold: boolean;
}

/** All that a task needs before it can be computed. */
interface Ready {
  readonly run: LoadedRun;
  readonly shard: LoadedShard;
  readonly points: readonly Float64Array[];
}

/**
 * The answer to one task.
 * @throws MarinaError: what went wrong, for the error contribution.
 */
export function answer(task: Task, context: WorkerContext): Promise<Incoming> {
  const ready = atHand(task, context);
  if (ready !== undefined) return perform(task, context, ready);
  return load(task, context).then((loaded) => perform(task, context, loaded));
}

/** The usual case without waiting: the environment has done tasks of this worker's before. */
function atHand(task: Task, { runs, shards }: WorkerContext): Ready | undefined {
  const run = runs.loaded(task.run, task.runDigest);
  const points = run && runs.inlinePoints(run, task);
  const shard = run && points && shards.held(run, task.workers, task.worker);
  return shard && { run, shard, points };
}

async function load(task: Task, { runs, shards }: WorkerContext): Promise<Ready> {
  const run = await runs.run(task.run, task.runDigest);
  const [shard, points] = await Promise.all([
    shards.shard(run, task.workers, task.worker),
    runs.points(run, task),
  ]);
  return { run, shard, points };
}

function perform(task: Task, context: WorkerContext, { run, shard, points }: Ready): Promise<Incoming> {
  switch (task.kind) {
    case "calibrate":
      return ask(
        task,
        context,
        () => encodeSpectrum(shardSpectrum(shard.shard)),
        shard,
        2 * shard.shard.rows,
      );
    case "gram": {
      const applied = new Float64Array(run.dimension);
      const compute = () => {
        applyGram(shard.shard, points[0]!, applied);
        return encodeVector(applied);
      };
      return ask(task, context, compute, shard, 2 * shard.shard.rows);
    }
    default:
      return contribute(task, context, run, shard, points).catch((error: unknown) => {
        throw withRow(error, task, shard, run.spec.problem.kind, points);
      });
  }
}

/** A question outside the method: calibration. */
async function ask(
  task: Task,
  { ports, cold }: WorkerContext,
  compute: () => Uint8Array,
  { shard }: LoadedShard,
  rows: number,
): Promise<Incoming> {
  const started = ports.clock.now();
  const nonZeros = (rows * shard.indices.length) / Math.max(1, shard.rows);
  const payload = await ports.compute.run(() => ({ rows, nonZeros, entries: shard.dimension }), compute);
  const { runDigest, phase, round, slot, worker } = task;
  const computeMilliseconds = ports.clock.now() - started;
  return { kind: "answer", runDigest, phase, round, slot, worker, payload, computeMilliseconds, cold };
}

async function contribute(
  task: Task,
  { ports, gradients: caches, cold }: WorkerContext,
  run: LoadedRun,
  loaded: LoadedShard,
  points: readonly Float64Array[],
): Promise<Incoming> {
  const { spec } = run;
  const { shard } = loaded;
  const order = orderOf(task, points);
  const roundOf = (point: Float64Array) =>
    point === points[0] ? task.pointRounds[0]! : task.pointRounds[1]!;
  const gradients = new TaskGradients(loaded, caches, task, roundOf);
  const { runDigest, phase, round, slot, worker } = task;
  const address = { runDigest, phase, round, slot, worker };
  if (order === "evaluate") {
    const g = gradients.evaluate(points[0]!);
    checkFinite(g.vector, task);
    const nothing = new Uint8Array(0);
    return {
      kind: "contribution",
      ...address,
      payload: nothing,
      bits: 0,
      loss: g.loss,
      evaluation: g.vector,
      reused: false,
      computeMilliseconds: 0,
      cold,
    };
  }
  const memory: WorkerMemory | undefined = !run.remembers
    ? undefined
    : run.carries
      ? carriedMemory(run, task)
      : await loadMemory(ports, run, task);
  const place = { round, slot, slots: task.workers };
  const draws = workerDraws(spec.seed, place, run.compressor, batchSetting(run, shard.rows));
  const started = ports.clock.now();
  const { encoded, loss, evaluation, next } = await ports.compute.run(
    () => gradients.work(4 * run.dimension),
    () => {
      const { compressor, dense, shiftStep } = run;
      const found = estimate(order, { compressor, dense, shiftStep, gradients }, draws, memory);
      const exact = task.evaluate ? (found.gradient ?? gradients.evaluate(points[0]!).vector) : null;
      const lossAt = found.loss ?? (task.evaluate ? gradients.evaluate(points[0]!).loss : null);
      return { encoded: found.encoded, loss: lossAt, evaluation: exact, next: found.memory };
    },
  );
  const computeMilliseconds = ports.clock.now() - started;
  if (next !== undefined && !run.carries) {
    await storeMemory(ports, run, task, next);
    await forgetMemory(ports, run, task);
  }
  const { bytes: payload, bits } = encoded;
  const { reused } = gradients;
  return {
    kind: "contribution",
    ...address,
    payload,
    bits,
    loss,
    evaluation,
    reused,
    computeMilliseconds,
    cold,
  };
}

function orderOf(task: Task, points: readonly Float64Array[]): Order | "evaluate" {
  const x = points[0]!;
  const w = points[1]!;
  switch (task.kind) {
    case "full":
      return { kind: "full", x, rows: "all", compressed: false };
    case "full-compressed":
      return { kind: "full", x, rows: "all", compressed: true };
    case "full-large-batch":
      return { kind: "full", x, rows: "large-batch", compressed: false };
    case "difference":
      return { kind: "difference", x, w, rows: "all" };
    case "difference-batch":
      return { kind: "difference", x, w, rows: "batch" };
    case "shifted":
      return { kind: "shifted", x };
    case "shifted-reduced":
      return { kind: "shifted-reduced", x, w };
    case "evaluate":
      return "evaluate";
    case "calibrate":
    case "gram":
      throw new MarinaError("message", `task: a ${task.kind} task is no round of a method`);
  }
}

function batchSetting({ spec: { algorithm } }: LoadedRun, rows: number) {
  if (!("batchSize" in algorithm)) return undefined;
  const { batchSize, replacement } = algorithm;
  return {
    rows,
    batchSize,
    replacement,
    largeBatchSize: "largeBatchSize" in algorithm ? algorithm.largeBatchSize : 0,
  };
}

function checkFinite(vector: Float64Array, task: Task): void {
  const bad = firstNonFinite(vector);
  if (bad >= 0)
    throw new NonFiniteError(`gradient of worker ${task.worker} in round ${task.round}`, bad, vector[bad]!);
}
