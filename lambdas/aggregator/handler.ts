/**
 * The aggregator function: drives one run for one tenure.
 * The way of a tenure: lease.ts -> active-run.ts (load) -> calibrate.ts (new runs) -> drive.ts -> round.ts ... ->
 * finish here: the last checkpoint, then conclude.ts (the result) or the hand-over.
 */
import { createMethod } from "../../shared/algorithms/registry.ts";
import type { DeliveredMessage, Handler, Invocation, Ports, QueueAddress } from "../../shared/cloud/ports.ts";
import type { Spending } from "../../shared/cost/spending.ts";
import { MarinaError } from "../../shared/math/errors.ts";
import {
  type Checkpoint,
  decodeCheckpoint,
  isCalibrated,
  type Totals,
} from "../../shared/protocol/checkpoint.ts";
import { checkpointKey, contributionsQueueName } from "../../shared/protocol/keys.ts";
import {
  CONTRIBUTION_RETENTION_SECONDS,
  CONTRIBUTION_VISIBILITY_SECONDS,
  MAX_RECEIVE_COUNT,
} from "../../shared/protocol/limits.ts";
import type { RoundRecord } from "../../shared/protocol/round-record.ts";
import { type ControlMessage, decodeControl, encodeControl } from "../../shared/protocol/run.ts";
import { startingPoint } from "../../shared/protocol/start.ts";
import { type ActiveRun, loadRun, loadStored, type StoredSpec } from "./active-run.ts";
import { type CalibrationObserver, calibrate } from "./calibrate.ts";
import { conclude, destroyQueue } from "./conclude.ts";
import { drive, type Ending } from "./drive.ts";
import { Inbox, StoppedNow } from "./inbox.ts";
import { Lease } from "./lease.ts";
import { Ledger } from "./ledger.ts";

export interface AggregatorSettings {
  readonly taskQueue: QueueAddress;
  /** First part of the names of run queues: tells stacks in one account apart. */
  readonly queuePrefix: string;
  /** A run's own counts; a new one for each tenure. */
  readonly spendingOf: (run: string) => Spending;
  readonly observer?: RunObserver;
  /** Send late tasks again before they are overdue; true by default. */
  readonly hedging?: boolean;
}

/** Whoever watches: a progress line, metrics. Never control. */
export interface RunObserver {
  readonly calibration?: CalibrationObserver;
  readonly round?: (run: string, record: RoundRecord) => void;
}

type Draft = Omit<Checkpoint, "commit">;

const NO_TOTALS: Totals = {
  uplinkBitsPerWorker: 0,
  uplinkBytes: 0,
  downlinkBytes: 0,
  evaluationBytes: 0,
  seconds: 0,
  resent: 0,
  hedged: 0,
  dropped: 0,
};

export function createAggregator(ports: Ports, settings: AggregatorSettings): Handler {
  return async (messages, invocation) => {
    const failedMessageIds: string[] = [];
    for (const message of messages) {
      try {
        await tenure(ports, settings, message, decodeControl(message.body), invocation);
      } catch (error) {
        const code = error instanceof MarinaError ? error.code : "defect";
        ports.log.warn("tenure-failed", { messageId: message.messageId, code, error: describe(error) });
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
  await lease.hold();
  try {
    const found = await readCheckpoint(ports, run);
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
      active = await activate(ports, settings, run, found?.checkpoint, from?.generation ?? 0, lease);
      if (from !== undefined) spending.restore(from.usage);
      if (from !== undefined && found?.checkpoint.status !== "running") {
        // From now on it runs again: durable before anything else, so that a stop can name this generation.
        ledger.commit(from);
        await ledger.settled();
      }
      const start =
        from !== undefined && isCalibrated(from)
          ? from
          : await begin(
              active,
              ledger,
              spending,
              control,
              from?.generation ?? 0,
              settings.observer?.calibration,
            );
      const observe = (record: RoundRecord) => settings.observer?.round?.(run, record);
      const ending = await drive({ active, invocation, lease, ledger, spending, startedAt, observe }, start);
      await finish(hold, active, ending);
      if (ending.checkpoint.status === "running") await handOver(ports, active, message, control);
    } catch (error) {
      if (isPassing(error, message)) throw error;
      await fail(hold, active, error);
    } finally {
      active?.inbox.abandon();
    }
  } catch (error) {
    if (error instanceof MarinaError && error.code === "lease-lost") await leaveNothing(ports, settings, run);
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
  ports: Ports,
  { queuePrefix, taskQueue, hedging = true }: AggregatorSettings,
  run: string,
  checkpoint: Checkpoint | undefined,
  generation: number,
  lease: Lease,
): Promise<ActiveRun> {
  const loaded = await loadRun(ports, run);
  if (checkpoint !== undefined && checkpoint.runDigest !== loaded.digest) {
    throw new MarinaError(
      "corrupt",
      `run ${run}: its description was changed since it began (${checkpoint.runDigest}, now ${loaded.digest})`,
    );
  }
  const replyTo = await ports.queues.create(contributionsQueueName(queuePrefix, run), {
    visibilitySeconds: CONTRIBUTION_VISIBILITY_SECONDS,
    retentionSeconds: CONTRIBUTION_RETENTION_SECONDS,
  });
  const inbox = new Inbox(ports, replyTo, loaded.digest, generation, () => lease.check());
  inbox.open();
  return { ...loaded, taskQueue, replyTo, inbox, hedging };
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
    const status = (await readCheckpoint(ports, run))?.checkpoint.status;
    if (status === "done" || status === "diverged")
      await destroyQueue(ports, contributionsQueueName(queuePrefix, run));
  } catch (error) {
    ports.log.warn("queue-kept", { run, error: describe(error) });
  }
}

async function readCheckpoint(
  ports: Ports,
  run: string,
): Promise<{ checkpoint: Checkpoint; etag: string } | undefined> {
  const key = checkpointKey(run);
  try {
    const { body, etag } = await ports.objects.get(key);
    return { checkpoint: decodeCheckpoint(body, key), etag };
  } catch (error) {
    if (error instanceof MarinaError && error.code === "not-found") return undefined;
    throw error;
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
  active: ActiveRun,
  ledger: Ledger,
  spending: Spending,
  control: ControlMessage,
  generation: number,
  observe: CalibrationObserver = () => undefined,
): Promise<Draft> {
  const { spec, run, digest, dimension } = active;
  const constants = await calibrate(active, observe);
  const state = createMethod(spec.algorithm, constants).start(startingPoint(spec, dimension));
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
    initialGradientNormSquared: null,
    totals: NO_TOTALS,
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
  lease.check();
  await ledger.settled();
  const { checkpoint: boundary, loss, gradientNormSquared } = last;
  const over = boundary.status !== "running";
  const ending = over ? { loss, gradientNormSquared, usd: spending.usd() } : null;
  const checkpoint = { ...boundary, usage: spending.save(), ending };
  ledger.commit(checkpoint);
  await ledger.settled();
  if (!over) return;
  lease.check();
  active?.inbox.abandon();
  await conclude(ports, settings.queuePrefix, spec, checkpoint);
  if (checkpoint.status === "stopped") await active?.inbox.forgetStop();
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
  const found = await readCheckpoint(ports, control.run);
  // This tenure has ended it, only not everything was tidied up: whoever is told of the run again goes on with that. (A
  // run that ended in an earlier tenure could not even be taken up again, and must say so.)
  const ended = found !== undefined && found.checkpoint.status !== "running";
  if (ended && found.checkpoint.tenure >= control.tenure) throw error;
  const { commit: _, ...base } = found?.checkpoint ?? { commit: "", ...emptyDraft(stored, active, control) };
  const checkpoint: Draft = { ...base, tenure: control.tenure, ...failureOf(error) };
  await finish(hold, active, { checkpoint, loss: null, gradientNormSquared: null }, stored.spec);
}

function failureOf(error: unknown): Pick<Draft, "status" | "stoppedBy" | "error"> {
  if (error instanceof StoppedNow) return { status: "stopped", stoppedBy: "user", error: null };
  if (!(error instanceof MarinaError))
    return { status: "failed", stoppedBy: "error", error: `unexpected error: ${describe(error)}` };
  if (error.code === "non-finite")
    return { status: "diverged", stoppedBy: "divergence", error: error.message };
  return { status: "failed", stoppedBy: "error", error: error.message };
}

/** What can be said of a run that ended before its calibration was done. */
function emptyDraft(
  { run, spec, digest }: StoredSpec,
  active: ActiveRun | undefined,
  control: ControlMessage,
): Draft {
  const { dimension = 0, rows = 0 } = active ?? {};
  const { omega, zeta } = active?.compressor ?? { omega: 0, zeta: 0 };
  const nothing = { L: 0, Lmax: 0, cL: 0, Lrow: 0, stepSize: 0, probability: 0, shiftStep: 0 };
  return {
    run,
    runDigest: digest,
    tenure: control.tenure,
    generation: 0,
    status: "failed",
    stoppedBy: "error",
    error: null,
    round: 0,
    referenceRound: 0,
    constants: { ...nothing, omega, zeta, workers: spec.workers, dimension, rows },
    initialGradientNormSquared: null,
    totals: NO_TOTALS,
    ending: null,
    usage: null,
    state: { iterate: startingPoint(spec, dimension) },
    records: [],
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
