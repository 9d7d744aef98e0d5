/** The exact loss and gradient at a point, outside the method: for stopping rules and for the record. */

import { MarinaError } from "../../../shared/base/index.ts";
import { normSquared } from "../../../shared/math/index.ts";
import { everyone } from "../../../shared/methods/index.ts";
import { observedKey } from "../../../shared/protocol/index.ts";
import type { AcceptedContribution } from "../exchange/contribution-table.ts";
import { exchange } from "../exchange/exchange.ts";
import { type ActiveRun, tasksFor } from "../term/active-run.ts";
import { observedPoint, travelInline } from "./points.ts";

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
    : await observedPoint(ports.objects, observedKey(run, phase, pointRound), x);
  const assignment = {
    kind: "evaluate",
    round: pointRound,
    evaluate: true,
    oldestNeededRound: 0,
    points: [point],
    pointRounds: [pointRound],
  } as const;
  const tasks = tasksFor(active, assignment, everyone(workers));
  const { accepted, outsideBytes } = await exchange(
    ports,
    active.taskQueue,
    active.inbox,
    tasks,
    "contribution",
    active.shardsPerTask,
  );
  const { loss, gradientNormSquared } = combine(accepted, workers, dimension);
  const bytes =
    outsideBytes + accepted.reduce((sum, { bytes: own, evaluationBytes }) => sum + own + evaluationBytes, 0);
  return { loss, gradientNormSquared, bytes };
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
  const byWorker = new Map<number, AcceptedContribution["message"]>();
  for (const { message } of accepted) {
    if (message.kind === "contribution" && message.evaluation !== null) byWorker.set(message.worker, message);
  }
  const gradient = new Float64Array(dimension);
  let loss = 0;
  for (let worker = 0; worker < workers; worker++) {
    const message = byWorker.get(worker);
    if (
      message?.kind !== "contribution" ||
      message.evaluation?.length !== dimension ||
      message.loss === null
    ) {
      throw new MarinaError(
        "message",
        `evaluation: the exact gradient of worker ${worker} is missing or of another dimension`,
      );
    }
    for (let j = 0; j < dimension; j++) gradient[j] = gradient[j]! + message.evaluation[j]!;
    loss += message.loss;
  }
  for (let j = 0; j < dimension; j++) gradient[j] = gradient[j]! / workers;
  return { loss: loss / workers, gradientNormSquared: normSquared(gradient) };
}
