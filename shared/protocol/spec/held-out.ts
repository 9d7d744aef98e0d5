/** Data that a run does not train on, looked at while it goes on. */
import * as z from "zod";

export const HELD_OUT_METRICS = ["loss", "accuracy"] as const;
export type HeldOutMetric = (typeof HELD_OUT_METRICS)[number];

/** @param name schema of a data set's name. */
export function heldOutSchema(name: z.ZodString) {
  return z
    .strictObject({
      data: name.describe("Name of an imported data set with the same features and labels."),
      every: z
        .int()
        .min(1)
        .default(10)
        .describe("Evaluate at every so many rounds (and at the start and the end)."),
      metrics: z
        .array(z.enum(HELD_OUT_METRICS))
        .min(1)
        .exactOptional()
        .describe(
          "loss: the mean over the rows, without regulariser; accuracy: the share of rows that are predicted right, of classes and of two classes. Default: those that there are.",
        ),
    })
    .describe("Data that is not trained on, evaluated outside the method: not charged to it.");
}

/** What of held-out data at an iterate; see `HeldOutMetric`. */
export interface HeldOut {
  readonly rows: number;
  /** Mean over the rows; null where it was not asked for, and where it is no number. */
  readonly loss: number | null;
  /** Rows that are predicted right; null where that was not asked for, or has no meaning. */
  readonly correct: number | null;
}

/** Share of the rows that are predicted right. */
export function accuracyOf({ rows, correct }: HeldOut): number | null {
  return correct === null ? null : correct / rows;
}
