/** What a term does next with its run. Pure: the state and what there is to know from outside go in, a step comes out. */
import {
  type Elastic,
  HANDOVER_MARGIN_SECONDS,
  isCalibrated,
  type ScaleRequest,
  type StoppedBy,
} from "../../../shared/protocol/index.ts";
import { decideOrRefuse, type NumberedMembership, startingEpoch } from "../membership/decide.ts";
import { mayTakeEffect } from "../membership/may-take-effect.ts";
import { brokenLimit } from "./budget.ts";
import type { RunState } from "./run-state.ts";

export type Step =
  /** The run is over: looks at its last iterate. */
  | { readonly kind: "end"; readonly status: "done" | "stopped"; readonly stoppedBy: StoppedBy }
  /** The next term goes on from here. */
  | { readonly kind: "hand over" }
  /** One question of the calibration for these workers. */
  | { readonly kind: "calibrate"; readonly membership: NumberedMembership }
  /** Those that were calibrated for take over: the first ones, or those that were waited for. */
  | { readonly kind: "change membership" }
  /**
   * Stores a checkpoint, with what has been decided on the membership.
   * @param settled nothing goes on before it is durable; otherwise only the one before it has to be.
   */
  | {
      readonly kind: "store";
      readonly elastic: Elastic;
      readonly settled: boolean;
      /** Why a request of the user was not followed. */
      readonly refused?: string | undefined;
    }
  | { readonly kind: "round" };

/** What there is to know from outside the run. */
export interface Now {
  /** By the clock port. */
  readonly milliseconds: number;
  /** Of this invocation. */
  readonly remainingSeconds: number;
  /** The control message has few deliveries left; the next term's has all of them. */
  readonly nearDeadLetterLimit: boolean;
  readonly stopRequested: boolean;
  readonly scaleRequest: ScaleRequest | undefined;
}

export function nextStep(state: RunState, now: Now): Step {
  const { spec, round, elastic } = state;
  const calibrated = isCalibrated(state);
  if (now.stopRequested) return { kind: "end", status: "stopped", stoppedBy: "user" };
  if (calibrated && round >= spec.stop.rounds) return { kind: "end", status: "done", stoppedBy: "rounds" };
  const broken = calibrated ? brokenLimit(spec.stop, state.budget, state.spent) : undefined;
  if (broken !== undefined) return { kind: "end", status: "done", stoppedBy: broken };
  if (now.remainingSeconds < handOverMargin(state) || (now.nearDeadLetterLimit && state.advanced)) {
    return { kind: "hand over" };
  }
  if (!calibrated) return calibrateOrChange(state, startingEpoch(spec));

  const moment = { round, ...state.atBoundary };
  const { run } = state.identity;
  const decided = decideOrRefuse(run, spec, elastic, moment, now.scaleRequest, state.datasetRows);
  // A membership's number must be its alone before anything is asked in its name.
  if (decided.elastic !== elastic) return { kind: "store", settled: true, ...decided };
  if (elastic.pending !== null && mayTakeEffect(state, elastic.pending)) {
    return calibrateOrChange(state, elastic.pending);
  }
  if (checkpointDue(state, now.milliseconds)) {
    // Window 1: the iterate before this one must be durable before the tasks that go beyond this one leave.
    return { kind: "store", elastic, settled: spec.durability === "strict" };
  }
  return { kind: "round" };
}

function calibrateOrChange({ calibration }: RunState, membership: NumberedMembership): Step {
  const done = calibration?.constants !== undefined && calibration.membership.phase === membership.phase;
  return done ? { kind: "change membership" } : { kind: "calibrate", membership };
}

/** Is it time to store a checkpoint at this round's beginning? By rounds, or by seconds since the last one. */
function checkpointDue({ spec, round, firstRound, storedRound, storedAt }: RunState, now: number): boolean {
  if (round <= firstRound || storedRound === round) return false;
  const every = spec.checkpointEvery;
  return typeof every === "number" ? round % every === 0 : now - storedAt >= 1000 * every.seconds;
}

/** Seconds before its end at which a term hands over. A round that is cut off is done again from its beginning: none is begun that the last ones' time does not leave room for. */
export function handOverMargin({ longestRoundSeconds }: Pick<RunState, "longestRoundSeconds">): number {
  return Math.max(HANDOVER_MARGIN_SECONDS, HANDOVER_MARGIN_SECONDS / 2 + longestRoundSeconds);
}
