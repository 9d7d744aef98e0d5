/** One round: plan, send, collect, fold. Knows nothing of checkpoints and stopping rules. */
import {
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
import { exchange } from "../exchange/exchange.ts";
import { type ActiveRun, tasksFor } from "../term/active-run.ts";
import { certificateOf } from "./certificate.ts";
import { Encoding } from "./decode.ts";
import type { DeltaDownlink } from "./downlink.ts";
import { combine } from "./evaluate.ts";
import { heldOutFigures, heldOutTasks } from "./held-out.ts";
import { observedPoint, type PointStore, travelInline } from "./points.ts";
import { RunningFold } from "./running-fold.ts";
import { moveServerHeld, serverHeld, stateOf } from "./server-held-state.ts";

export interface RoundOutcome {
  readonly plan: Plan;
  /** Mean over the slots of the decoded messages. */
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
  const common = { round, evaluate, oldestNeededRound: oldestNeededRound };
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
  const certificate = certificateOf({
    ...{ request, encoding, constants, problem },
    points: vectors,
    slots: workers.length,
  });
  // States that the server holds are moved by the same messages once more, and a planted order needs all of them.
  const early = held === undefined && active.hooks?.foldOrder === undefined;
  const fold = new RunningFold(
    ports.compute,
    inbox.contributions,
    encoding,
    workers.length,
    early,
    plan.weights,
    deltas !== undefined && !request.dense,
  );
  const { accepted, taskBytes, outsideBytes, resent, hedged, dropped } = await exchange(
    ports,
    taskQueue,
    inbox,
    [...tasks, ...watchers, ...beside],
    "contribution",
    shardsPerTask,
    active.hedging,
    {
      sent() {
        sent();
        deltas?.sent();
      },
      counted: () => fold.advance(),
      objection: certificate,
      ...(deltas && {
        fullState: (again: boolean) => deltas.whole(state, round, referenceRound, downlink!, again),
      }),
    },
  );
  for (const point of downlink === undefined ? [] : watched) {
    if (point.kind === "stored") void ports.objects.delete(point.key).catch(() => undefined);
  }
  const own = accepted.slice(0, workers.length);
  const mean = await fold.mean(active.hooks?.foldOrder);
  const moved =
    held === undefined
      ? {}
      : await ports.compute.run(
          () => ({ rows: 0, nonZeros: 0, entries: 2 * own.length * dimension }),
          () => moveServerHeld(held, state, own, request, encoding, workerNumbers(active.compressor)),
        );
  const exact = evaluate ? combine(accepted, count, dimension) : undefined;
  const figures = heldOut
    ? heldOutFigures(active, accepted.slice(tasks.length + watchers.length))
    : undefined;
  const { bits, reused, uplinkBytes, bytesRead, evaluationBytes } = uplinkOf(accepted);
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
    uplinkBytes,
    downlinkBytes: taskBytes + storedBytes + bytesRead,
    evaluationBytes: outsideBytes + evaluationBytes,
    pairs: isPair(request) ? own.length : 0,
    reused,
    resent,
    hedged,
    dropped,
  };
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
