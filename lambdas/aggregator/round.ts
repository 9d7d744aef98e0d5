/** One round: plan, send, collect, fold. Knows nothing of checkpoints and stopping rules. */
import type { Method, Order, Plan, Vectors } from "../../shared/algorithms/algorithm.ts";
import { compressorStream, serverDraws } from "../../shared/algorithms/draws.ts";
import type { Compressor, Draw } from "../../shared/compressors/compressor.ts";
import { MarinaError } from "../../shared/math/errors.ts";
import type { Point, TaskKind } from "../../shared/protocol/task.ts";
import { type ActiveRun, tasksFor } from "./active-run.ts";
import { combine } from "./evaluate.ts";
import { exchange } from "./exchange.ts";
import type { Arrival } from "./inbox.ts";
import { type PointStore, travelInline } from "./points.ts";

export interface RoundOutcome {
  readonly plan: Plan;
  /** Mean over the slots of the decoded messages. */
  readonly mean: Float64Array;
  /** f(x^t), where all workers looked at all their rows. */
  readonly loss: number | null;
  /** |grad f(x^t)|^2, where it was asked for. */
  readonly gradientNormSquared: number | null;
  /** This round's uplink, mean over all n workers, the paper's bits. */
  readonly uplinkBitsPerWorker: number;
  readonly uplinkBytes: number;
  readonly downlinkBytes: number;
  readonly evaluationBytes: number;
  readonly resent: number;
  readonly hedged: number;
  readonly dropped: number;
}

export interface RoundSetting {
  readonly active: ActiveRun;
  readonly method: Method;
  readonly points: PointStore;
  /** Rounds below this are durable. */
  readonly memoryFloor: number;
  readonly evaluate: boolean;
}

const NO_DRAW: Draw = { kind: "none" };

/**
 * Round t of the method, up to the mean of its messages. The VR-DIANA reference point and the iterates are named by
 * the round that formed them, so workers know which gradients they still hold.
 */
export async function doRound(
  { active, method, points, memoryFloor, evaluate }: RoundSetting,
  state: Vectors,
  round: number,
  referenceRound: number,
): Promise<RoundOutcome> {
  const { ports, spec, dimension, inbox, taskQueue, shardsPerTask } = active;
  const plan = method.plan(state, round, serverDraws(spec.seed, round));
  const { order, workers } = plan;
  const others = evaluate ? absent(workers, spec.workers) : [];
  const vectors = order.kind === "full" || order.kind === "shifted" ? [order.x] : [order.x, order.w];
  const pointRounds =
    order.kind === "shifted-reduced" ? [round, referenceRound] : [round, round - 1].slice(0, vectors.length);
  const packs = Math.ceil(workers.length / shardsPerTask);
  const storedBefore = points.bytes;
  const inline = travelInline(dimension, vectors.length, packs);
  const carried: Point[] = [];
  for (const [i, vector] of vectors.entries()) {
    carried.push(inline ? { kind: "inline", vector } : await points.point(vector, pointRounds[i]!));
  }
  const common = { round, evaluate, memoryFloor };
  const tasks = tasksFor(active, { ...common, kind: taskKind(order), points: carried, pointRounds }, workers);
  const watchers = tasksFor(
    active,
    { ...common, kind: "evaluate", points: carried.slice(0, 1), pointRounds: pointRounds.slice(0, 1) },
    others,
    workers.length,
  );
  const { arrivals, taskBytes, outsideBytes, resent, hedged, dropped } = await exchange(
    ports,
    taskQueue,
    inbox,
    [...tasks, ...watchers],
    "contribution",
    shardsPerTask,
    active.hedging,
  );
  const own = arrivals.slice(0, workers.length);
  const compressed = order.kind !== "full" || order.compressed;
  const compressor = compressed ? active.compressor : active.dense;
  const entries = own.length * Math.ceil(compressor.zeta) + dimension;
  const mean = await ports.compute.run(
    () => ({ rows: 0, nonZeros: 0, entries }),
    () => fold(own, compressor, spec.seed, round, dimension),
  );
  const exact = evaluate ? combine(arrivals, spec.workers, dimension) : undefined;
  let bits = 0;
  let uplinkBytes = 0;
  let evaluationBytes = outsideBytes;
  for (const { message, bytes, evaluationBytes: extra } of arrivals) {
    if (message.kind === "contribution") bits += message.bits;
    uplinkBytes += bytes;
    evaluationBytes += extra;
  }
  const storedBytes = inline ? 0 : points.bytes - storedBefore + vectors.length * 8 * dimension * packs;
  return {
    plan,
    mean,
    loss: exact?.loss ?? meanLoss(own, spec.workers),
    gradientNormSquared: exact?.gradientNormSquared ?? null,
    uplinkBitsPerWorker: bits / spec.workers,
    uplinkBytes,
    downlinkBytes: taskBytes + storedBytes,
    evaluationBytes,
    resent,
    hedged,
    dropped,
  };
}

function taskKind(order: Order): TaskKind {
  switch (order.kind) {
    case "full":
      return order.compressed
        ? "full-compressed"
        : order.rows === "large-batch"
          ? "full-large-batch"
          : "full";
    case "difference":
      return order.rows === "batch" ? "difference-batch" : "difference";
    case "shifted":
    case "shifted-reduced":
      return order.kind;
  }
}

/** Workers without a slot. */
function absent(present: Uint32Array, workers: number): number[] {
  const here = new Set(present);
  return Array.from({ length: workers }, (_, worker) => worker).filter((worker) => !here.has(worker));
}

/** (1/slots) sum over slots of the decoded messages, in slot order whatever the order of arrival. */
function fold(
  arrivals: readonly Arrival[],
  compressor: Compressor,
  seed: number,
  round: number,
  dimension: number,
): Float64Array {
  const sum = new Float64Array(dimension);
  for (const { message } of arrivals) {
    if (message.kind !== "contribution")
      throw new MarinaError("message", "round: expected contributions only");
    const { slot, payload } = message;
    const draw = compressor.receiverDraws ? compressor.draw(compressorStream(seed, round, slot)) : NO_DRAW;
    compressor.accumulate(payload, draw, sum);
  }
  for (let j = 0; j < dimension; j++) sum[j] = sum[j]! / arrivals.length;
  return sum;
}

/** f(x^t) for free, where each worker answered once and looked at all its rows. */
function meanLoss(arrivals: readonly Arrival[], workers: number): number | null {
  if (arrivals.length !== workers) return null;
  let sum = 0;
  for (const [slot, { message }] of arrivals.entries()) {
    if (message.kind !== "contribution" || message.loss === null || message.worker !== slot) return null;
    sum += message.loss;
  }
  return sum / workers;
}
