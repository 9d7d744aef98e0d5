/** Drives a run round by round until it ends or this tenure does. */

import type { Invocation } from "../../../shared/cloud/index.ts";
import type { Spending } from "../../../shared/cost/index.ts";
import { firstNonFinite } from "../../../shared/math/index.ts";
import type { Vectors } from "../../../shared/methods/index.ts";
import {
  type Checkpoint,
  DIVERGENCE_FACTOR,
  HANDOVER_MARGIN_SECONDS,
  type RoundRecord,
  type RunSpec,
  type RunStatus,
  type StoppedBy,
  type Totals,
} from "../../../shared/protocol/index.ts";
import type { CalibrationObserver } from "../calibration/calibrate.ts";
import type { Ledger } from "../checkpoints/checkpoint-writer.ts";
import { StoppedNow } from "../exchange/user-commands.ts";
import { CohortKeeper } from "../membership/membership-changes.ts";
import { evaluateAt } from "../round/evaluate.ts";
import { doRound, type RoundOutcome } from "../round/round.ts";
import type { ActiveRun } from "./active-run.ts";
import { Budget } from "./budget.ts";
import type { Lease } from "./lease.ts";

/** What the last round boundary looked like. */
export interface Ending {
  readonly checkpoint: Omit<Checkpoint, "commit" | "ending">;
  /** f and |grad f|^2 at the final iterate; null when the run goes on, or could not be evaluated any more. */
  readonly loss: number | null;
  readonly gradientNormSquared: number | null;
}

export interface DriveSetting {
  readonly active: ActiveRun;
  readonly invocation: Invocation;
  /** Hand over after the first round: the control message at hand has few deliveries left, the next one has all of them. */
  readonly worn: boolean;
  readonly lease: Lease;
  readonly ledger: Ledger;
  readonly spending: Spending;
  /** When this tenure began, or to when a new run's seconds are counted already; by the clock port. */
  readonly startedAt: number;
  /** Told of every round once its messages are in. */
  readonly observe: (record: RoundRecord) => void;
  readonly observeCalibration: CalibrationObserver;
}

/**
 * Goes on from a checkpoint. Returns at an ending (`status` other than "running") or at the hand-over ("running"),
 * in either case before the last checkpoint is stored.
 */
export async function drive(
  setting: DriveSetting,
  from: Omit<Checkpoint, "commit" | "ending">,
): Promise<Ending> {
  const { invocation, worn, lease, ledger, spending, startedAt, observe } = setting;
  const { spec, ports, inbox } = setting.active;
  const cohorts = new CohortKeeper(setting.active, from.constants, from.elastic, setting.observeCalibration);
  let { round, referenceRound, totals, records, initialGradientNormSquared } = from;
  let state: Vectors = from.state;
  const secondsBefore = totals.seconds;
  const secondsNow = () => secondsBefore + (ports.clock.now() - startedAt) / 1000;
  const budget = new Budget(spec.stop, records);
  const due = checkpointDue(spec, from.round, startedAt);
  /** Rounds of the reference points in use since the durable checkpoint, oldest first. */
  let references: readonly number[] = [referenceRound];

  const boundary = (status: RunStatus, stoppedBy: StoppedBy | null, error: string | null = null) => ({
    ...from,
    status,
    stoppedBy,
    error,
    round,
    referenceRound,
    constants: cohorts.now.constants,
    elastic: cohorts.elastic,
    initialGradientNormSquared,
    totals,
    usage: spending.save(),
    state,
    records,
  });
  const end = async (status: RunStatus, stoppedBy: StoppedBy): Promise<Ending> => {
    const { loss, gradientNormSquared, bytes } = await evaluateAt(
      cohorts.now.active,
      state["iterate"]!,
      round,
    );
    totals = { ...totals, evaluationBytes: totals.evaluationBytes + bytes };
    // Rounds without evaluation may have led here: a run that has diverged must not end as if it had not.
    const trouble = normDivergence(gradientNormSquared, initialGradientNormSquared, round);
    const checkpoint =
      trouble === undefined ? boundary(status, stoppedBy) : boundary("diverged", "divergence", trouble);
    return { checkpoint, loss, gradientNormSquared };
  };

  const store = async (): Promise<void> => {
    await ledger.settled();
    records = ledger.commit({ ...boundary("running", null), ending: null });
  };

  const goOn = async (): Promise<Ending> => {
    for (;;) {
      lease.check();
      if (inbox.commands.stopRequested) return end("stopped", "user");
      if (round >= spec.stop.rounds) return end("done", "rounds");
      const usd = spending.usd();
      const broken = budget.broken({ usd, seconds: secondsNow() });
      if (broken !== undefined) return end("done", broken);
      const left = invocation.remainingMilliseconds() / 1000;
      if (left < HANDOVER_MARGIN_SECONDS || (worn && round > from.round)) {
        return { checkpoint: boundary("running", null), loss: null, gradientNormSquared: null };
      }
      if (left < HANDOVER_MARGIN_SECONDS + 10) inbox.drain();

      const moment = { round, seconds: secondsNow(), usd };
      const workersBefore = cohorts.now.active.workers;
      const stored = await cohorts.turn(moment, state, inbox.commands.scaleRequest, async () => {
        await store();
        await ledger.settled();
      });
      await inbox.commands.forgetScale(cohorts.elastic.lastRequest);
      const { active, method, points } = cohorts.now;
      if (active.workers > workersBefore) {
        budget.expect(active.workers / workersBefore);
        const tooDear = budget.broken({ usd: spending.usd(), seconds: secondsNow() });
        if (tooDear !== undefined) return end("done", tooDear);
      }

      if (due(round, ports.clock.now()) && !stored) {
        // Window 1: the iterate before this one must be durable before the tasks that go beyond this one leave.
        await store();
        if (spec.durability === "strict") await ledger.settled();
      }
      const evaluate = round === 0 || (spec.evaluateEvery > 0 && round % spec.evaluateEvery === 0);
      const outcome = await doRound(
        {
          active,
          method,
          points,
          memoryFloor: ledger.durableRound,
          evaluate,
          dense: cohorts.isFirstOfChange(round),
        },
        state,
        round,
        referenceRound,
      );
      if (round === 0) initialGradientNormSquared = outcome.gradientNormSquared;
      cohorts.noteNorm(outcome.gradientNormSquared, initialGradientNormSquared);
      const record = recordOf(round, outcome, totals, usd);
      records = [...records, record];
      observe(record);
      const stoppedBy = metRule(spec, outcome.gradientNormSquared, initialGradientNormSquared);
      if (stoppedBy !== undefined) {
        const { loss, gradientNormSquared } = outcome;
        totals = { ...totals, evaluationBytes: totals.evaluationBytes + outcome.evaluationBytes };
        return { checkpoint: boundary("done", stoppedBy), loss, gradientNormSquared };
      }
      const next = { ...method.step(state, outcome.plan, outcome.mean), ...outcome.shifts };
      const trouble = divergence(next, outcome, initialGradientNormSquared, round);
      if (trouble !== undefined) {
        const { loss, gradientNormSquared } = outcome;
        return { checkpoint: boundary("diverged", "divergence", trouble), loss, gradientNormSquared };
      }
      state = next;
      if (outcome.plan.refresh) {
        referenceRound = round;
        references = [...references, round];
      }
      totals = advanceTotals(totals, outcome, secondsNow());
      round++;
      // A successor would go on from the durable round, with the points of that round and of the one before.
      const durable = ledger.durableRound;
      const atDurable = references.findLastIndex((reference) => reference < durable);
      references = references.slice(Math.max(0, atDurable));
      await points.forgetBelow(Math.min(durable, round) - 1, references[0]!);
    }
  };
  try {
    return await goOn();
  } catch (error) {
    if (!(error instanceof StoppedNow)) throw error;
    // In the middle of a round: what it has brought so far is dropped, and asked for again by whoever resumes.
    return { checkpoint: boundary("stopped", "user"), loss: null, gradientNormSquared: null };
  }
}

/** Is it time to store a checkpoint at this round's beginning? By rounds, or by seconds since the last one. */
function checkpointDue(
  spec: RunSpec,
  from: number,
  startedAt: number,
): (round: number, now: number) => boolean {
  const every = spec.checkpointEvery;
  if (typeof every === "number") return (round) => round > from && round % every === 0;
  let last = startedAt;
  return (round, now) => {
    if (round <= from || now - last < 1000 * every.seconds) return false;
    last = now;
    return true;
  };
}

function recordOf(round: number, outcome: RoundOutcome, totals: Totals, usd: number): RoundRecord {
  return {
    round,
    dense: outcome.plan.order.kind === "full" && !outcome.plan.order.compressed,
    slots: outcome.plan.workers.length,
    loss: outcome.loss,
    gradientNormSquared: outcome.gradientNormSquared,
    uplinkBitsPerWorker: totals.uplinkBitsPerWorker,
    uplinkBytes: totals.uplinkBytes,
    downlinkBytes: totals.downlinkBytes,
    seconds: totals.seconds,
    usd,
    resent: outcome.resent,
    hedged: outcome.hedged,
    dropped: outcome.dropped,
  };
}

function advanceTotals(totals: Totals, outcome: RoundOutcome, seconds: number): Totals {
  return {
    uplinkBitsPerWorker: totals.uplinkBitsPerWorker + outcome.uplinkBitsPerWorker,
    uplinkBytes: totals.uplinkBytes + outcome.uplinkBytes,
    downlinkBytes: totals.downlinkBytes + outcome.downlinkBytes,
    evaluationBytes: totals.evaluationBytes + outcome.evaluationBytes,
    pairs: totals.pairs + outcome.pairs,
    reused: totals.reused + outcome.reused,
    resent: totals.resent + outcome.resent,
    hedged: totals.hedged + outcome.hedged,
    dropped: totals.dropped + outcome.dropped,
    seconds,
  };
}

/** Which stopping rule on the gradient norm holds at x^t, if any. */
function metRule(spec: RunSpec, normSquared: number | null, initial: number | null): StoppedBy | undefined {
  if (normSquared === null) return undefined;
  const { relativeGradientNormSquared: relative, gradientNormSquared: absolute } = spec.stop;
  if (relative !== undefined && initial !== null && normSquared <= relative * initial)
    return "relativeGradientNormSquared";
  if (absolute !== undefined && normSquared <= absolute) return "gradientNormSquared";
  return undefined;
}

/** Is the gradient at x^t so much larger than that at x^0 that the run has diverged? */
function normDivergence(norm: number | null, initial: number | null, round: number): string | undefined {
  if (norm === null || initial === null || norm <= DIVERGENCE_FACTOR * initial) return undefined;
  return `|grad f(x^${round})|^2 = ${norm} is more than ${DIVERGENCE_FACTOR} times that of x^0 (${initial}); take a smaller step size`;
}

/** Why the run has diverged, if it has: it must not go on, and must not look as if it had converged. */
function divergence(
  next: Vectors,
  outcome: RoundOutcome,
  initial: number | null,
  round: number,
): string | undefined {
  const tooLarge = normDivergence(outcome.gradientNormSquared, initial, round);
  if (tooLarge !== undefined) return tooLarge;
  for (const [name, vector] of Object.entries(next)) {
    const bad = firstNonFinite(vector);
    if (bad >= 0) {
      return `after round ${round} entry ${bad} of the ${name} is ${vector[bad]}; take a smaller step size`;
    }
  }
  return undefined;
}
