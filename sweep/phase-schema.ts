/** A run's phases as results of sweeps store them. */
import * as z from "zod";
import type { MembershipEpoch } from "../shared/protocol/index.ts";

const count = z.int().min(0);

export const phaseSchema: z.ZodType<MembershipEpoch> = z.strictObject({
  phase: count,
  round: count,
  workers: count,
  participants: count.nullable(),
  stepSize: z.number(),
  probability: z.number(),
  cause: z.enum(["start", "schedule", "usd-per-round", "user"]),
  dense: z.boolean(),
  seconds: z.number(),
  usd: z.number(),
});
