/** Drives a run step by step until it ends or this term does. */
import { NEAR_DEAD_LETTER_RECEIVE_COUNT } from "../../../shared/protocol/index.ts";
import { StoppedNow } from "../exchange/user-commands.ts";
import { handOverMargin, type Now, nextStep } from "./next-step.ts";
import type { OpenTerm } from "./open-term.ts";
import { perform } from "./perform.ts";
import type { RunState } from "./run-state.ts";

/** Before the hand-over polls become short, so that it need not wait for them. */
const DRAIN_SECONDS = 10;

/** @returns the state at an ending, or (`ending` null) at the hand-over; in either case not stored yet. */
export async function drive(term: OpenTerm, start: RunState): Promise<RunState> {
  let state = start;
  try {
    while (state.ending === null) {
      term.lease.check();
      const step = nextStep(state, look(term, state));
      if (step.kind === "hand over") return state;
      state = await perform(term, state, step);
    }
    return state;
  } catch (error) {
    if (!(error instanceof StoppedNow)) throw error;
    // In the middle of a step: what it has brought so far is dropped, and asked for again when the run is resumed.
    const unknown = { loss: null, gradientNormSquared: null };
    return { ...state, ending: { status: "stopped", stoppedBy: "user", error: null, ...unknown } };
  }
}

/** What there is to know from outside the run. */
function look({ ports, invocation, message, active }: OpenTerm, state: RunState): Now {
  const { inbox } = active;
  const remainingSeconds = invocation.remainingMilliseconds() / 1000;
  if (remainingSeconds < handOverMargin(state) + DRAIN_SECONDS) inbox.drain();
  return {
    milliseconds: ports.clock.now(),
    remainingSeconds,
    nearDeadLetterLimit: message.receiveCount >= NEAR_DEAD_LETTER_RECEIVE_COUNT,
    stopRequested: inbox.commands.stopRequested,
    scaleRequest: inbox.commands.scaleRequest,
  };
}
