/** Carries out one step: a state goes in, the next one comes out. */

import { isCalibrated } from "../../../shared/protocol/index.ts";
import { calibrate } from "../calibration/calibrate.ts";
import { changeMembership } from "../membership/change-membership.ts";
import { evaluateAt } from "../round/evaluate.ts";
import { advanceRound } from "./advance-round.ts";
import { normDivergence } from "./divergence.ts";
import type { Step } from "./next-step.ts";
import type { OpenTerm } from "./open-term.ts";
import { checkpointOf, type RunState } from "./run-state.ts";

export async function perform(
  term: OpenTerm,
  state: RunState,
  step: Exclude<Step, { kind: "hand over" }>,
): Promise<RunState> {
  switch (step.kind) {
    case "end":
      return end(term, state, step);
    case "calibrate":
      return calibrate(term, state, step.membership);
    case "change membership": {
      const { constants, Li } = state.calibration!;
      return changeMembership(term, { ...state, Li }, constants!);
    }
    case "store":
      return store(term, state, step);
    case "round":
      return advanceRound(term, state);
  }
}

/** Looks at the last iterate, where there is one. */
async function end(
  term: OpenTerm,
  state: RunState,
  { status, stoppedBy }: Extract<Step, { kind: "end" }>,
): Promise<RunState> {
  if (!isCalibrated(state))
    return { ...state, ending: { status, stoppedBy, error: null, loss: null, gradientNormSquared: null } };
  const { active } = term.working(state);
  const { round, vectors, totals } = state;
  const evaluation = await evaluateAt(active, vectors["iterate"]!, round);
  const { loss, gradientNormSquared, heldOut, bytes } = evaluation;
  // Rounds without evaluation may have led here: a run that has diverged must not end as if it had not.
  const trouble = normDivergence(gradientNormSquared, state.initialGradientNormSquared, round);
  const ended =
    trouble === undefined
      ? ({ status, stoppedBy, error: null } as const)
      : ({ status: "diverged", stoppedBy: "divergence", error: trouble } as const);
  return {
    ...state,
    totals: { ...totals, evaluationBytes: totals.evaluationBytes + bytes },
    ending: { ...ended, loss, gradientNormSquared, ...(heldOut === undefined ? {} : { heldOut }) },
  };
}

async function store(
  { ports, writer, spending, active, bases }: OpenTerm,
  before: RunState,
  { elastic, settled, refused }: Extract<Step, { kind: "store" }>,
): Promise<RunState> {
  const storedAt = ports.clock.now();
  const state = { ...before, elastic };
  if (refused !== undefined) ports.log.warn("scale-refused", { run: active.run, why: refused });
  await writer.settled();
  const records = writer.commit(checkpointOf(state, spending.save(), bases.of(state.vectors, state.round)));
  if (settled) await writer.settled();
  return { ...state, records, storedRound: state.round, storedAt };
}
