/** Who takes part in a run at one time: the number of workers and, for PP-MARINA, of slots. */
import { type AlgorithmSpec, KINDS_WITH_PARTICIPANTS, startingParticipants } from "../../methods/index.ts";
import type { ScaleRequest } from "../messages/run-message.ts";
import { whyMembershipIsFixed } from "./fixed-membership.ts";
import { startingWorkers } from "./schedule.ts";
import type { RunSpec } from "./spec.ts";

export interface Membership {
  /** n */
  readonly workers: number;
  /** r of PP-MARINA; null for the other methods. */
  readonly participants: number | null;
}

export function startingMembership({ workers, algorithm }: RunSpec): Membership {
  return {
    workers: startingWorkers(workers),
    participants: "participants" in algorithm ? startingParticipants(algorithm.participants) : null,
  };
}

/** The spec's method as this membership runs it. */
export function algorithmOf({ algorithm }: RunSpec, { participants }: Membership): AlgorithmSpec {
  if (!("participants" in algorithm)) return algorithm;
  if (participants === null) throw new RangeError(`a membership of ${algorithm.kind} has participants`);
  return { ...algorithm, participants };
}

/**
 * Why a run can't go on as the user asks, for people; undefined where it can.
 * @param now who takes part at present.
 * @param rows of the data set.
 */
export function whyNotScaled(
  run: string,
  spec: RunSpec,
  now: Membership,
  { workers, participants }: Pick<ScaleRequest, "workers" | "participants">,
  rows: number,
): string | undefined {
  const { algorithm } = spec;
  if (participants !== null && !("participants" in algorithm)) {
    return `--participants: only ${KINDS_WITH_PARTICIPANTS.join(", ")} has participants, ${run} is ${algorithm.kind}`;
  }
  if (workers !== null) {
    const why = whyMembershipIsFixed(spec);
    if (why !== undefined) return `--workers: ${run} can't change its workers: ${why}`;
    if (workers > rows) {
      return `--workers: expected at most ${rows} (the rows of ${spec.data}), got ${workers}`;
    }
  }
  if (!("participants" in algorithm) || algorithm.replacement) return undefined;
  const n = workers ?? now.workers;
  const r = participants ?? now.participants ?? 0;
  if (r <= n) return undefined;
  return `expected at most as many participants as workers when drawn without replacement, got ${r} of ${n}`;
}
