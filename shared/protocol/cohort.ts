/** Who takes part in a run at one time: the number of workers and, for PP-MARINA, of slots. */
import type { AlgorithmSpec } from "../algorithms/algorithm.ts";
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
