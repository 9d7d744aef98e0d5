/** What a task asks for, computed: what it needs, the gradients, the message, the worker's next state. */

import { MarinaError } from "../../shared/base/index.ts";
import { encodingWork, NO_DRAW } from "../../shared/compressors/index.ts";
import type { Workspace } from "../../shared/math/index.ts";
import {
  answerOf,
  batchesOf,
  exactAt,
  type RequestDefinition,
  requestOf,
  STATEFUL_REQUESTS,
  type Vectors,
  workerDraws,
} from "../../shared/methods/index.ts";
import { type Rows, rowImportance } from "../../shared/problems/index.ts";
import { isProbe, isReduction, type RunMessage, type Task } from "../../shared/protocol/index.ts";
import { TaskGradients } from "./gradients.ts";
import { heldOut } from "./held-out.ts";
import type { LoadedRun } from "./load.ts";
import { withRow } from "./non-finite.ts";
import { probe } from "./probe.ts";
import { evaluation, gram, spectrum } from "./questions.ts";
import { atHand, load, type Ready, type WorkerContext } from "./ready.ts";
import { reduce } from "./reduce.ts";
import { forgetStates, loadState, stateInTask, storeState } from "./state.ts";

/** Over the gradients, before they are encoded: they begin as zeros, the regulariser is added, one is taken from another. */
const VECTOR_PASSES = 4;

/**
 * The answer to one task.
 * @throws MarinaError: what went wrong, for the error contribution.
 */
export function answer(task: Task, context: WorkerContext): Promise<RunMessage> {
  if (task.kind === "held-out") return heldOut(task, context);
  if (isProbe(task.kind)) return probe({ ...task, kind: task.kind }, context);
  if (isReduction(task.kind)) return reduce(task, context);
  const ready = atHand(task, context);
  if (ready !== undefined) return perform(task, context, ready);
  return load(task, context).then((loaded) => perform(task, context, loaded));
}

function perform(task: Task, context: WorkerContext, ready: Ready): Promise<RunMessage> {
  if (task.kind === "calibrate") return spectrum(task, context, ready);
  if (task.kind === "gram") return gram(task, context, ready);
  return atPoints(task, context, ready).catch((error: unknown) => {
    throw withRow(error, task, ready);
  });
}

/** What needs gradients. */
async function atPoints(task: Task, context: WorkerContext, ready: Ready): Promise<RunMessage> {
  const { ports, cold, workspace } = context;
  const gradients = new TaskGradients(ready.shard, context.gradients, task, ready.points, workspace);
  if (task.kind === "evaluate") return evaluation(task, gradients, cold);
  const { run } = ready;
  const asked = requestOf(task.kind);
  checkState(run, asked);
  const request =
    context.hooks.falsified === undefined ? asked : await falsified(asked, task, context, ready);
  const own = run.stateHolder === "worker" ? await loadState(ports, run, task) : stateInTask(run, task);
  const mayRead = task.reuse?.[0]?.read === true && !gradients.holdsOlder;
  const ahead = mayRead ? await readOlder(task, context, ready, gradients) : 0;
  const started = ports.clock.now();
  const { encoded, loss, evaluated, next, atIterate } = await ports.compute.run(
    ({ coding }) => gradients.work(VECTOR_PASSES * run.dimension, coding),
    () => contribution(task, request, ready, gradients, own, workspace),
  );
  const computeMilliseconds = ahead + ports.clock.now() - started;
  if (task.reuse?.[0]?.keep === true && atIterate !== undefined)
    context.stored.keep(task, ready.points[0]!, atIterate.vector);
  if (next !== undefined) {
    await storeState(ports, run, task, next);
    await forgetStates(ports, run, task);
  }
  const { runDigest, phase, round, slot, worker } = task;
  return {
    kind: "contribution",
    ...{ runDigest, phase, round, slot, worker },
    payload: encoded.bytes,
    bits: encoded.bits,
    loss,
    evaluation: evaluated,
    reused: gradients.reused,
    computeMilliseconds,
    cold,
  };
}

/**
 * The gradient at the older point, which the round before has kept, is on its way while that at x^t is computed. Whoever kept it has
 * answered first: where it was not there yet, or came damaged, it is asked for once more afterwards.
 * @returns milliseconds of computing.
 */
async function readOlder(
  task: Task,
  { ports, stored }: WorkerContext,
  { points }: Ready,
  gradients: TaskGradients,
): Promise<number> {
  const started = ports.clock.now();
  const reading = stored.read(task, points[1]!);
  const computing = ports.compute.run(
    () => gradients.work(0, NO_CODING),
    () => gradients.newer(),
  );
  const done = computing.then(() => ports.clock.now() - started);
  const [first, milliseconds] = await Promise.all([reading, done]);
  const older = first ?? (await stored.read(task, points[1]!));
  if (older !== undefined) gradients.provideOlder(older);
  return milliseconds;
}

const NO_CODING = { entries: 0, indices: 0, uniforms: 0 } as const;

/** The request as somebody answers it who need not tell the truth. */
async function falsified(
  request: RequestDefinition,
  task: Task,
  { hooks, shards }: WorkerContext,
  { run, shard: own, points }: Ready,
): Promise<RequestDefinition> {
  const shardOf = (worker: number) => shards.shard(run, task.workers, worker);
  return (await hooks.falsified!({ task, request, run, own, points, shardOf })) ?? request;
}

/** @throws MarinaError "message" */
function checkState({ state, spec }: LoadedRun, { name }: RequestDefinition): void {
  if (state !== null || !STATEFUL_REQUESTS.has(name)) return;
  throw new MarinaError(
    "message",
    `task: ${name} is no request of ${spec.algorithm.kind}, whose workers remember nothing`,
  );
}

/** The message of a request, the worker's next state where the worker keeps it, and what the record is told. */
function contribution(
  task: Task,
  request: RequestDefinition,
  { run, shard: { shard }, points }: Ready,
  gradients: TaskGradients,
  own: Vectors,
  workspace: Workspace,
) {
  const { compressor, numbers } = run.among(task.workers);
  const { round, slot } = task;
  const place = { round, slot, slots: task.workers };
  const batches = batchesOf(run.spec.algorithm);
  const importance = batches?.byImportance ? importanceOf(shard) : undefined;
  const draws = workerDraws(
    run.spec.seed,
    place,
    compressor,
    batches && { ...batches, rows: shard.rows, ...(importance && { importance }) },
  );
  const values = gradients.of(request, own, draws.batch, importance);
  const coder = request.dense ? run.dense : compressor;
  const draw = request.dense ? NO_DRAW : draws.compressor();
  const answered = answerOf({
    ...{ request, points, values, own, numbers, workspace },
    compressor: coder,
    draw,
    state: run.stateHolder === "worker" ? (run.state ?? undefined) : undefined,
  });
  const exact = values[exactAt(request)] ?? (task.evaluate ? gradients.evaluate() : undefined);
  return {
    ...answered,
    coding: encodingWork(coder, draw),
    loss: exact?.loss ?? null,
    evaluated: task.evaluate && exact !== undefined ? exact.vector : null,
    /** Over all rows, where the request needs it. */
    atIterate: values[exactAt(request)],
  };
}

const importances = new WeakMap<Rows, Float64Array>();

/** By what the rows of a shard are drawn: worked out once for each that is open. */
function importanceOf(shard: Rows): Float64Array {
  if (!("offsets" in shard)) throw new RangeError("rows are drawn by importance for linear problems only");
  const known = importances.get(shard) ?? rowImportance(shard);
  importances.set(shard, known);
  return known;
}
