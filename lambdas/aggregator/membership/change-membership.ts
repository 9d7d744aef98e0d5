/**
 * Those who were calibrated for take over: the first workers of a run, or those that a decision (`decide.ts`) has waited
 * for until a round at which they may take effect (`may-take-effect.ts`). Durable before any round of theirs.
 */
import { createMethod } from "../../../shared/methods/index.ts";
import type { Constants, MembershipEpoch } from "../../../shared/protocol/index.ts";
import { startServerHeld } from "../round/server-held-state.ts";
import { withMembership } from "../term/active-run.ts";
import { afterChange, afterRound, type Spent } from "../term/budget.ts";
import type { OpenTerm } from "../term/open-term.ts";
import { checkpointOf, type RunState, secondsAt } from "../term/run-state.ts";
import { startOf } from "../term/starting-point.ts";
import { currentEpoch, startElastic } from "./decide.ts";
import { changesAtDenseRounds } from "./may-take-effect.ts";

/** @param calibrated what their calibration has come to. */
export async function changeMembership(
  term: OpenTerm,
  state: RunState,
  calibrated: Constants,
): Promise<RunState> {
  const { ports, writer, spending, active } = term;
  const begins = state.elastic.pending === null;
  const changed = begins
    ? begun(term, state, calibrated, await startOf(active))
    : inForce(term, state, calibrated);
  await writer.settled();
  const records = writer.commit(checkpointOf(changed, spending.save()));
  await writer.settled();
  const now = ports.clock.now();
  const spent: Spent = { usd: spending.usd(), seconds: secondsAt(changed, now) };
  const stored = { ...changed, records, spent, storedRound: state.round, storedAt: now, calibration: null };
  if (begins) return { ...stored, atBoundary: spent, budget: afterRound(state.budget, spent) };
  // No successor goes back behind this change: the points of the former workers are of no use any more.
  await term.working(state).points.forgetBelow(Number.POSITIVE_INFINITY, -1);
  const before = currentEpoch(state.elastic).workers;
  const { workers } = currentEpoch(stored.elastic);
  return { ...stored, budget: afterChange(state.budget, spent, Math.max(1, workers / before)) };
}

/** A new run before its first round. */
function begun(
  { ports, active }: OpenTerm,
  state: RunState,
  constants: Constants,
  start: Float64Array,
): RunState {
  const { spec, algorithm, workers, participants, dimension } = active;
  // Loading and calibration are no round: they are told apart as what was before round 0.
  const seconds = secondsAt(state, ports.clock.now());
  return {
    ...state,
    vectors: {
      ...createMethod(algorithm, constants, spec.iterate).start(start),
      ...startServerHeld(algorithm, workers, dimension),
    },
    constants,
    elastic: startElastic({ workers, participants }, constants),
    totals: { ...state.totals, seconds },
    counted: { seconds, at: state.counted.at + 1000 * (seconds - state.counted.seconds) },
  };
}

function inForce({ active }: OpenTerm, state: RunState, constants: Constants): RunState {
  const { round, elastic, atBoundary } = state;
  const { phase, workers, participants, cause } = elastic.pending!;
  const next: MembershipEpoch = {
    phase,
    round,
    workers,
    participants,
    stepSize: constants.stepSize,
    probability: constants.probability,
    cause,
    dense:
      workers !== currentEpoch(elastic).workers &&
      changesAtDenseRounds(withMembership(active, { phase, workers, participants }).algorithm),
    ...atBoundary,
  };
  const { ports, run } = active;
  ports.log.info("workers-changed", { run, round, workers, participants, cause });
  return {
    ...state,
    constants,
    elastic: { ...elastic, phases: [...elastic.phases, next], pending: null },
  };
}
