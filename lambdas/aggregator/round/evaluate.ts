/** The exact loss and gradient at a point, outside the method: for stopping rules and for the record. */

import { MarinaError } from "../../../shared/base/index.ts";
import { normSquared } from "../../../shared/math/index.ts";
import { everyone } from "../../../shared/methods/index.ts";
import {
  type HeldOut,
  observedKey,
  type Point,
  type Ranges,
  type Task,
} from "../../../shared/protocol/index.ts";
import type { AcceptedContribution } from "../exchange/contribution-table.ts";
import { type ExchangeWatch, exchange } from "../exchange/exchange.ts";
import { type ActiveRun, tasksFor } from "../term/active-run.ts";
import { heldOutFigures, heldOutTasks } from "./held-out.ts";
import { watchedPoint } from "./points.ts";
import { type Addends, reduceVectors } from "./reduce.ts";
import { rangesOf } from "./reduction.ts";

export interface Evaluation {
  /** f(x) */
  readonly loss: number;
  /** |grad f(x)|^2 */
  readonly gradientNormSquared: number;
  /** Where the run has held-out data. */
  readonly heldOut: HeldOut | undefined;
  /** Bytes of tasks and contributions. */
  readonly bytes: number;
}

/** Asks all workers for their exact gradient at x, and for what the held-out data says of it. @param pointRound identity of x. */
export async function evaluateAt(
  active: ActiveRun,
  x: Float64Array,
  pointRound: number,
): Promise<Evaluation> {
  const { run, phase, dimension, workers } = active;
  const point = await watchedPoint(active, x, observedKey(run, phase, pointRound), workers);
  const beside = (firstSlot: number): readonly Task[] =>
    active.heldOutRows > 0 ? heldOutTasks(active, point, pointRound, firstSlot) : [];
  const evaluation = rangesOfEvaluation(active);
  const ranges = evaluation === 0 ? undefined : { message: 0, evaluation };
  const ask = (known?: ExchangeWatch["known"]) =>
    askForGradients(active, point, pointRound, { beside, ranges, known });
  const { accepted, outsideBytes } = await ask();
  const exact = accepted.slice(0, workers);
  const reduced =
    ranges === undefined
      ? undefined
      : await reduceVectors(active, pointRound, [exactAddends(exact, workers, evaluation)], accepted, ask);
  const { loss, gradientNormSquared } = combine(exact, workers, dimension, reduced?.sums[0]);
  const heldOut = active.heldOutRows > 0 ? heldOutFigures(active, accepted.slice(workers)) : undefined;
  const again = reduced?.traffic.collectedAgain ?? [];
  const bytes =
    outsideBytes +
    (reduced?.traffic.outsideBytes ?? 0) +
    storedEvaluationBytes([...exact, ...again], dimension) +
    answerBytes([...accepted, ...again]);
  return { loss, gradientNormSquared, heldOut, bytes };
}

/** Into how many ranges the exact gradients of all workers are cut, to be added by reducers; 0: they are not. */
export function rangesOfEvaluation({ spec, workers, dimension }: ActiveRun): number {
  return rangesOf(spec.reduction, { vectors: workers, dimension, entryBytes: EXACT_ENTRY_BYTES });
}

/** The exact gradients in the order of the workers, whatever their slots. */
export function exactAddends(
  accepted: readonly AcceptedContribution[],
  workers: number,
  ranges: number,
): Addends {
  const slots = new Uint32Array(workers);
  for (const { message } of accepted) slots[message.worker] = message.slot;
  return { of: "evaluations", ranges, entryBytes: EXACT_ENTRY_BYTES, slots };
}

/** Bytes of the exact gradients that lie in the store, to be added by reducers. */
export function storedEvaluationBytes(accepted: readonly AcceptedContribution[], dimension: number): number {
  const stored = accepted.filter(
    ({ message }) => message.kind === "contribution" && message.evaluationRanges !== undefined,
  );
  return EXACT_ENTRY_BYTES * dimension * stored.length;
}

/** Exact gradients are float64 on either wire. */
const EXACT_ENTRY_BYTES = 8;

/** grad f_i of every worker, in their order, and the bytes that they took. @param pointRound of the iterate that it is, or one that none has. */
export async function gradientsAt(
  active: ActiveRun,
  point: Point,
  pointRound: number,
): Promise<{ readonly gradients: readonly Float64Array[]; readonly bytes: number }> {
  const { accepted, outsideBytes } = await askForGradients(active, point, pointRound);
  return {
    gradients: exactByWorker(accepted, active.workers, active.dimension).map(({ evaluation }) => evaluation),
    bytes: outsideBytes + answerBytes(accepted),
  };
}

/** All bytes of answers, of the method or not. */
function answerBytes(accepted: readonly AcceptedContribution[]): number {
  return accepted.reduce((sum, { bytes, evaluationBytes }) => sum + bytes + evaluationBytes, 0);
}

interface Asking {
  /** What else is asked for, in the slots from there on. */
  readonly beside?: (firstSlot: number) => readonly Task[];
  /** The gradients are stored, to be added by reducers. */
  readonly ranges?: Ranges | undefined;
  readonly known?: ExchangeWatch["known"];
}

function askForGradients(
  active: ActiveRun,
  point: Point,
  pointRound: number,
  { beside = () => [], ranges, known }: Asking = {},
) {
  const assignment = {
    kind: "evaluate",
    round: pointRound,
    evaluate: true,
    oldestNeededRound: 0,
    points: [point],
    pointRounds: [pointRound],
    ranges,
  } as const;
  const { ports, taskQueue, inbox, shardsPerTask, workers } = active;
  const tasks = tasksFor(active, assignment, everyone(workers));
  return exchange(
    ports,
    taskQueue,
    inbox,
    [...tasks, ...beside(tasks.length)],
    "contribution",
    shardsPerTask,
    true,
    { known },
  );
}

/**
 * f(x) = mean_i f_i(x) and |mean_i grad f_i(x)|^2, summed in the order of the workers whatever their slots.
 * @param reduced sum_i grad f_i(x), where reducers have added it in that order.
 * @throws MarinaError "message" when a worker's exact gradient is missing.
 */
export function combine(
  accepted: readonly AcceptedContribution[],
  workers: number,
  dimension: number,
  reduced?: Float64Array,
): { loss: number; gradientNormSquared: number } {
  const gradient = reduced ?? new Float64Array(dimension);
  let loss = 0;
  for (const exact of exactByWorker(accepted, workers, reduced === undefined ? dimension : 0)) {
    const { evaluation } = exact;
    for (let j = 0; j < evaluation.length; j++) gradient[j] = gradient[j]! + evaluation[j]!;
    loss += exact.loss;
  }
  for (let j = 0; j < dimension; j++) gradient[j] = gradient[j]! / workers;
  return { loss: loss / workers, gradientNormSquared: normSquared(gradient) };
}

const NO_VECTOR = new Float64Array(0);

interface Exact {
  readonly evaluation: Float64Array;
  readonly loss: number;
}

/**
 * What each worker has told of a point. @throws MarinaError "message" when its exact gradient is missing.
 * @param dimension 0: the gradients are in the store, and the losses alone are here.
 */
function exactByWorker(
  accepted: readonly AcceptedContribution[],
  workers: number,
  dimension: number,
): readonly Exact[] {
  const known = new Map<number, Exact>();
  for (const { message } of accepted) {
    if (message.kind !== "contribution") continue;
    const { loss, worker } = message;
    const evaluation = message.evaluationRanges === undefined ? message.evaluation : NO_VECTOR;
    if (evaluation?.length !== dimension) continue;
    if (loss !== null) known.set(worker, { evaluation, loss });
  }
  return Array.from({ length: workers }, (_, worker) => {
    const exact = known.get(worker);
    if (exact !== undefined) return exact;
    throw new MarinaError(
      "message",
      `evaluation: the exact gradient of worker ${worker} is missing or of another dimension`,
    );
  });
}
