/** The exact loss and gradient at a point, outside the method: for stopping rules and for the record. */

import { MarinaError } from "../../../shared/base/index.ts";
import { normSquared } from "../../../shared/math/index.ts";
import { everyone } from "../../../shared/methods/index.ts";
import type { Point } from "../../../shared/protocol/index.ts";
import type { AcceptedContribution } from "../exchange/contribution-table.ts";
import { exchange } from "../exchange/exchange.ts";
import { type ActiveRun, tasksFor } from "../term/active-run.ts";
import { PointStore, travelInline } from "./points.ts";

export interface Evaluation {
  /** f(x) */
  readonly loss: number;
  /** |grad f(x)|^2 */
  readonly gradientNormSquared: number;
  /** Bytes of tasks and contributions. */
  readonly bytes: number;
}

/** Asks all workers for their exact gradient at x. @param pointRound identity of x. */
export async function evaluateAt(
  active: ActiveRun,
  x: Float64Array,
  pointRound: number,
): Promise<Evaluation> {
  const { ports, run, phase, dimension, workers } = active;
  const inline = travelInline(dimension, 1, Math.ceil(workers / active.shardsPerTask));
  const point = inline
    ? ({ kind: "inline", vector: x } as const)
    : await new PointStore(ports.objects, run, phase).point(x, pointRound);
  const { accepted, outsideBytes } = await askForGradients(active, point, pointRound);
  const { loss, gradientNormSquared } = combine(accepted, workers, dimension);
  const bytes =
    outsideBytes + accepted.reduce((sum, { bytes: own, evaluationBytes }) => sum + own + evaluationBytes, 0);
  return { loss, gradientNormSquared, bytes };
}

/** grad f_i of every worker, in their order, at a point near the run's. @param pointRound that no iterate has. */
export async function gradientsAt(
  active: ActiveRun,
  point: Point,
  pointRound: number,
): Promise<readonly Float64Array[]> {
  const { accepted } = await askForGradients(active, point, pointRound);
  return exactByWorker(accepted, active.workers, active.dimension).map(({ evaluation }) => evaluation);
}

function askForGradients(active: ActiveRun, point: Point, pointRound: number) {
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
  return exchange(ports, taskQueue, inbox, tasks, "contribution", shardsPerTask);
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
