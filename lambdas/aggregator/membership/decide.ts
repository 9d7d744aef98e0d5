/**
 * Decides who takes part next: the spec's schedules, its target of dollars per round, and requests of the user. Pure: the
 * state goes in and comes out, and lies in the checkpoint. `change-membership.ts` carries the decisions out.
 */

import type { ScheduleTrigger } from "../../../shared/methods/index.ts";
import {
  type Elastic,
  type EpochCause,
  isTarget,
  type Membership,
  type MembershipEpoch,
  type PendingChange,
  type RunSpec,
  type ScaleRequest,
  startingMembership,
  type WorkersTarget,
  whyNotScaled,
} from "../../../shared/protocol/index.ts";

/** What decisions depend on, at a round's beginning. */
export interface Moment {
  readonly round: number;
  /** Since the run began, by the engine's clock. */
  readonly seconds: number;
  readonly usd: number;
}

/** A target of dollars looks again after so many rounds with one number of workers. */
const TARGET_ROUNDS = 20;
/** It changes the workers by this factor at most, */
const TARGET_FACTOR = 4;
/** and not for less than this part of them. */
const TARGET_TOLERANCE = 0.2;

/** Who takes part, and the number by which tasks and contributions know them. */
export interface NumberedMembership extends Membership {
  readonly phase: number;
}

/** Those that a run begins with. */
export function startingEpoch(spec: RunSpec): NumberedMembership {
  return { phase: 0, ...startingMembership(spec) };
}

export function startElastic(
  membership: Membership,
  numbers: Pick<MembershipEpoch, "stepSize" | "probability">,
): Elastic {
  const { stepSize, probability } = numbers;
  const start: MembershipEpoch = {
    phase: 0,
    round: 0,
    ...membership,
    stepSize,
    probability,
    cause: "start",
    dense: false,
    seconds: 0,
    usd: 0,
  };
  return {
    phases: [start],
    pending: null,
    lastPhase: 0,
    passed: { workers: 0, participants: 0 },
    lowestRelative: null,
    lastRequest: 0,
  };
}

/** The membership at work. */
export function currentEpoch({ phases }: Pick<Elastic, "phases">): MembershipEpoch {
  const last = phases.at(-1);
  if (last === undefined) throw new RangeError("a run has at least the membership it started with");
  return last;
}

/** Takes note of an evaluated gradient norm: an entry of a schedule may wait for it. */
export function noteNorm(elastic: Elastic, normSquared: number | null, initial: number | null): Elastic {
  if (normSquared === null || initial === null || initial === 0) return elastic;
  const relative = normSquared / initial;
  const { lowestRelative } = elastic;
  return lowestRelative !== null && lowestRelative <= relative
    ? elastic
    : { ...elastic, lowestRelative: relative };
}

/**
 * The state at a round's beginning: with another `pending` where something has taken effect. A request of the user
 * takes effect last; entries of the schedules that come after it do as usual, a target of dollars does not any more.
 */
export function decide(
  spec: RunSpec,
  before: Elastic,
  moment: Moment,
  request: ScaleRequest | undefined,
): Elastic {
  let elastic = before;
  const { workers, algorithm } = spec;
  if (Array.isArray(workers)) {
    const at = reached(workers, elastic.passed.workers, elastic, moment);
    if (at > elastic.passed.workers) {
      const { workers: n, denseRound } = workers[at]!;
      elastic = { ...elastic, passed: { ...elastic.passed, workers: at } };
      elastic = aim(elastic, { workers: n }, "schedule", denseRound);
    }
  } else if (isTarget(workers)) {
    const n = targeted(workers, elastic, moment);
    if (n !== undefined) elastic = aim(elastic, { workers: n }, "usd-per-round", "wait");
  }
  if ("participants" in algorithm && Array.isArray(algorithm.participants)) {
    const entries = algorithm.participants;
    const at = reached(entries, elastic.passed.participants, elastic, moment);
    if (at > elastic.passed.participants) {
      elastic = { ...elastic, passed: { ...elastic.passed, participants: at } };
      elastic = aim(elastic, { participants: entries[at]!.participants }, "schedule", "wait");
    }
  }
  if (request !== undefined && request.request > elastic.lastRequest) {
    elastic = { ...elastic, lastRequest: request.request };
    const asked = {
      ...(request.workers === null ? {} : { workers: request.workers }),
      ...(request.participants === null ? {} : { participants: request.participants }),
    };
    elastic = aim(elastic, asked, "user", request.now ? "force" : "wait");
  }
  return elastic;
}

/**
 * `decide`, with a request that this run can't follow set aside: the command line has refused it, so it comes from elsewhere.
 * @param rows of the data set.
 */
export function decideOrRefuse(
  run: string,
  spec: RunSpec,
  before: Elastic,
  moment: Moment,
  request: ScaleRequest | undefined,
  rows: number,
): { readonly elastic: Elastic; readonly refused?: string } {
  const fresh = request !== undefined && request.request > before.lastRequest;
  const refused = fresh ? whyNotScaled(run, spec, currentEpoch(before), request, rows) : undefined;
  if (refused === undefined) return { elastic: decide(spec, before, moment, request) };
  const without = decide(spec, before, moment, undefined);
  return { elastic: { ...without, lastRequest: request!.request }, refused };
}

/** The last entry that has taken effect; entries do one after the other. */
function reached(
  entries: readonly ScheduleTrigger[],
  passed: number,
  elastic: Elastic,
  moment: Moment,
): number {
  let at = passed;
  while (at + 1 < entries.length && takesEffect(entries[at + 1]!, elastic, moment)) at++;
  return at;
}

function takesEffect(
  entry: ScheduleTrigger,
  { lowestRelative }: Elastic,
  { round, seconds }: Moment,
): boolean {
  if (entry.fromRound !== undefined) return round >= entry.fromRound;
  if (entry.fromSeconds !== undefined) return seconds >= entry.fromSeconds;
  const threshold = entry.fromRelativeGradientNormSquared;
  return threshold !== undefined && lowestRelative !== null && lowestRelative <= threshold;
}

/**
 * n for a round to cost what it shall, from the mean cost of the rounds since the last change, as if it were in
 * proportion to n; undefined where nothing (or too little) is to be changed.
 */
function targeted(
  { usdPerRound, atLeast, atMost }: WorkersTarget,
  { phases, pending }: Elastic,
  { round, usd }: Moment,
): number | undefined {
  const now = currentEpoch({ phases });
  if (pending !== null || phases.some(({ cause }) => cause === "user")) return undefined;
  const rounds = round - now.round;
  if (rounds < TARGET_ROUNDS) return undefined;
  const mean = (usd - now.usd) / rounds;
  if (mean <= 0) return undefined;
  const factor = Math.min(TARGET_FACTOR, Math.max(1 / TARGET_FACTOR, usdPerRound / mean));
  const wanted = Math.min(atMost, Math.max(atLeast, Math.round(factor * now.workers)));
  return Math.abs(wanted - now.workers) < TARGET_TOLERANCE * now.workers ? undefined : wanted;
}

/** A new aim, on top of one that may be waiting already; none where it is what is at work. */
function aim(
  elastic: Elastic,
  asked: Partial<Pick<PendingChange, "workers" | "participants">>,
  cause: EpochCause,
  denseRound: PendingChange["denseRound"],
): Elastic {
  const now = currentEpoch(elastic);
  const { workers, participants } = { ...(elastic.pending ?? now), ...asked };
  if (workers === now.workers && participants === now.participants) return { ...elastic, pending: null };
  const forced =
    denseRound === "force" || (elastic.pending?.denseRound === "force" && asked.workers === undefined);
  const phase = elastic.lastPhase + 1;
  const pending: PendingChange = {
    phase,
    workers,
    participants,
    cause,
    denseRound: forced ? "force" : "wait",
  };
  return { ...elastic, pending, lastPhase: phase };
}
