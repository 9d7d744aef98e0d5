/**
 * Loss and accuracy of a point on data that the run does not train on, outside the method: asked for beside what else an
 * exchange asks for, so that on the embedded cloud it takes no time.
 */
import { MarinaError } from "../../../shared/base/index.ts";
import { everyone } from "../../../shared/methods/index.ts";
import type { HeldOut, Point, Task } from "../../../shared/protocol/index.ts";
import type { AcceptedContribution } from "../exchange/contribution-table.ts";
import { type ActiveRun, tasksFor } from "../term/active-run.ts";

/**
 * The workers' parts of the held-out data: its rows are split among them as the run's are, spread; where there are fewer rows
 * than workers, the first workers have one each.
 * @param pointRound identity of the point.
 */
export function heldOutTasks(active: ActiveRun, point: Point, pointRound: number, firstSlot: number): Task[] {
  const assignment = {
    kind: "held-out",
    round: pointRound,
    evaluate: false,
    oldestNeededRound: 0,
    points: [point],
    pointRounds: [pointRound],
  } as const;
  return tasksFor(active, assignment, everyone(Math.min(active.workers, active.heldOutRows)), firstSlot);
}

/**
 * Sums over the workers in their order.
 * @param accepted the answers to `heldOutTasks`.
 * @throws MarinaError "message" where they are not about all rows.
 */
export function heldOutFigures(
  { spec, heldOutRows }: ActiveRun,
  accepted: readonly AcceptedContribution[],
): HeldOut {
  let [rows, loss, correct] = [0, 0, 0];
  let counted = true;
  for (const { message } of accepted) {
    if (message.kind !== "held-out") throw new MarinaError("message", "held-out: expected such answers only");
    rows += message.rows;
    loss += message.loss;
    counted &&= message.correct !== null;
    correct += message.correct ?? 0;
  }
  if (rows !== heldOutRows) {
    throw new MarinaError("message", `held-out: expected answers for ${heldOutRows} rows, got ${rows}`);
  }
  const { metrics = ["loss", "accuracy"] } = spec.heldOut ?? {};
  const mean = loss / rows;
  return {
    rows,
    loss: metrics.includes("loss") && Number.isFinite(mean) ? mean : null,
    correct: counted && metrics.includes("accuracy") ? correct : null,
  };
}
