/**
 * The aggregator function: drives one run for one tenure.
 * The way of a tenure: lease.ts -> active-run.ts (load) -> calibrate.ts (new runs) -> drive.ts -> round.ts ... ->
 * finish here: the last checkpoint, then the result or the hand-over.
 */
import { createMethod } from "../../shared/algorithms/registry.ts";
import type { DeliveredMessage, Handler, Invocation, Ports, QueueAddress } from "../../shared/cloud/ports.ts";
import type { Spending } from "../../shared/cost/spending.ts";
import { MarinaError } from "../../shared/math/errors.ts";
import { type Checkpoint, decodeCheckpoint } from "../../shared/protocol/checkpoint.ts";
import { checkpointKey, contributionsQueueName, resultKey } from "../../shared/protocol/keys.ts";
import { CONTRIBUTION_RETENTION_SECONDS, CONTRIBUTION_VISIBILITY_SECONDS } from "../../shared/protocol/limits.ts";
import type { RoundRecord } from "../../shared/protocol/round-record.ts";
import { encodeResult, type RunResult } from "../../shared/protocol/result.ts";
import { type ControlMessage, decodeControl, encodeControl } from "../../shared/protocol/run.ts";
import { startingPoint } from "../../shared/protocol/start.ts";
import { type ActiveRun, loadRun } from "./active-run.ts";
import { type CalibrationObserver, calibrate } from "./calibrate.ts";
import { drive, type Ending } from "./drive.ts";
import { Inbox } from "./inbox.ts";
import { Lease } from "./lease.ts";
import { Ledger } from "./ledger.ts";
import { vectorSha256 } from "../../shared/protocol/digest.ts";

export interface AggregatorSettings {
  readonly taskQueue: QueueAddress;
  /** First part of the names of run queues: tells stacks in one account apart. */
  readonly queuePrefix: string;
  /** A run's own counts; a new one for each tenure. */
  readonly spendingOf: (run: string) => Spending;
  readonly observer?: RunObserver;
}

/** Whoever watches: a progress line, metrics. Never control. */
export interface RunObserver {
  readonly calibration?: CalibrationObserver;
  readonly round?: (run: string, record: RoundRecord) => void;
}

type Draft = Omit<Checkpoint, "commit">;

export function createAggregator(ports: Ports, settings: AggregatorSettings): Handler {
  return async (messages, invocation) => {
    const failedMessageIds: string[] = [];
    for (const message of messages) {
      try {
        await tenure(ports, settings, message, decodeControl(message.body), invocation);
      } catch (error) {
        ports.log.warn("tenure-failed", { messageId: message.messageId, error: describe(error) });
        // One that lost its lease has a successor; everything else is delivered again, and at last to the dead letters.
        if (!(error instanceof MarinaError && error.code === "lease-lost")) failedMessageIds.push(message.messageId);
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
      ports.log.info("control-stale", { run, tenure: control.tenure, status: found.checkpoint.status });
      return;
    }
    const loaded = await loadRun(ports, run);
    if (found !== undefined && found.checkpoint.runDigest !== loaded.digest) {
      throw new MarinaError("corrupt", `run ${run}: its description was changed since it began (${found.checkpoint.runDigest}, now ${loaded.digest})`);
    }
    const replyTo = await ports.queues.create(contributionsQueueName(settings.queuePrefix, run), {
      visibilitySeconds: CONTRIBUTION_VISIBILITY_SECONDS,
      retentionSeconds: CONTRIBUTION_RETENTION_SECONDS,
    });
    const from = found === undefined ? undefined : resumed(found.checkpoint, control);
    const inbox = new Inbox(ports, replyTo, loaded.digest, from?.generation ?? 0);
    inbox.open();
    const active: ActiveRun = { ...loaded, taskQueue: settings.taskQueue, replyTo, inbox };
    const spending = settings.spendingOf(run);
    const ledger = new Ledger(ports.objects, run, invocation.requestId, found?.etag, found?.checkpoint.round ?? 0);
    let last: Draft | undefined = from;
    try {
      if (from !== undefined) spending.restore(from.usage);
      const start = from ?? (await begin(active, ledger, spending, control, settings.observer?.calibration));
      last = start;
      if (found !== undefined && found.checkpoint.status !== "running") {
        // From now on it runs again: durable before anything else, so that a stop can name this generation.
        ledger.commit(start);
        await ledger.settled();
      }
      const observe = (record: RoundRecord) => settings.observer?.round?.(run, record);
      const ending = await drive({ active, invocation, lease, ledger, spending, startedAt, observe }, start);
      await finish(active, ledger, lease, spending, ending);
      if (ending.checkpoint.status === "running") await handOver(ports, active, message, control);
    } catch (error) {
      if (!(error instanceof MarinaError) || error.code === "lease-lost" || error.code === "unavailable") throw error;
      await fail(active, ledger, lease, spending, last, error, control);
    } finally {
      inbox.abandon();
    }
  } finally {
    lease.release();
  }
}

async function readCheckpoint(ports: Ports, run: string): Promise<{ checkpoint: Checkpoint; etag: string } | undefined> {
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
function mayDrive({ action, tenure: asked }: ControlMessage, { status, tenure: reached }: Checkpoint): boolean {
  if (status === "running") return asked >= reached;
  return action === "resume" && asked > reached && status !== "done";
}

function resumed(checkpoint: Checkpoint, control: ControlMessage): Draft {
  const { commit: _, ...draft } = checkpoint;
  const generation = draft.status === "running" ? draft.generation : draft.generation + 1;
  return { ...draft, tenure: control.tenure, generation, status: "running", stoppedBy: null, error: null };
}

/** A new run: calibrates and stores its first checkpoint. */
async function begin(
  active: ActiveRun,
  ledger: Ledger,
  spending: Spending,
  control: ControlMessage,
  observe: CalibrationObserver = () => undefined,
): Promise<Draft> {
  const { spec, run, digest, dimension } = active;
  const constants = await calibrate(active, observe);
  const state = createMethod(spec.algorithm, constants).start(startingPoint(spec, dimension));
  const draft: Draft = {
    run,
    runDigest: digest,
    tenure: control.tenure,
    generation: 0,
    status: "running",
    stoppedBy: null,
    error: null,
    round: 0,
    referenceRound: 0,
    constants,
    initialGradientNormSquared: null,
    totals: {
      uplinkBitsPerWorker: 0,
      uplinkBytes: 0,
      downlinkBytes: 0,
      evaluationBytes: 0,
      seconds: 0,
      resent: 0,
    },
    usage: spending.save(),
    state,
    records: [],
  };
  ledger.commit(draft);
  await ledger.settled();
  return draft;
}

/** The last checkpoint of this tenure; at a run's end then its result, last of all. */
async function finish(active: ActiveRun, ledger: Ledger, lease: Lease, spending: Spending, ending: Ending): Promise<void> {
  const { ports, run } = active;
  lease.check();
  await ledger.settled();
  ledger.commit(ending.checkpoint);
  await ledger.settled();
  if (ending.checkpoint.status === "running") return;
  await ports.objects.put(resultKey(run), encodeResult(resultOf(active, ending, spending.usd())));
  active.inbox.abandon();
  // A run that may be resumed keeps its queue: a name can't be used again for a minute after its deletion.
  if (ending.checkpoint.status === "done" || ending.checkpoint.status === "diverged") {
    await ports.queues.destroy(active.replyTo);
  }
}

async function handOver(ports: Ports, active: ActiveRun, message: DeliveredMessage, control: ControlMessage): Promise<void> {
  await active.inbox.close();
  const next: ControlMessage = { ...control, action: "continue", tenure: control.tenure + 1 };
  await ports.queues.send(message.queue, [
    { body: encodeControl(next), group: control.run, deduplicationId: `${control.run}.${next.tenure}` },
  ]);
}

/** The run can't go on: says so, keeps the last durable checkpoint's state, so that `resume` can. */
async function fail(
  active: ActiveRun,
  ledger: Ledger,
  lease: Lease,
  spending: Spending,
  last: Draft | undefined,
  error: MarinaError,
  control: ControlMessage,
): Promise<void> {
  lease.check();
  await ledger.settled();
  const found = await readCheckpoint(active.ports, active.run);
  const base: Draft = found?.checkpoint ?? last ?? emptyDraft(active, control);
  const { commit: _, ...draft } = base as Checkpoint;
  const diverged = error.code === "non-finite";
  const checkpoint: Draft = {
    ...draft,
    tenure: control.tenure,
    status: diverged ? "diverged" : "failed",
    stoppedBy: diverged ? "divergence" : "error",
    error: error.message,
    usage: spending.save(),
  };
  await finish(active, ledger, lease, spending, { checkpoint, loss: null, gradientNormSquared: null });
}

/** What can be said of a run that failed in its calibration. */
function emptyDraft({ run, digest, spec, dimension, rows, compressor }: ActiveRun, control: ControlMessage): Draft {
  const { omega, zeta } = compressor;
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
    totals: { uplinkBitsPerWorker: 0, uplinkBytes: 0, downlinkBytes: 0, evaluationBytes: 0, seconds: 0, resent: 0 },
    usage: null,
    state: { iterate: startingPoint(spec, dimension) },
    records: [],
  };
}

function resultOf(active: ActiveRun, { checkpoint, loss, gradientNormSquared }: Ending, usd: number): RunResult {
  const { status, totals, initialGradientNormSquared: initial } = checkpoint;
  if (status === "running") throw new RangeError("a running run has no result");
  return {
    version: 1,
    run: checkpoint.run,
    status,
    stoppedBy: checkpoint.stoppedBy,
    error: checkpoint.error,
    rounds: checkpoint.round,
    loss,
    gradientNormSquared,
    initialGradientNormSquared: initial,
    relativeGradientNormSquared:
      gradientNormSquared === null || initial === null || initial === 0 ? null : gradientNormSquared / initial,
    uplinkBitsPerWorker: totals.uplinkBitsPerWorker,
    uplinkBytesMeasured: totals.uplinkBytes,
    downlinkBytesMeasured: totals.downlinkBytes,
    evaluationBytesMeasured: totals.evaluationBytes,
    seconds: totals.seconds,
    usd,
    resentTasks: totals.resent,
    iterateSha256: vectorSha256(checkpoint.state["iterate"]!),
    constants: checkpoint.constants,
    spec: active.spec,
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
