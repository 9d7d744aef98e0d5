/** Loads a run: its checkpoint, description and data set; opens its queue; says where the term begins. */
import { MarinaError } from "../../../shared/base/index.ts";
import { existingQueue, type QueueAddress } from "../../../shared/cloud/index.ts";
import {
  type Checkpoint,
  CONTRIBUTION_RETENTION_SECONDS,
  CONTRIBUTION_VISIBILITY_SECONDS,
  type ControlMessage,
  contributionsQueueName,
  isCalibrated,
} from "../../../shared/protocol/index.ts";
import { CheckpointWriter } from "../checkpoints/checkpoint-writer.ts";
import { StateBases } from "../checkpoints/state-bases.ts";
import { readCheckpoint } from "../checkpoints/stored-checkpoint.ts";
import { emptyCheckpoint, type UncommittedCheckpoint } from "../checkpoints/uncommitted-checkpoint.ts";
import { wholeCheckpoint } from "../checkpoints/whole-checkpoint.ts";
import { Inbox } from "../exchange/inbox.ts";
import { currentEpoch } from "../membership/decide.ts";
import { type ActiveRun, loadRun, loadStored } from "./active-run.ts";
import { afterRound, budgetOf } from "./budget.ts";
import { endRun } from "./end-run.ts";
import { type OpenTerm, type Term, workingMembership } from "./open-term.ts";
import type { RunState } from "./run-state.ts";
import { startOf } from "./starting-point.ts";

/** Undefined where there is nothing to drive. */
export async function load(
  term: Term,
): Promise<{ readonly open: OpenTerm; readonly state: RunState } | undefined> {
  const { ports, settings, control, invocation } = term;
  const { run } = control;
  const found = await readCheckpoint(ports.objects, run);
  if (found !== undefined && !mayDrive(control, found.checkpoint)) {
    await leaveAsItIs(term, found.checkpoint);
    return undefined;
  }
  const whole = found === undefined ? undefined : await withState(term, found.checkpoint);
  const from = whole === undefined ? undefined : resumed(whole, control);
  const spending = settings.spendingOf(run);
  term.spending = spending;
  const writer = new CheckpointWriter(ports.objects, run, invocation.requestId, found);
  term.writer = writer;
  const bases = new StateBases(ports.objects, ports.log, run, `${control.tenure}/${invocation.requestId}`);
  term.bases = bases;
  bases.inherit(found?.checkpoint.base, found?.checkpoint.round ?? 0);
  const active = await openRun(term, writer, found?.checkpoint, from?.generation ?? 0);
  term.active = active;
  if (from !== undefined) spending.restore(from.usage);
  if (from !== undefined && found?.checkpoint.status !== "running") {
    // From now on it runs again: durable before anything else, so that a stop can name this incarnation.
    writer.commit(from);
    await writer.settled();
  }
  const open: OpenTerm = {
    ...term,
    writer,
    bases,
    active,
    spending,
    observe: (record) => settings.observer?.round?.(run, record, invocation.requestId),
    observeCalibration: settings.observer?.calibration ?? (() => undefined),
    working: workingMembership(active, bases),
  };
  const begins: UncommittedCheckpoint = from ?? {
    ...emptyCheckpoint(active, control, await startOf(active)),
    status: "running",
  };
  return { open, state: stateOf(open, begins) };
}

/** The checkpoint with its state, for which the run's description is needed where it names a base. */
async function withState({ ports, settings }: Term, checkpoint: Checkpoint): Promise<Checkpoint> {
  if (checkpoint.base === undefined) return checkpoint;
  const { spec } = await loadStored(ports, checkpoint.run, settings.descriptions);
  return wholeCheckpoint(ports.objects, spec, checkpoint);
}

/** Is this control message the one that should drive, or a late duplicate? */
function mayDrive(
  { action, tenure: asked }: ControlMessage,
  { status, tenure: reached }: Checkpoint,
): boolean {
  if (status === "running") return asked >= reached;
  return action === "resume" && asked > reached && (status === "stopped" || status === "failed");
}

/** The aggregator that ended the run may have died before the result was written. */
async function leaveAsItIs({ ports, settings, control }: Term, checkpoint: Checkpoint): Promise<void> {
  const { status } = checkpoint;
  const { run, tenure } = control;
  ports.log.info("control-stale", { run, tenure, status });
  if (status === "running") return;
  await endRun(
    ports,
    settings.queuePrefix,
    (await loadStored(ports, run, settings.descriptions)).spec,
    checkpoint,
  );
}

function resumed(checkpoint: Checkpoint, control: ControlMessage): UncommittedCheckpoint {
  const { commit: _, ...base } = checkpoint;
  return {
    ...base,
    tenure: control.tenure,
    generation: base.status === "running" ? base.generation : base.generation + 1,
    status: "running",
    stoppedBy: null,
    error: null,
    ending: null,
  };
}

/** Loads the run's description and opens its queue of contributions. */
async function openRun(
  term: Term,
  writer: CheckpointWriter,
  checkpoint: Checkpoint | undefined,
  incarnation: number,
): Promise<ActiveRun> {
  const { ports, settings, control, lease, invocation } = term;
  const { run } = control;
  const { taskQueue, observer, hedging = true, hooks = {} } = settings;
  const begun = checkpoint !== undefined && isCalibrated(checkpoint);
  const membership = begun ? currentEpoch(checkpoint.elastic) : undefined;
  const loaded = await loadRun(ports, run, membership, settings.descriptions);
  if (checkpoint !== undefined && checkpoint.runDigest !== loaded.digest) {
    throw new MarinaError(
      "corrupt",
      `run ${run}: its description was changed since it began (${checkpoint.runDigest}, now ${loaded.digest})`,
    );
  }
  const replyTo = await queueOf(term, checkpoint);
  const watcher = observer?.answers?.(run, invocation.requestId);
  const inbox = new Inbox(ports, replyTo, {
    runDigest: loaded.digest,
    incarnation,
    lease: { check: () => lease.check(), confirm: () => writer.confirm() },
    observer: watcher,
    ...hooks,
  });
  inbox.open();
  return { ...loaded, taskQueue, replyTo, inbox, hedging, hooks };
}

/**
 * The run's queue of contributions. Whoever was replaced must not make it anew after its successor has deleted it: a run
 * that is under way has its queue, and a call that finds it makes none, however late it takes effect.
 */
async function queueOf(
  { ports: { queues }, settings, control, lease }: Term,
  checkpoint: Checkpoint | undefined,
): Promise<QueueAddress> {
  const name = contributionsQueueName(settings.queuePrefix, control.run);
  lease.check();
  const found = checkpoint?.status === "running" ? await existingQueue(queues, name) : undefined;
  if (found !== undefined) return found;
  lease.check();
  return queues.create(name, {
    visibilitySeconds: CONTRIBUTION_VISIBILITY_SECONDS,
    retentionSeconds: CONTRIBUTION_RETENTION_SECONDS,
  });
}

/** Where the term begins. */
function stateOf({ active, spending, startedAt }: OpenTerm, from: UncommittedCheckpoint): RunState {
  const { run, runDigest, tenure, generation, round, referenceRound, totals, records } = from;
  const { seconds } = totals;
  const now = active.ports.clock.now();
  const spent = { usd: spending.usd(), seconds: seconds + (now - startedAt) / 1000 };
  return {
    spec: active.spec,
    datasetRows: active.manifest.rows,
    identity: { run, runDigest, tenure, generation },
    round,
    referenceRound,
    vectors: from.state,
    constants: from.constants,
    Li: undefined,
    elastic: from.elastic,
    initialGradientNormSquared: from.initialGradientNormSquared,
    totals,
    records,
    calibration: null,
    firstRound: round,
    advanced: false,
    counted: { seconds, at: startedAt },
    atBoundary: spent,
    spent,
    budget: afterRound(budgetOf(records), spent),
    references: [referenceRound],
    storedRound: -1,
    storedAt: startedAt,
    longestRoundSeconds: 0,
    ending: null,
  };
}
