/** One exchange with the workers: tasks out, one valid answer per slot in, in slot order. */
import type { Log, MessageQueue, OutgoingMessage, Ports, QueueAddress } from "../../../shared/cloud/index.ts";
import {
  BATCH_LIMIT,
  type Downlink,
  encodeTasks,
  isOutsideMethod,
  MAX_SENDS,
  MESSAGE_LIMIT_BYTES,
  packTasks,
  QUEUE_PATIENCE_SECONDS,
  type Task,
} from "../../../shared/protocol/index.ts";
import type {
  AcceptedContribution,
  Answer,
  ContributionTable,
  Expectation,
  StateNeed,
  WorkerError,
} from "./contribution-table.ts";
import type { Inbox } from "./inbox.ts";
import { decideResend, hedgeThreshold } from "./resend.ts";
import { WorkerFailure, workerFailure } from "./worker-failure.ts";

export interface Exchange {
  /** Slot -> its contribution. */
  readonly accepted: readonly AcceptedContribution[];
  /** Bytes of the tasks' bodies, and of what workers have read that could not do them; those outside the method apart. */
  readonly taskBytes: number;
  readonly outsideBytes: number;
  /** Tasks sent again: hedges, overdue ones, and those whose worker failed. */
  readonly resent: number;
  readonly hedged: number;
  /** Messages that came meanwhile and counted for nothing. */
  readonly dropped: number;
}

/** Told how far an exchange is. */
export interface ExchangeWatch {
  /** All tasks have left for the first time. */
  readonly sent?: () => void;
  /** A batch of answers was looked at, some of which may have counted. */
  readonly counted?: () => void;
  /**
   * The server's state in full, for workers that can't make it: stored when it is asked for first.
   * @param again somebody has not found what was stored.
   */
  readonly fullState?: (again: boolean) => Promise<Downlink>;
  /** See `Expectation`: an answer that it objects to counts for nothing, and its task is sent again. */
  readonly objection?: Expectation["objection"];
  /** Slot -> what an exchange of the same tasks has brought already: those are not sent. */
  readonly known?: Expectation["known"];
}

/** After a worker's failure its task waits before it is sent again: a second, then two, then four. */
const FAILURE_PAUSE_MILLISECONDS = 1000;

/**
 * Sends the tasks (slot s is tasks[s]), packed by neighbours, and waits for all answers; late ones are sent again as `resend.ts` decides.
 * @throws MarinaError "worker-failed" or "non-finite" naming run, round and worker when a worker can't answer.
 */
export async function exchange(
  { queues, clock, log }: Ports,
  taskQueue: QueueAddress,
  inbox: Inbox,
  tasks: readonly Task[],
  kind: Answer["kind"],
  shardsPerTask: number,
  hedging = true,
  watch: ExchangeWatch = {},
): Promise<Exchange> {
  const { contributions } = inbox;
  const { objection, known } = watch;
  inbox.expect({ ...expectationOf(tasks, kind), objection, known }, watch.counted);
  // From here on a task is a packed one: sent, hedged and sent again as a whole.
  const packs = packTasks(tasks, shardsPerTask);
  const packOf = packs.flatMap(({ others = [] }, pack) => new Array<number>(1 + others.length).fill(pack));
  const missing = (): number[] => missingPacks(contributions, packOf);
  const bodies = encodeTasks(packs);
  const sent = { taskBytes: 0, outsideBytes: 0 };
  const send = async (which: readonly number[]): Promise<void> => {
    for (const pack of which) {
      const { length } = bodies[pack]!;
      if (isOutsideMethod(packs[pack]!.kind)) sent.outsideBytes += length;
      else sent.taskBytes += length;
    }
    await sendAll(
      queues,
      taskQueue,
      which.map((pack) => bodies[pack]!),
    );
  };
  const asked = known === undefined ? packs.map((_, pack) => pack) : missing();
  await send(asked);
  watch.sent?.();
  const sentAt = clock.now();
  const sends: number[] = new Array(packs.length).fill(0);
  for (const pack of asked) sends[pack] = 1;
  const lastSent: number[] = new Array(packs.length).fill(sentAt);
  const retryAt: (number | undefined)[] = new Array(packs.length).fill(undefined);
  // What is asked beside the method changes nothing of when the method's tasks are hedged, and is not hedged.
  const beside = tasks.filter(isBeside).length;
  const hedgeable = packs.filter((pack) => !isBeside(pack)).length;
  const mayHedge = hedging && known === undefined && beside < tasks.length;
  const threshold = mayHedge ? beside + hedgeThreshold(tasks.length - beside) : tasks.length;
  let mostInAt: number | undefined;
  let confirmed = false;
  let hedged = 0;
  let resent = 0;
  const again = async (late: readonly number[]): Promise<void> => {
    if (late.length === 0) return;
    resent += late.length;
    for (const pack of late) {
      sends[pack]!++;
      lastSent[pack] = clock.now();
      retryAt[pack] = undefined;
    }
    await send(late);
  };
  /** Pack -> how often its workers have said that they need the state. */
  const needed: number[] = new Array(packs.length).fill(0);
  /** No failure of a worker's, and no sending that counts; but no pack asks for ever. */
  const withState = async (needs: readonly StateNeed[]): Promise<void> => {
    const { fullState } = watch;
    for (const { bytesRead } of needs) sent.taskBytes += bytesRead;
    if (fullState === undefined) return;
    const needy = [...new Set(needs.map(({ slot }) => packOf[slot]!))];
    const told = (pack: number): boolean =>
      needed[pack]! > 0 || packs[pack]!.downlink?.base?.round === packs[pack]!.round;
    const downlink = await fullState(needy.some(told));
    const whole = encodeTasks(needy.map((pack) => ({ ...packs[pack]!, downlink })));
    for (const [i, pack] of needy.entries()) {
      if (++needed[pack]! > MAX_SENDS) throw stateless(packs[pack]!);
      bodies[pack] = whole[i]!;
      lastSent[pack] = clock.now();
    }
    await send(needy);
  };
  const lastErrors: (WorkerError | undefined)[] = new Array(packs.length).fill(undefined);
  const rejectedBefore = contributions.rejected;
  /** When tasks were last seen to wait in the queue. */
  let waitingAt = sentAt;
  const decide = () =>
    decideResend({
      now: clock.now(),
      sentAt,
      aliveAt: Math.max(waitingAt, inbox.heardAt),
      mostInAt,
      missing: missing(),
      sends,
      lastSent,
      retryAt,
      hedged,
      hedgeable,
    });
  let wait = decide().waitMilliseconds;
  for (;;) {
    const event = await inbox.next(wait, mostInAt === undefined ? threshold : tasks.length);
    if (event.kind === "complete") break;
    if (event.kind === "need-state") await withState(event.needs);
    if (event.kind === "error") {
      const { error } = event;
      const pack = packOf[error.slot]!;
      if (error.code === "corrupt") {
        const { round, slot, worker, message } = error;
        log.warn("worker-failed-task", { round, slot, worker, error: message });
      }
      if (!error.retryable || sends[pack]! >= MAX_SENDS) throw workerFailure(tasks[0]!, error);
      lastErrors[pack] = error;
      retryAt[pack] = clock.now() + FAILURE_PAUSE_MILLISECONDS * 2 ** (sends[pack]! - 1);
    }
    if (contributions.count >= threshold) mostInAt ??= clock.now();
    let decision = decide();
    if (decision.overdue.length > 0 || decision.exhausted !== undefined) {
      const waiting = await tasksWaiting(queues, taskQueue, log);
      if (waiting > 0) {
        waitingAt = clock.now();
        const silence = waitingAt - inbox.heardAt;
        if (silence >= 1000 * QUEUE_PATIENCE_SECONDS)
          throw nobodyWorks(packs[missing()[0]!]!, silence, waiting);
      }
      decision = decide();
    }
    if (decision.exhausted !== undefined) {
      throw exhausted(packs[decision.exhausted]!, lastErrors[decision.exhausted]);
    }
    if (!confirmed && decision.overdue.some((pack) => lastErrors[pack] === undefined)) {
      // Another aggregator that believes the run to be its own may be taking the answers.
      await inbox.confirmHold();
      confirmed = true;
    }
    hedged += decision.hedges.length;
    await again([...decision.retries, ...decision.overdue, ...decision.hedges]);
    wait = decision.waitMilliseconds;
  }
  return {
    accepted: contributions.accepted as readonly AcceptedContribution[],
    ...sent,
    resent,
    hedged,
    dropped: contributions.rejected - rejectedBefore,
  };
}

/** What is asked for the record beside what the method asks for comes after that. */
function isBeside({ kind }: Task): boolean {
  return kind === "held-out" || kind === "reduce-observed";
}

function expectationOf(tasks: readonly Task[], kind: Answer["kind"]): Expectation {
  const { phase, round, ranges } = tasks[0]!;
  const heldOutFrom = tasks.findIndex((task) => task.kind === "held-out");
  return {
    kind,
    ...(heldOutFrom === -1 ? {} : { heldOutFrom }),
    phase,
    round,
    workers: Uint32Array.from(tasks, ({ worker }) => worker),
    evaluationOnly: tasks.map((task) => task.kind === "evaluate"),
    ranges,
  };
}

/** @param said by its worker, if it could say anything. */
function exhausted(pack: Task, said: WorkerError | undefined): WorkerFailure {
  if (said !== undefined) return workerFailure(pack, said);
  return new WorkerFailure(
    "worker-failed",
    pack,
    `no answer after ${MAX_SENDS} tasks; look into the worker's log and the dead-letter queue of the tasks`,
  );
}

/** Tasks in the queue, of this run or of others, that no worker has taken yet; none where that can't be told. */
async function tasksWaiting(queues: MessageQueue, taskQueue: QueueAddress, log: Log): Promise<number> {
  try {
    return await queues.waiting(taskQueue);
  } catch (error) {
    log.warn("task-queue-unseen", { error: String(error) });
    return 0;
  }
}

function stateless(pack: Task): WorkerFailure {
  return new WorkerFailure(
    "worker-failed",
    pack,
    `its worker has not found the server's state where it was stored, ${MAX_SENDS} times; look into the bucket's lifecycle rules`,
  );
}

function nobodyWorks(place: Task, silence: number, waiting: number): WorkerFailure {
  return new WorkerFailure(
    "worker-failed",
    place,
    `no answer of any worker for ${Math.round(silence / 1000)} s while about ${waiting} tasks wait in the queue: its workers are busy with other runs, or none are started; look into marina doctor and the worker's throttles`,
  );
}

/** Packs with a slot that has not answered, each once. @param packOf slot -> pack, ascending */
function missingPacks({ accepted }: ContributionTable, packOf: readonly number[]): number[] {
  const missing: number[] = [];
  accepted.forEach((contribution, slot) => {
    if (contribution === undefined && missing.at(-1) !== packOf[slot]) missing.push(packOf[slot]!);
  });
  return missing;
}

/** Sends any number of messages in as few batches as the limits allow, all at once. */
async function sendAll(queues: MessageQueue, queue: QueueAddress, bodies: readonly string[]): Promise<void> {
  const batches: OutgoingMessage[][] = [];
  let batch: OutgoingMessage[] = [];
  let bytes = 0;
  for (const body of bodies) {
    if (batch.length === BATCH_LIMIT || (batch.length > 0 && bytes + body.length > MESSAGE_LIMIT_BYTES)) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push({ body });
    bytes += body.length;
  }
  if (batch.length > 0) batches.push(batch);
  await Promise.all(batches.map((messages) => queues.send(queue, messages)));
}
