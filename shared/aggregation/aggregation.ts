/** How the messages of a round become one vector where some workers may be wrong: the rule as people write it. */
import * as z from "zod";
import { breakdownOf, RULE_KINDS } from "./rules.ts";

/** @see aggregate */
export const aggregationSchema = z
  .strictObject({
    kind: z
      .enum(RULE_KINDS)
      .describe(
        '"centered-clip": the mean of what is left when everything far from the middle is pulled towards it; "geometric-median": the point with the least sum of distances.',
      ),
    tolerate: z
      .number()
      .min(0)
      .describe("Share of the workers that may send anything; 0: none, the plain mean."),
    bucket: z
      .int()
      .min(1)
      .exactOptional()
      .describe(
        "Messages that are averaged, in a random order, before the rule sees them: it makes workers with different data more alike, and a liar spoils a whole bucket. Default: 1.",
      ),
  })
  .superRefine((spec, context) => {
    const { tolerate, bucket = 1, kind } = spec;
    const most = breakdownOf(kind);
    if (tolerate * bucket < most) return;
    context.addIssue({
      code: "custom",
      path: ["tolerate"],
      message: `expected tolerate x bucket < ${most}, got ${tolerate} x ${bucket}: each liar spoils a bucket, and ${kind} needs a majority of sound ones`,
    });
  })
  .describe("How messages are put together where some workers may be wrong; default: their plain mean.");

export type AggregationSpec = z.output<typeof aggregationSchema>;

/** Rounding of a product such as 0.1 x 30. */
const ROUNDING = 1e-9;

/** f: so many of `count` messages may be anything. */
export function tolerated({ tolerate }: AggregationSpec, count: number): number {
  return Math.floor(tolerate * count + ROUNDING);
}

/** In a few words: "geometric-median 0.2". */
export function aggregationLabel({ kind, tolerate, bucket = 1 }: AggregationSpec): string {
  return `${kind} ${tolerate}${bucket === 1 ? "" : ` in buckets of ${bucket}`}`;
}
