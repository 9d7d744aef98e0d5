/** How many workers a run has, from when on: a number, a schedule, or a target of dollars. */
import * as z from "zod";
import { count, scheduleOf } from "../../methods/index.ts";

const denseRound = z
  .enum(["wait", "force"])
  .default("wait")
  .describe(
    'Workers change at a dense round: "wait" for the next one that the coin brings, or "force" one at once.',
  );

const workersTarget = z
  .strictObject({
    usdPerRound: z.number().positive().describe("Dollars that a round shall cost."),
    atLeast: count.describe("Never fewer workers; the run starts with so many."),
    atMost: count.describe("Never more workers."),
  })
  .superRefine(({ atLeast, atMost }, context) => {
    if (atLeast > atMost) {
      context.addIssue({
        code: "custom",
        path: ["atMost"],
        message: `expected at least ${atLeast} (atLeast), got ${atMost}`,
      });
    }
  });

export const workersSchema = z
  .union([count, scheduleOf({ workers: count.describe("n") }, { denseRound }), workersTarget])
  .describe(
    "n: the data set's rows are split among so many workers. Or a schedule, whose entries take effect at dense rounds; or a target of dollars per round.",
  );

export type WorkersSpec = z.output<typeof workersSchema>;
export type WorkersTarget = z.output<typeof workersTarget>;

/** A target of dollars per round? */
export function isTarget(workers: WorkersSpec): workers is WorkersTarget {
  return typeof workers === "object" && !Array.isArray(workers);
}

/** n at the start. */
export function startingWorkers(workers: WorkersSpec): number {
  if (typeof workers === "number") return workers;
  return Array.isArray(workers) ? workers[0]!.workers : workers.atLeast;
}

/** Every n that the spec may ask for; the two ends of a target. */
export function workersAsked(workers: WorkersSpec): readonly number[] {
  if (typeof workers === "number") return [workers];
  return Array.isArray(workers) ? workers.map((entry) => entry.workers) : [workers.atLeast, workers.atMost];
}

/** For tables: `20`, `5→50→10`, `5..100`. */
export function workersText(workers: WorkersSpec): string {
  return workersAsked(workers).join(isTarget(workers) ? ".." : "→");
}
