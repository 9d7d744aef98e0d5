/** The exact loss and gradient at a point, outside the method: for stopping rules and for the record. */

import { MarinaError } from "../../../shared/base/index.ts";
import { normSquared } from "../../../shared/math/index.ts";
import { everyone } from "../../../shared/methods/index.ts";
import { type HeldOut, observedKey, type Point, type Task } from "../../../shared/protocol/index.ts";
import type { AcceptedContribution } from "../exchange/contribution-table.ts";
import { exchange } from "../exchange/exchange.ts";
import { type ActiveRun, tasksFor } from "../term/active-run.ts";
import { heldOutFigures, heldOutTasks } from "./held-out.ts";
import { observedPoint, travelInline } from "./points.ts";

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
  const { ports, run, phase, dimension, workers } = active;
  const inline = travelInline(dimension, 1, Math.ceil(workers / active.shardsPerTask));
  const point = inline
    ? ({ kind: "inline", vector: x } as const)
    : await observedPoint(ports.objects, observedKey(run, phase, pointRound), x);
  const beside = (firstSlot: number): readonly Task[] =>
    active.heldOutRows > 0 ? heldOutTasks(active, point, pointRound, firstSlot) : [];
  const { accepted, outsideBytes } = await askForGradients(active, point, pointRound, beside);
  const { loss, gradientNormSquared } = combine(accepted.slice(0, workers), workers, dimension);
  const heldOut = active.heldOutRows > 0 ? heldOutFigures(active, accepted.slice(workers)) : undefined;
  const bytes =
    outsideBytes + accepted.reduce((sum, { bytes: own, evaluationBytes }) => sum + own + evaluationBytes, 0);
  return { loss, gradientNormSquared, heldOut, bytes };
}

/** grad f_i of every worker, in their order, and the bytes that they took. @param pointRound of the iterate that it is, or one that none has. */
export async function gradientsAt(
  active: ActiveRun,
  point: Point,
  pointRound: number,
): Promise<{ readonly gradients: readonly Float64Array[]; readonly bytes: number }> {
  const { accepted, outsideBytes } = await askForGradients(active, point, pointRound);
  return {
    gradients: exactByWorker(accepted, active.workers, active.dimension).map(({ evaluation }) => evaluation),
    bytes:
      outsideBytes + accepted.reduce((sum, { bytes, evaluationBytes }) => sum + bytes + evaluationBytes, 0),
  };
}

/** @param beside what else is asked for, in the slots from there on. */
function askForGradients(
  active: ActiveRun,
  point: Point,
  pointRound: number,
  beside: (firstSlot: number) => readonly Task[] = () => [],
) {
  const assignment = {
    kind: "evaluate",
    round: pointRound,
    evaluate: true,
    oldestNeededRound: 0,
    points: [point],
    pointRounds: [pointRound],
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
  );
}

/**
 * f(x) = mean_i f_i(x) and |mean_i grad f_i(x)|^2, summed in the order of the workers whatever their slots.
 * @throws MarinaError "message" when a worker's exact gradient is missing.
 */
export function combine(
  accepted: readonly AcceptedContribution[],
  workers: number,
  dimension: number,
): { loss: number; gradientNormSquared: number } {
  const gradient = new Float64Array(dimension);
  let loss = 0;
  for (const exact of exactByWorker(accepted, workers, dimension)) {
    const { evaluation } = exact;
    for (let j = 0; j < dimension; j++) gradient[j] = gradient[j]! + evaluation[j]!;
    loss += exact.loss;
  }
  for (let j = 0; j < dimension; j++) gradient[j] = gradient[j]! / workers;
  return { loss: loss / workers, gradientNormSquared: normSquared(gradient) };
}

interface Exact {
  readonly evaluation: Float64Array;
  readonly loss: number;
}

/** What each worker has told of a point. @throws MarinaError "message" when its exact gradient is missing. */
function exactByWorker(
  accepted: readonly AcceptedContribution[],
  workers: number,
  dimension: number,
): readonly Exact[] {
  const known = new Map<number, Exact>();
  for (const { message } of accepted) {
    if (message.kind !== "contribution" || message.evaluation?.length !== dimension) continue;
    const { evaluation, loss, worker } = message;
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
