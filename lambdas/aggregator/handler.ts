/**
 * The aggregator function: drives one run for one tenure.
 * The way of a tenure: lease.ts -> active-run.ts (load) -> calibrate.ts (new runs) -> drive.ts -> round.ts ... ->
 * finish here: the last checkpoint, then conclude.ts (the result) or the hand-over.
 */

import { MarinaError } from "../../shared/base/index.ts";
import type { DeliveredMessage, Handler, Invocation, Ports, QueueAddress } from "../../shared/cloud/index.ts";
import { type Closing, closingUsage, type Spending } from "../../shared/cost/index.ts";
import { carriesShifts, createMethod } from "../../shared/methods/index.ts";
import {
  type Checkpoint,
  CONTRIBUTION_RETENTION_SECONDS,
  CONTRIBUTION_VISIBILITY_SECONDS,
  type ControlMessage,
  contributionsQueueName,
  decodeControl,
  encodeControl,
  isCalibrated,
  MAX_RECEIVE_COUNT,
  type RoundRecord,
  startingPoint,
  WORN_RECEIVE_COUNT,
} from "../../shared/protocol/index.ts";
import { type CalibrationObserver, calibrate } from "./calibration/calibrate.ts";
import { Ledger } from "./checkpoints/checkpoint-writer.ts";
import { readCheckpoint } from "./checkpoints/stored-checkpoint.ts";
import {
  type Draft,
  describe,
  emptyDraft,
  failureOf,
  NO_TOTALS,
} from "./checkpoints/uncommitted-checkpoint.ts";
import type { AnswerObserver } from "./exchange/contribution-table.ts";
import { Inbox } from "./exchange/inbox.ts";
import { StoppedNow } from "./exchange/user-commands.ts";
import type { AggregatorHooks } from "./hooks.ts";
import { phaseOf, startElastic } from "./membership/decide.ts";
import { startingShifts } from "./round/server-held-state.ts";
import { type ActiveRun, loadRun, loadStored, RunDeleted } from "./term/active-run.ts";
import { drive, type Ending } from "./term/drive.ts";
import { sayLastWords } from "./term/failure-result.ts";
import { conclude, destroyQueue, isOver, patiently } from "./term/finalize.ts";
import { Lease } from "./term/lease.ts";

export interface AggregatorSettings {
  readonly taskQueue: QueueAddress;
  /** First part of the names of run queues: tells stacks in one account apart. */
  readonly queuePrefix: string;
  /** A run's own counts; a new one for each tenure. */
  readonly spendingOf: (run: string) => Spending;
  readonly observer?: RunObserver;
  /** Send late tasks again before they are overdue; true by default. */
  readonly hedging?: boolean;
  readonly hooks?: AggregatorHooks;
}

/** Whoever watches: a progress line, metrics. Never control. */
export interface RunObserver {
  readonly calibration?: CalibrationObserver;
  /** @param requestId of the invocation: one that was replaced may be at work still. */
  readonly round?: (run: string, record: RoundRecord, requestId: string) => void;
  /** Who watches this invocation's answers. */
  readonly answers?: (run: string, requestId: string) => AnswerObserver;
}

export function createAggregator(ports: Ports, settings: AggregatorSettings): Handler {
  return async (messages, invocation) => {
    const failedMessageIds: string[] = [];
    for (const message of messages) {
      try {
        await tenure(ports, settings, message, decodeControl(message.body), invocation);
      } catch (error) {
        const { messageId } = message;
        ports.log.warn("tenure-failed", { messageId, code: codeOf(error), error: describe(error) });
        // Delivered again, and at last to the dead letters. Also when the lease was lost: where that is so this delivery
        // is over and nothing happens to the successor's; where it only seemed so nobody else would go on.
        failedMessageIds.push(message.messageId);
      }
    }
    return { failedMessageIds };
  };
}

async function tenure(
  ports: Ports,
  settings: AggregatorSettings,
  message: DeliveredMessage,
  control: ControlMessage,
  invocation: Invocation,
): Promise<void> {
  const startedAt = ports.clock.now();
  const { run } = control;
  const lease = new Lease(ports.queues, ports.clock, message);
  try {
    await lease.hold();
    const found = await readCheckpoint(ports.objects, run);
    if (found !== undefined && !mayDrive(control, found.checkpoint)) {
      const { status } = found.checkpoint;
      ports.log.info("control-stale", { run, tenure: control.tenure, status });
      // The one that ended it may have died before the result was written.
      if (status !== "running")
        await conclude(ports, settings.queuePrefix, (await loadStored(ports, run)).spec, found.checkpoint);
      return;
    }
    const from = found === undefined ? undefined : resumed(found.checkpoint, control);
    const spending = settings.spendingOf(run);
    const ledger = new Ledger(
      ports.objects,
      run,
      invocation.requestId,
      found?.etag,
      found?.checkpoint.round ?? 0,
    );
    const hold: Hold = { ports, settings, control, ledger, lease, spending };
    let active: ActiveRun | undefined;
    try {
      active = await activate(hold, found?.checkpoint, from?.generation ?? 0, invocation.requestId);
      if (from !== undefined) spending.restore(from.usage);
      if (from !== undefined && found?.checkpoint.status !== "running") {
        // From now on it runs again: durable before anything else, so that a stop can name this generation.
        ledger.commit(from);
        await ledger.settled();
      }
      const begun = from !== undefined && isCalibrated(from) ? from : undefined;
      const start = begun ?? (await begin(hold, active, from?.generation ?? 0, startedAt));
      // What a new run took before its first round is in its totals already.
      const countedTo = begun === undefined ? startedAt + 1000 * start.totals.seconds : startedAt;
      const observe = (record: RoundRecord) => settings.observer?.round?.(run, record, invocation.requestId);
      const observeCalibration = settings.observer?.calibration ?? (() => undefined);
      const ending = await drive(
        {
          ...{
            active,
            invocation,
            lease,
            ledger,
            spending,
            startedAt: countedTo,
            observe,
            observeCalibration,
          },
          worn: message.receiveCount >= WORN_RECEIVE_COUNT,
        },
        start,
      );
      await finish(hold, active, ending);
      if (ending.checkpoint.status === "running") await handOver(ports, active, message, control);
    } catch (error) {
      if (isPassing(error, message)) throw error;
      await fail(hold, active, error);
    } finally {
      // Before the control message is let go: whoever drives the run next must not share its answers with polls of ours,
      // nor lose its checkpoint to a write of ours that was on its way and is taken up again by the next invocation here.
      await active?.inbox.close();
      await ledger.settled().catch(() => undefined);
    }
  } catch (error) {
    if (error instanceof RunDeleted) {
      // Nobody will ever go on with it: its message must not come again and again.
      ports.log.warn("run-deleted", { run, tenure: control.tenure });
      await destroyQueue(ports, contributionsQueueName(settings.queuePrefix, run));
      return;
    }
    if (error instanceof MarinaError && error.code === "lease-lost") await leaveNothing(ports, settings, run);
    else if (lease.held && (await sayLastWords(ports, control, message, error))) {
      ports.log.warn("tenure-failed", {
        run,
        tenure: control.tenure,
        code: codeOf(error),
        error: describe(error),
      });
      return;
    }
    throw error;
  } finally {
    lease.release();
  }
}

/** What a tenure holds from its beginning to its end. */
interface Hold {
  readonly ports: Ports;
  readonly settings: AggregatorSettings;
  readonly control: ControlMessage;
  readonly ledger: Ledger;
  readonly lease: Lease;
  readonly spending: Spending;
}

/** Loads the run and opens its queue of contributions. */
async function activate(
  { ports, settings, control, lease }: Hold,
  checkpoint: Checkpoint | undefined,
  generation: number,
  requestId: string,
): Promise<ActiveRun> {
  const { run } = control;
  const { queuePrefix, taskQueue, observer, hedging = true, hooks = {} } = settings;
  const begun = checkpoint !== undefined && isCalibrated(checkpoint);
  const loaded = await loadRun(ports, run, begun ? phaseOf(checkpoint.elastic) : undefined);
  if (checkpoint !== undefined && checkpoint.runDigest !== loaded.digest) {
    throw new MarinaError(
      "corrupt",
      `run ${run}: its description was changed since it began (${checkpoint.runDigest}, now ${loaded.digest})`,
    );
  }
  // One that was replaced must not make the queue anew that its successor has deleted.
  lease.check();
  const replyTo = await ports.queues.create(contributionsQueueName(queuePrefix, run), {
    visibilitySeconds: CONTRIBUTION_VISIBILITY_SECONDS,
    retentionSeconds: CONTRIBUTION_RETENTION_SECONDS,
  });
  const watcher = observer?.answers?.(run, requestId);
  const inbox = new Inbox(ports, replyTo, {
    runDigest: loaded.digest,
    generation,
    lease,
    observer: watcher,
    ...hooks,
  });
  inbox.open();
  return { ...loaded, taskQueue, replyTo, inbox, hedging, hooks };
}

/**
 * May the same control message succeed when it is delivered again? A lost lease is for the successor; a service that is
 * unavailable, and a defect that may have been a bad moment's, are tried again until the last delivery, which says why.
 */
function isPassing(error: unknown, { receiveCount }: DeliveredMessage): boolean {
  if (error instanceof StoppedNow) return false;
  if (error instanceof MarinaError && error.code === "lease-lost") return true;
  const final = error instanceof MarinaError && error.code !== "unavailable";
  return !final && receiveCount < MAX_RECEIVE_COUNT;
}

/** One that was replaced may have made the run's queue anew after its successor had ended the run. */
async function leaveNothing(ports: Ports, { queuePrefix }: AggregatorSettings, run: string): Promise<void> {
  try {
    const found = await patiently(ports, () => readCheckpoint(ports.objects, run));
    const status = found?.checkpoint.status;
    if (status !== undefined && isOver(status))
      await destroyQueue(ports, contributionsQueueName(queuePrefix, run));
  } catch (error) {
    ports.log.warn("queue-kept", { run, error: describe(error) });
  }
}

/** Is this control message the one that should drive, or a late duplicate? */
function mayDrive(
  { action, tenure: asked }: ControlMessage,
  { status, tenure: reached }: Checkpoint,
): boolean {
  if (status === "running") return asked >= reached;
  return action === "resume" && asked > reached && (status === "stopped" || status === "failed");
}

function resumed(checkpoint: Checkpoint, control: ControlMessage): Draft {
  const { commit: _, ...draft } = checkpoint;
  const generation = draft.status === "running" ? draft.generation : draft.generation + 1;
  return {
    ...draft,
    tenure: control.tenure,
    generation,
    status: "running",
    stoppedBy: null,
    error: null,
    ending: null,
  };
}

/** A new run: calibrates and stores its first checkpoint. */
async function begin(
  { settings, control, ledger, spending }: Hold,
  active: ActiveRun,
  generation: number,
  startedAt: number,
): Promise<Draft> {
  const { spec, algorithm, workers, participants, run, digest, dimension } = active;
  const constants = await calibrate(active, settings.observer?.calibration ?? (() => undefined));
  const state = {
    ...createMethod(algorithm, constants).start(startingPoint(spec, dimension)),
    ...(carriesShifts(algorithm) ? startingShifts(constants.workers, dimension) : {}),
  };
  const draft: Draft = {
    run,
    runDigest: digest,
    tenure: control.tenure,
    generation,
    status: "running",
    stoppedBy: null,
    error: null,
    round: 0,
    referenceRound: 0,
    constants,
    elastic: startElastic({ workers, participants }, constants),
    initialGradientNormSquared: null,
    // Loading and calibration are no round: they are told apart as what was before round 0.
    totals: { ...NO_TOTALS, seconds: (active.ports.clock.now() - startedAt) / 1000 },
    ending: null,
    usage: spending.save(),
    state,
    records: [],
  };
  ledger.commit(draft);
  await ledger.settled();
  return draft;
}

/** The last checkpoint of this tenure; at a run's end then its result, last of all. */
async function finish(
  { ports, settings, ledger, lease, spending }: Hold,
  active: ActiveRun | undefined,
  last: Ending,
  spec = active!.spec,
): Promise<void> {
  // What comes from here on is for whoever goes on.
  void active?.inbox.close();
  lease.check();
  await ledger.settled();
  const { checkpoint: boundary, loss, gradientNormSquared } = last;
  const over = boundary.status !== "running";
  const ahead = closingUsage(closingOf(boundary.status), active?.inbox.pollsUnderWay ?? 0);
  const ending = over ? { loss, gradientNormSquared, usd: spending.usd(ahead) } : null;
  const checkpoint = { ...boundary, usage: spending.save(ahead), ending };
  ledger.commit(checkpoint);
  await ledger.settled();
  if (!over) return;
  lease.check();
  if (isOver(checkpoint.status)) active?.inbox.detach();
  await conclude(ports, settings.queuePrefix, spec, checkpoint);
  if (checkpoint.status === "stopped") await active?.inbox.commands.forgetStop();
}

function closingOf(status: Draft["status"]): Closing {
  if (status === "running") return "handed-over";
  return isOver(status) ? "over" : status === "stopped" ? "stopped" : "failed";
}

async function handOver(
  ports: Ports,
  active: ActiveRun,
  message: DeliveredMessage,
  control: ControlMessage,
): Promise<void> {
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

/**
 * The run can't go on, or was stopped before it had begun: says so, keeps the last durable checkpoint's state, so that
 * `resume` can.
 * @param active undefined when the run could not even be loaded.
 */
async function fail(hold: Hold, active: ActiveRun | undefined, error: unknown): Promise<void> {
  const { ports, control, ledger, lease } = hold;
  lease.check();
  await ledger.settled();
  const stored = await loadStored(ports, control.run);
  const found = await readCheckpoint(ports.objects, control.run);
  // This tenure has ended it, only not everything was tidied up: whoever is told of the run again goes on with that. (A
  // run that ended in an earlier tenure could not even be taken up again, and must say so.)
  const ended = found !== undefined && found.checkpoint.status !== "running";
  if (ended && found.checkpoint.tenure >= control.tenure) throw error;
  const { commit: _, ...base } = found?.checkpoint ?? { commit: "", ...emptyDraft(stored, active, control) };
  const checkpoint: Draft = { ...base, tenure: control.tenure, ...failureOf(error, active) };
  await finish(hold, active, { checkpoint, loss: null, gradientNormSquared: null }, stored.spec);
}

function codeOf(error: unknown): string {
  return error instanceof MarinaError ? error.code : "defect";
}
