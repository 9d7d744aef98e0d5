/** One exchange with the workers: tasks out, one valid answer per slot in, in slot order. */
import type { Log, MessageQueue, OutgoingMessage, Ports, QueueAddress } from "../../../shared/cloud/index.ts";
import {
  BATCH_LIMIT,
  encodeTasks,
  isOutsideMethod,
  MAX_SENDS,
  MESSAGE_LIMIT_BYTES,
  packTasks,
  QUEUE_PATIENCE_SECONDS,
  type Task,
} from "../../../shared/protocol/index.ts";
import type { Arrival, Inbox } from "./inbox.ts";
import type { Contribution, WorkerError } from "./message-reader.ts";
import { decideResend, hedgeThreshold } from "./resend.ts";
import { WorkerFailure, workerFailure } from "./worker-failure.ts";

export interface Exchange {
  readonly arrivals: readonly Arrival[];
  /** Bytes of the tasks' bodies, those outside the method apart. */
  readonly taskBytes: number;
  readonly outsideBytes: number;
  /** Tasks sent again: hedges, overdue ones, and those whose worker failed. */
  readonly resent: number;
  readonly hedged: number;
  /** Messages that came meanwhile and counted for nothing. */
  readonly dropped: number;
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
  kind: Contribution["kind"],
  shardsPerTask: number,
  hedging = true,
): Promise<Exchange> {
  const { phase, round } = tasks[0]!;
  inbox.expect({
    kind,
    phase,
    round,
    workers: Uint32Array.from(tasks, ({ worker }) => worker),
    evaluationOnly: tasks.map((task) => task.kind === "evaluate"),
  });
  // From here on a task is a packed one: sent, hedged and sent again as a whole.
  const packs = packTasks(tasks, shardsPerTask);
  const packOf = packs.flatMap(({ others = [] }, pack) => new Array<number>(1 + others.length).fill(pack));
  const missing = (): number[] => missingPacks(inbox, packOf);
  const bodies = encodeTasks(packs);
  await sendAll(queues, taskQueue, bodies);
  const sentAt = clock.now();
  const sends: number[] = new Array(packs.length).fill(1);
  const lastSent: number[] = new Array(packs.length).fill(sentAt);
  const retryAt: (number | undefined)[] = new Array(packs.length).fill(undefined);
  const threshold = hedging ? hedgeThreshold(tasks.length) : tasks.length;
  let mostInAt: number | undefined;
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
    await sendAll(
      queues,
      taskQueue,
      late.map((pack) => bodies[pack]!),
    );
  };
  const lastErrors: (WorkerError | undefined)[] = new Array(packs.length).fill(undefined);
  const droppedBefore = inbox.dropped;
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
    });
  let wait = decide().waitMilliseconds;
  for (;;) {
    const event = await inbox.next(wait, mostInAt === undefined ? threshold : tasks.length);
    if (event.kind === "complete") break;
    if (event.kind === "error") {
      const { error } = event;
      const pack = packOf[error.slot]!;
      if (!error.retryable || sends[pack]! >= MAX_SENDS) throw workerFailure(tasks[0]!, error);
      lastErrors[pack] = error;
      retryAt[pack] = clock.now() + FAILURE_PAUSE_MILLISECONDS * 2 ** (sends[pack]! - 1);
    }
    if (inbox.count >= threshold) mostInAt ??= clock.now();
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
      const said = lastErrors[decision.exhausted];
      if (said !== undefined) throw workerFailure(tasks[0]!, said);
      throw new WorkerFailure(
        "worker-failed",
        packs[decision.exhausted]!,
        `no answer after ${MAX_SENDS} tasks; look into the worker's log and the dead-letter queue of the tasks`,
      );
    }
    hedged += decision.hedges.length;
    await again([...decision.retries, ...decision.overdue, ...decision.hedges]);
    wait = decision.waitMilliseconds;
  }
  let taskBytes = 0;
  let outsideBytes = 0;
  bodies.forEach((body, pack) => {
    if (isOutsideMethod(packs[pack]!.kind)) outsideBytes += body.length * sends[pack]!;
    else taskBytes += body.length * sends[pack]!;
  });
  return {
    arrivals: inbox.arrivals as readonly Arrival[],
    taskBytes,
    outsideBytes,
    resent,
    hedged,
    dropped: inbox.dropped - droppedBefore,
  };
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

function nobodyWorks(place: Task, silence: number, waiting: number): WorkerFailure {
  return new WorkerFailure(
    "worker-failed",
    place,
    `no answer of any worker for ${Math.round(silence / 1000)} s while about ${waiting} tasks wait in the queue: its workers are busy with other runs, or none are started; look into marina doctor and the worker's throttles`,
  );
}

/** Packs with a slot that has not answered, each once. @param packOf slot -> pack, ascending */
function missingPacks(inbox: Inbox, packOf: readonly number[]): number[] {
  const missing: number[] = [];
  inbox.arrivals.forEach((arrival, slot) => {
    if (arrival === undefined && missing.at(-1) !== packOf[slot]) missing.push(packOf[slot]!);
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
