/** One round: plan, send, collect, fold. Knows nothing of checkpoints and stopping rules. */
import type { Compute } from "../../../shared/cloud/index.ts";
import {
  aggregationOf,
  isPair,
  type Method,
  type Plan,
  type PointName,
  serverDraws,
  type Vectors,
  workerNumbers,
} from "../../../shared/methods/index.ts";
import {
  type Constants,
  type HeldOut,
  observedKey,
  type Point,
  type TaskKind,
} from "../../../shared/protocol/index.ts";
import type { AcceptedContribution } from "../exchange/contribution-table.ts";
import { type ExchangeWatch, exchange } from "../exchange/exchange.ts";
import { type ActiveRun, tasksFor } from "../term/active-run.ts";
import { certificateOf, clippingLevel } from "./certificate.ts";
import { Encoding } from "./decode.ts";
import type { DeltaDownlink } from "./downlink.ts";
import { combine, exactAddends, rangesOfEvaluation, storedEvaluationBytes } from "./evaluate.ts";
import { heldOutFigures, heldOutTasks } from "./held-out.ts";
import { observedPoint, type PointStore, travelInline } from "./points.ts";
import { type Addends, type ReductionTraffic, reduceVectors } from "./reduce.ts";
import { rangesOf } from "./reduction.ts";
import { RobustFold } from "./robust-fold.ts";
import { RunningFold } from "./running-fold.ts";
import { moveServerHeld, serverHeld, stateOf } from "./server-held-state.ts";

export interface RoundOutcome {
  readonly plan: Plan;
  /** Mean over the slots of the decoded messages; with an aggregation their middle. */
  readonly mean: Float64Array;
  /** The messages of which it is the mean, in slot order, where the step is made again of them. */
  readonly messages: readonly Uint8Array[] | undefined;
  /** The workers' states after this round, where the server holds them; else nothing. */
  readonly workerStates: Vectors;
  /** f(x^t), where all workers looked at all their rows. */
  readonly loss: number | null;
  /** |grad f(x^t)|^2, where it was asked for. */
  readonly gradientNormSquared: number | null;
  /** Of x^t, where it was asked for. */
  readonly heldOut: HeldOut | undefined;
  /** This round's uplink, mean over all n workers, the paper's bits. */
  readonly uplinkBitsPerWorker: number;
  readonly uplinkBytes: number;
  readonly downlinkBytes: number;
  readonly evaluationBytes: number;
  /** Contributions that needed the gradients at two points, over all rows; and those whose worker still held the older. */
  readonly pairs: number;
  readonly reused: number;
  readonly resent: number;
  readonly hedged: number;
  readonly dropped: number;
}

export interface RoundSetting {
  readonly active: ActiveRun;
  readonly method: Method;
  readonly points: PointStore;
  /** The points travel as deltas of the server's state; undefined: themselves. */
  readonly deltas: DeltaDownlink | undefined;
  /** The round of the durable checkpoint: no successor asks for anything older. */
  readonly oldestNeededRound: number;
  readonly evaluate: boolean;
  /** Ask what the held-out data says of x^t. */
  readonly heldOut: boolean;
  /** Dense whatever the coin says: the workers have changed. */
  readonly dense: boolean;
  readonly constants: Constants;
  /** Called when the round's tasks have left. */
  readonly sent: () => void;
}

/**
 * Round t of the method, up to the mean of its messages. The VR-DIANA reference point and the iterates are named by
 * the round that formed them, so workers know which gradients they still hold.
 */
export async function doRound(
  {
    active,
    method,
    points,
    deltas,
    oldestNeededRound,
    evaluate,
    heldOut,
    dense,
    constants,
    sent,
  }: RoundSetting,
  state: Vectors,
  round: number,
  referenceRound: number,
): Promise<RoundOutcome> {
  const { ports, spec, workers: count, dimension, inbox, taskQueue, shardsPerTask } = active;
  const draws = serverDraws(spec.seed, round);
  const plan = method.plan(state, round, dense ? { ...draws, coin: () => true } : draws);
  const { request, workers } = plan;
  const others = evaluate ? absent(workers, count) : [];
  const vectors = request.points.map((name) => state[name]!);
  const roundOf: Readonly<Record<PointName, number>> = {
    iterate: round,
    previous: round - 1,
    reference: referenceRound,
  };
  const pointRounds = request.points.map((name) => roundOf[name]);
  const packs = Math.ceil(workers.length / shardsPerTask);
  const storedBefore = points.bytes + (deltas?.bytes ?? 0);
  const held = serverHeld(active.algorithm);
  const inline = travelInline(dimension, vectors.length + (held === undefined ? 0 : shardsPerTask), packs);
  const downlink = await deltas?.of(state, round, packs);
  const carried: Point[] = [];
  for (const [i, vector] of vectors.entries()) {
    if (downlink !== undefined) carried.push({ kind: "held" });
    else carried.push(inline ? { kind: "inline", vector } : await points.point(vector, pointRounds[i]!));
  }
  const rule = aggregationOf(active.algorithm);
  // Messages are looked at one by one where the server moves each worker's state by its own, where they have weights, and by robust rules.
  const reducible = request.dense && held === undefined && plan.weights === undefined && rule === undefined;
  const { wire, reduction } = spec;
  const entryBytes = wire === "float64" ? 8 : 4;
  const denseRanges = reducible ? rangesOf(reduction, { vectors: workers.length, dimension, entryBytes }) : 0;
  const exactRanges = evaluate ? rangesOfEvaluation(active) : 0;
  const ranges =
    denseRanges + exactRanges === 0 ? undefined : { message: denseRanges, evaluation: exactRanges };
  const common = { round, evaluate, oldestNeededRound: oldestNeededRound, ranges };
  const asked = tasksFor(
    active,
    {
      ...common,
      kind: request.name as TaskKind,
      points: carried,
      pointRounds,
      ...(downlink && { downlink }),
    },
    workers,
  );
  const tasks =
    held === undefined
      ? asked
      : asked.map((task) => ({ ...task, shifts: Object.values(stateOf(held, state, task.worker)) }));
  // Who only watches has its own environments, which make no state.
  const watching = others.length > 0 || heldOut;
  const watched =
    downlink === undefined || !watching
      ? carried.slice(0, 1)
      : [await observedIterate(active, vectors[0]!, round, others.length)];
  const watchers = tasksFor(
    active,
    { ...common, kind: "evaluate", points: watched, pointRounds: pointRounds.slice(0, 1) },
    others,
    workers.length,
  );
  const beside = heldOut
    ? heldOutTasks(active, watched[0]!, pointRounds[0]!, tasks.length + watchers.length)
    : [];
  const compressor = request.dense ? active.dense : active.compressor;
  const encoding = new Encoding(compressor, spec.seed, round, count);
  const { problem } = spec;
  const bounding = { request, encoding, constants, problem, points: vectors, slots: workers.length };
  // Who need not be honest is not asked again: its message is made as short as an honest one.
  const certificate = rule === undefined ? certificateOf(bounding) : undefined;
  // States that the server holds are moved by the same messages once more, and a planted order needs all of them.
  const early = held === undefined && active.hooks?.foldOrder === undefined;
  const { compute } = ports;
  const table = inbox.contributions;
  const fold =
    rule === undefined
      ? new RunningFold(
          ...([compute, table, encoding, workers.length, early] as const),
          plan.weights,
          deltas !== undefined && !request.dense,
        )
      : new RobustFold({
          ...{ compute, table, encoding, rule, round, slots: workers.length, seed: spec.seed },
          longest: clippingLevel(bounding),
        });
  const fullState =
    deltas && ((again: boolean) => deltas.whole(state, round, referenceRound, downlink!, again));
  const collect = (watch: ExchangeWatch) => {
    const all = [...tasks, ...watchers, ...beside];
    const watching = { ...watch, ...(fullState && { fullState }) };
    return exchange(ports, taskQueue, inbox, all, "contribution", shardsPerTask, active.hedging, watching);
  };
  const collected = await collect({
    sent() {
      sent();
      deltas?.sent();
    },
    counted: () => {
      if (denseRanges === 0) fold.advance();
    },
    objection: certificate,
  });
  const { accepted } = collected;
  // Only who watches has read it.
  if (downlink !== undefined)
    for (const point of watched) if (point.kind === "stored") active.usedUp.addPoint(point.key, round);
  const own = accepted.slice(0, workers.length);
  // Before the reduction: its exchange has the table.
  const folded = denseRanges === 0 ? await fold.mean(active.hooks?.foldOrder) : undefined;
  const exactOnes = accepted.slice(0, tasks.length + watchers.length);
  const messages: Addends = {
    of: "messages",
    ...{ ranges: denseRanges, entryBytes },
    slots: Uint32Array.from(own, (_, slot) => slot),
  };
  const kinds = [
    ...(denseRanges > 0 ? [messages] : []),
    ...(exactRanges > 0 ? [exactAddends(exactOnes, count, exactRanges)] : []),
  ];
  const reduced =
    kinds.length === 0
      ? undefined
      : await reduceVectors(active, round, kinds, accepted, (known) => collect({ known }));
  const sumOf = (of: Addends["of"]) => reduced?.sums[kinds.findIndex((each) => each.of === of)];
  const mean = folded ?? (await meanOf(ports.compute, sumOf("messages")!, own.length));
  const moved =
    held === undefined
      ? {}
      : await ports.compute.run(
          () => ({ rows: 0, nonZeros: 0, entries: 2 * own.length * dimension }),
          () => moveServerHeld(held, state, own, request, encoding, workerNumbers(active.compressor)),
        );
  const exact = evaluate ? combine(exactOnes, count, dimension, sumOf("evaluations")) : undefined;
  const figures = heldOut
    ? heldOutFigures(active, accepted.slice(tasks.length + watchers.length))
    : undefined;
  const { bits, reused, uplinkBytes, bytesRead, evaluationBytes } = uplinkOf(accepted);
  const traffic = reduced?.traffic ?? NO_TRAFFIC;
  const { taskBytes, outsideBytes, resent, hedged, dropped } = collected;
  const storedMessages = denseRanges === 0 ? 0 : own.length * entryBytes * dimension;
  const storedBytes = points.bytes + (deltas?.bytes ?? 0) - storedBefore;
  return {
    plan,
    mean,
    messages: fewerThanTheMean(fold.kept, dimension),
    workerStates: moved,
    loss: exact?.loss ?? meanLoss(own, count),
    gradientNormSquared: exact?.gradientNormSquared ?? null,
    heldOut: figures,
    uplinkBitsPerWorker: bits / count,
    uplinkBytes: uplinkBytes + storedMessages + traffic.uplinkBytes,
    downlinkBytes: taskBytes + storedBytes + bytesRead + traffic.taskBytes,
    evaluationBytes:
      outsideBytes + evaluationBytes + storedEvaluationBytes(exactOnes, dimension) + traffic.outsideBytes,
    pairs: isPair(request) ? own.length : 0,
    reused,
    resent: resent + traffic.resent,
    hedged: hedged + traffic.hedged,
    dropped: dropped + traffic.dropped,
  };
}

const NO_TRAFFIC: ReductionTraffic = {
  ...{ taskBytes: 0, uplinkBytes: 0, outsideBytes: 0 },
  ...{ resent: 0, hedged: 0, dropped: 0 },
};

/** The sum that reducers have made, over the number of its vectors. */
function meanOf(compute: Compute, sum: Float64Array, slots: number): Promise<Float64Array> {
  return compute.run(
    () => ({ rows: 0, nonZeros: 0, entries: sum.length }),
    () => {
      for (let j = 0; j < sum.length; j++) sum[j] = sum[j]! / slots;
      return sum;
    },
  );
}

/** What the contributions of a round were, in all. */
function uplinkOf(accepted: readonly AcceptedContribution[]) {
  let bits = 0;
  let reused = 0;
  let uplinkBytes = 0;
  let bytesRead = 0;
  let evaluationBytes = 0;
  for (const { message, bytes, evaluationBytes: extra } of accepted) {
    if (message.kind === "contribution") {
      bits += message.bits;
      if (message.reused) reused++;
      // What an evaluation reads is outside the method.
      if (message.bits > 0) bytesRead += message.bytesRead ?? 0;
    }
    uplinkBytes += bytes;
    evaluationBytes += extra;
  }
  return { bits, reused, uplinkBytes, bytesRead, evaluationBytes };
}

/** The messages, unless their mean is shorter. */
function fewerThanTheMean(
  messages: readonly Uint8Array[] | undefined,
  dimension: number,
): readonly Uint8Array[] | undefined {
  let bytes = 0;
  for (const { length } of messages ?? []) bytes += length;
  return bytes > 8 * dimension ? undefined : messages;
}

/** x^t for those who only watch. */
async function observedIterate(
  { ports, run, phase, dimension, shardsPerTask }: ActiveRun,
  x: Float64Array,
  round: number,
  others: number,
): Promise<Point> {
  if (travelInline(dimension, 1, Math.ceil(others / shardsPerTask))) return { kind: "inline", vector: x };
  return observedPoint(ports.objects, observedKey(run, phase, round), x);
}

/** Workers without a slot. */
function absent(present: Uint32Array, workers: number): number[] {
  const here = new Set(present);
  return Array.from({ length: workers }, (_, worker) => worker).filter((worker) => !here.has(worker));
}

/** f(x^t) for free, where each worker answered once and looked at all its rows. */
function meanLoss(accepted: readonly AcceptedContribution[], workers: number): number | null {
  if (accepted.length !== workers) return null;
  let sum = 0;
  for (const [slot, { message }] of accepted.entries()) {
    if (message.kind !== "contribution" || message.loss === null || message.worker !== slot) return null;
    sum += message.loss;
  }
  return sum / workers;
}
