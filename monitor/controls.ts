/** What may be asked of a run that is being watched, and requests as the page sends them. */
import * as z from "zod";
import type { CollectedRun } from "../client/index.ts";
import { MarinaError } from "../shared/base/index.ts";
import { startingMembership, whyMembershipIsFixed } from "../shared/protocol/index.ts";

/** A run under way, as the page's controls show it. */
export interface RunControls {
  readonly run: string;
  /** n as it is, or as it will be after the change that it waits for. */
  readonly workers: number;
  /** Why n can't change; null where it can. */
  readonly whyNot: string | null;
  /** r of PP-MARINA; null for the other methods. */
  readonly participants: number | null;
}

export function controlsOf(runs: readonly CollectedRun[]): RunControls[] {
  return runs
    .filter(({ result }) => result === undefined)
    .map(({ stored: { run, spec }, progress }) => {
      const elastic = progress?.elastic;
      const { workers, participants } =
        elastic?.pending ?? elastic?.phases.at(-1) ?? startingMembership(spec);
      return { run, workers, whyNot: whyMembershipIsFixed(spec) ?? null, participants };
    });
}

const count = z.int().min(1).max(1_000_000);
const scaleSchema = z.strictObject({
  run: z.string(),
  workers: count.exactOptional(),
  participants: count.exactOptional(),
  now: z.boolean(),
});

export type ScaleOrder = z.output<typeof scaleSchema>;

/** @throws MarinaError "usage" */
export function parseScaleOrder(text: string): ScaleOrder {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new MarinaError("usage", "scale: expected JSON", { cause: error });
  }
  const parsed = scaleSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new MarinaError("usage", `scale: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
}
