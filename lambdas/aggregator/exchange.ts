/** One exchange with the workers: tasks out, one valid answer per slot in, in slot order. */
import type { MessageQueue, OutgoingMessage, Ports, QueueAddress } from "../../shared/cloud/ports.ts";
import { MarinaError } from "../../shared/math/errors.ts";
import { BATCH_LIMIT, MESSAGE_LIMIT_BYTES, MAX_SENDS } from "../../shared/protocol/limits.ts";
import { encodeTasks, isOutsideMethod, type Task } from "../../shared/protocol/task.ts";
import { type Arrival, type Contribution, type Inbox, workerError } from "./inbox.ts";
import { decideResend, hedgeThreshold } from "./resend.ts";

export interface Exchange {
  readonly arrivals: readonly Arrival[];
  /** Bytes of the tasks' bodies, those outside the method apart. */
  readonly taskBytes: number;
  readonly outsideBytes: number;
  /** Tasks sent again. */
  readonly resent: number;
}

/**
 * Sends the tasks (slot s is tasks[s]) and waits for all answers; late ones are sent again as `resend.ts` decides.
 * @throws MarinaError "worker-failed" or "non-finite" naming run, round and worker when a worker can't answer.
 */
export async function exchange(
  { queues, clock }: Ports,
  taskQueue: QueueAddress,
  inbox: Inbox,
  tasks: readonly Task[],
  kind: Contribution["kind"],
): Promise<Exchange> {
  const round = tasks[0]!.round;
  inbox.expect({
    kind,
    round,
    workers: Uint32Array.from(tasks, ({ worker }) => worker),
    evaluationOnly: tasks.map((task) => task.kind === "evaluate"),
  });
  const bodies = encodeTasks(tasks);
  await sendAll(queues, taskQueue, bodies);
  const sentAt = clock.now();
  const sends: number[] = new Array(tasks.length).fill(1);
  const lastSent: number[] = new Array(tasks.length).fill(sentAt);
  const threshold = hedgeThreshold(tasks.length);
  let mostInAt: number | undefined;
  let hedged = 0;
  let resent = 0;
  const again = async (slots: readonly number[]): Promise<void> => {
    if (slots.length === 0) return;
    resent += slots.length;
    for (const slot of slots) {
      sends[slot]!++;
      lastSent[slot] = clock.now();
    }
    await sendAll(
      queues,
      taskQueue,
      slots.map((slot) => bodies[slot]!),
    );
  };
  let wait = decideResend({ now: sentAt, sentAt, mostInAt, missing: slotsOf(inbox), sends, lastSent, hedged }).waitMilliseconds;
  for (;;) {
    const event = await inbox.next(wait, mostInAt === undefined ? threshold : tasks.length);
    if (event.kind === "complete") break;
    if (event.kind === "error") {
      const { error } = event;
      if (!error.retryable || sends[error.slot]! >= MAX_SENDS) throw workerError(tasks[0]!.run, error);
      await again([error.slot]);
      continue;
    }
    if (inbox.count >= threshold) mostInAt ??= clock.now();
    const decision = decideResend({ now: clock.now(), sentAt, mostInAt, missing: slotsOf(inbox), sends, lastSent, hedged });
    if (decision.exhausted !== undefined) {
      const { run, worker } = tasks[decision.exhausted]!;
      throw new MarinaError(
        "worker-failed",
        `run ${run}, round ${round}, worker ${worker}: no answer after ${MAX_SENDS} tasks; look into the worker's log and the dead-letter queue of the tasks`,
      );
    }
    hedged += decision.hedges.length;
    await again([...decision.overdue, ...decision.hedges]);
    wait = decision.waitMilliseconds;
  }
  let taskBytes = 0;
  let outsideBytes = 0;
  bodies.forEach((body, slot) => {
    if (isOutsideMethod(tasks[slot]!.kind)) outsideBytes += body.length * sends[slot]!;
    else taskBytes += body.length * sends[slot]!;
  });
  return { arrivals: inbox.arrivals as readonly Arrival[], taskBytes, outsideBytes, resent };
}

function slotsOf(inbox: Inbox): number[] {
  const missing: number[] = [];
  inbox.arrivals.forEach((arrival, slot) => {
    if (arrival === undefined) missing.push(slot);
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
