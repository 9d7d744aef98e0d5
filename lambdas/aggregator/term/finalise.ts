/** The last checkpoint of a term; at a run's end then its result, last of all; else the hand-over to the next term. */
import { type Closing, closingUsage } from "../../../shared/cost/index.ts";
import {
  type ControlMessage,
  encodeControl,
  isCalibrated,
  type RunSpec,
  type RunStatus,
} from "../../../shared/protocol/index.ts";
import { keepProgress } from "../calibration/calibrate.ts";
import type { UncommittedCheckpoint } from "../checkpoints/uncommitted-checkpoint.ts";
import { endRun, isOver } from "./end-run.ts";
import type { OpenTerm, Term } from "./open-term.ts";
import { checkpointOf, type RunEnding, type RunState, secondsAt } from "./run-state.ts";

export async function finalise(term: OpenTerm, last: RunState): Promise<void> {
  const { spec, usedUp } = term.active;
  await Promise.all([usedUp.delete(term.writer.durableRound), stored(term, last)]);
  if (last.calibration !== null) await keepProgress(term.active, last.calibration);
  if (last.ending !== null) {
    await storeEnd(term, checkpointOf(last, null), last.ending, spec);
    return;
  }
  await storeEnd(term, checkpointOf(uncalibratedSeconds(term, last), null), null, spec);
  await handOver(term);
}

/** What rounds have begun to store behind their tasks is there: what comes after the run's sweep stays in the bucket. */
async function stored(term: OpenTerm, last: RunState): Promise<void> {
  const deltas = isCalibrated(last) ? term.working(last).deltas : undefined;
  await Promise.all([term.bases.settled(), deltas?.settled()]);
}

/** A term that ends before the first round has taken time all the same. */
function uncalibratedSeconds({ ports }: Term, state: RunState): RunState {
  if (isCalibrated(state)) return state;
  return { ...state, totals: { ...state.totals, seconds: secondsAt(state, ports.clock.now()) } };
}

/**
 * @param ending null where the next term goes on.
 * @param term whose run may not even have been loaded.
 */
export async function storeEnd(
  { ports, settings, lease, writer, active, spending, bases }: Term & Pick<OpenTerm, "writer" | "spending">,
  boundary: UncommittedCheckpoint,
  ending: Pick<RunEnding, "loss" | "gradientNormSquared" | "heldOut"> | null,
  spec: RunSpec,
): Promise<void> {
  // What comes from here on is for the aggregator that goes on.
  void active?.inbox.close();
  lease.check();
  await writer.settled();
  const { status } = boundary;
  const ahead = closingUsage(closingOf(status), active?.inbox.pollsUnderWay ?? 0);
  const checkpoint = {
    ...boundary,
    ending:
      ending === null
        ? null
        : {
            loss: ending.loss,
            gradientNormSquared: ending.gradientNormSquared,
            ...(ending.heldOut === undefined ? {} : { heldOut: ending.heldOut }),
            usd: spending.usd(ahead),
          },
    usage: spending.save(ahead),
  };
  writer.commit(checkpoint);
  await writer.settled();
  // Of a run that is over all that lies beside it is deleted.
  if (!isOver(status)) await bases?.forgetAll();
  if (status === "running") return;
  lease.check();
  if (isOver(status)) active?.inbox.detach();
  await endRun(ports, settings.queuePrefix, spec, checkpoint);
  if (status === "stopped") await active?.inbox.commands.forgetStop();
}

function closingOf(status: RunStatus): Closing {
  if (status === "running") return "handed-over";
  return isOver(status) ? "over" : status === "stopped" ? "stopped" : "failed";
}

async function handOver({ ports, active, message, control }: OpenTerm): Promise<void> {
  await active.inbox.close();
  const next: ControlMessage = { ...control, action: "continue", tenure: control.tenure + 1 };
  await ports.queues.send(message.queue, [
    {
      body: encodeControl(next),
      group: control.run,
      deduplicationId: `${control.run}.${next.tenure}.continue`,
    },
  ]);
}
