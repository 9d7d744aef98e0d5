/** What a task asks for, computed. */

import { MarinaError, NonFiniteError } from "../../shared/base/index.ts";
import type { Ports } from "../../shared/cloud/index.ts";
import { NO_DRAW } from "../../shared/compressors/index.ts";
import { firstNonFinite, type Workspace } from "../../shared/math/index.ts";
import {
  answerOf,
  batchesOf,
  exactAt,
  requestOf,
  STATEFUL_REQUESTS,
  type Vectors,
  workerDraws,
} from "../../shared/methods/index.ts";
import { applyGram, shardSpectrum } from "../../shared/problems/index.ts";
import { encodeSpectrum, encodeVector, type Incoming, type Task } from "../../shared/protocol/index.ts";
import { type GradientStore, TaskGradients } from "./gradients.ts";
import type { LoadedRun, RunLoader } from "./load.ts";
import { withRow } from "./non-finite-row.ts";
import type { LoadedShard, ShardLoader } from "./shards.ts";
import { forgetStates, loadState, stateInTask, storeState } from "./state.ts";

export interface WorkerContext {
  readonly ports: Ports;
  readonly runs: RunLoader;
  readonly shards: ShardLoader;
  readonly gradients: GradientStore;
  readonly workspace: Workspace;
  readonly cold: boolean;
}

/** Of workers that remember nothing. */
const NO_STATE: Vectors = {};

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
      return contribute(task, context, { run, shard, points }).catch((error: unknown) => {
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

async function contribute(task: Task, context: WorkerContext, ready: Ready): Promise<Incoming> {
  const { ports, workspace, cold } = context;
  const { run, shard: loaded, points } = ready;
  const { spec, state, dimension, stateHolder: holder } = run;
  const gradients = new TaskGradients(loaded, context.gradients, task, points, workspace);
  const { runDigest, phase, round, slot, worker } = task;
  const address = { runDigest, phase, round, slot, worker };
  if (task.kind === "evaluate") {
    const g = gradients.evaluate();
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
  const request = requestOf(task.kind);
  if (state === null && STATEFUL_REQUESTS.has(request.name)) {
    throw new MarinaError(
      "message",
      `task: ${request.name} is no request of ${spec.algorithm.kind}, whose workers remember nothing`,
    );
  }
  const own =
    state === null
      ? NO_STATE
      : holder === "server"
        ? stateInTask(state, dimension, task)
        : await loadState(ports, state, dimension, task);
  const { compressor, numbers } = run.among(task.workers);
  const place = { round, slot, slots: task.workers };
  const draws = workerDraws(spec.seed, place, compressor, batchSetting(run, loaded.shard.rows));
  const started = ports.clock.now();
  const { encoded, loss, evaluation, next } = await ports.compute.run(
    () => gradients.work(4 * dimension),
    () => {
      const values = gradients.of(request, own, draws.batch);
      const answered = answerOf({
        request,
        points,
        values,
        own,
        numbers,
        workspace,
        compressor: request.dense ? run.dense : compressor,
        draw: request.dense ? NO_DRAW : draws.compressor(),
        state: holder === "worker" ? (state ?? undefined) : undefined,
      });
      const exact = values[exactAt(request)] ?? (task.evaluate ? gradients.evaluate() : undefined);
      return {
        ...answered,
        loss: exact?.loss ?? null,
        evaluation: task.evaluate && exact !== undefined ? exact.vector : null,
      };
    },
  );
  const computeMilliseconds = ports.clock.now() - started;
  if (state !== null && next !== undefined) {
    await storeState(ports, state, task, next);
    await forgetStates(ports, run, task);
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

function batchSetting({ spec: { algorithm } }: LoadedRun, rows: number) {
  const batches = batchesOf(algorithm);
  return batches === undefined ? undefined : { ...batches, rows };
}

function checkFinite(vector: Float64Array, task: Task): void {
  const bad = firstNonFinite(vector);
  if (bad >= 0)
    throw new NonFiniteError(`gradient of worker ${task.worker} in round ${task.round}`, bad, vector[bad]!);
}
