/** Who takes part in a run at one time: the number of workers and, for PP-MARINA, of slots. */
import type { AlgorithmSpec } from "../../methods/index.ts";
import type { ScaleRequest } from "../messages/contribution.ts";
import { startingParticipants, startingWorkers } from "./schedule.ts";
import type { RunSpec } from "./spec.ts";

export interface Cohort {
  /** n */
  readonly workers: number;
  /** r of PP-MARINA; null for the other methods. */
  readonly participants: number | null;
}

export function startingCohort({ workers, algorithm }: RunSpec): Cohort {
  return {
    workers: startingWorkers(workers),
    participants: algorithm.kind === "pp-marina" ? startingParticipants(algorithm.participants) : null,
  };
}

/** The spec's method as this cohort runs it. */
export function algorithmOf({ algorithm }: RunSpec, { participants }: Cohort): AlgorithmSpec {
  if (algorithm.kind !== "pp-marina") return algorithm;
  if (participants === null) throw new RangeError("a cohort of pp-marina has participants");
  return { ...algorithm, participants };
}

/**
 * Why this run's workers can't change while it goes on; undefined where they can.
 *
 * At a dense round the server's estimate is the exact gradient of f = sum_i (m_i/N) f_i whatever the partition, so
 * nothing of the theory is lost there. That needs row weights, and workers that remember nothing.
 */
export function whyNotElastic({ algorithm, remainder }: RunSpec): string | undefined {
  if (algorithm.kind === "diana" || algorithm.kind === "vr-diana") {
    return `the workers of ${algorithm.kind} remember a shift each, which belongs to their rows; take a method without worker memory, e.g. marina`;
  }
  if (remainder === "drop") {
    return 'with "remainder": "drop" the rows in use, and so f itself, depend on the number of workers; use "spread"';
  }
  return undefined;
}

/**
 * Why a run can't go on as the user asks, for people; undefined where it can.
 * @param now who takes part at present.
 * @param rows of the data set.
 */
export function whyNotScaled(
  run: string,
  spec: RunSpec,
  now: Cohort,
  { workers, participants }: Pick<ScaleRequest, "workers" | "participants">,
  rows: number,
): string | undefined {
  const { algorithm } = spec;
  if (participants !== null && algorithm.kind !== "pp-marina") {
    return `--participants: only pp-marina has participants, ${run} is ${algorithm.kind}`;
  }
  if (workers !== null) {
    const why = whyNotElastic(spec);
    if (why !== undefined) return `--workers: ${run} can't change its workers: ${why}`;
    if (workers > rows) {
      return `--workers: expected at most ${rows} (the rows of ${spec.data}), got ${workers}`;
    }
  }
  if (algorithm.kind !== "pp-marina" || algorithm.replacement) return undefined;
  const n = workers ?? now.workers;
  const r = participants ?? now.participants ?? 0;
  if (r <= n) return undefined;
  return `expected at most as many participants as workers when drawn without replacement, got ${r} of ${n}`;
}
