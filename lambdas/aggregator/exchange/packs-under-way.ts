/** The tasks of an exchange, packed: how often and when each was sent, and what its workers have said so far. */
import type { Log, MessageQueue, OutgoingMessage, Ports, QueueAddress } from "../../../shared/cloud/index.ts";
import {
  BATCH_LIMIT,
  type Downlink,
  encodeTasks,
  isOutsideMethod,
  MAX_SENDS,
  MESSAGE_LIMIT_BYTES,
  QUEUE_PATIENCE_SECONDS,
  type Task,
} from "../../../shared/protocol/index.ts";
import type { ContributionTable, StateNeed, WorkerError } from "./contribution-table.ts";
import type { Inbox } from "./inbox.ts";
import { decideResend, type ResendDecision } from "./resend.ts";
import { WorkerFailure, workerFailure } from "./worker-failure.ts";

/** After a worker's failure its task waits before it is sent again: a second, then two, then four. */
const FAILURE_PAUSE_MILLISECONDS = 1000;

/** Of the method or for the record, in bytes of bodies and of what was read in vain. */
interface Sent {
  taskBytes: number;
  outsideBytes: number;
}

/** What comes for the record beside what the method asks for is no reason to wait less, or to send anything twice. */
export function isBeside({ kind }: Task): boolean {
  return kind === "held-out" || kind === "reduce-observed";
}

export class PacksUnderWay {
  readonly #packs: readonly Task[];
  readonly #ports: Pick<Ports, "queues" | "clock" | "log">;
  readonly #queue: QueueAddress;
  readonly #inbox: Pick<Inbox, "contributions" | "heardAt">;
  /** Slot -> pack, ascending. */
  readonly #packOf: readonly number[];
  readonly #bodies: string[];
  /** All that follows is by pack. */
  readonly #sends: number[];
  readonly #lastSent: number[];
  readonly #retryAt: (number | undefined)[];
  /** How often its workers have said that they need the state. */
  readonly #needed: number[];
  readonly #lastErrors: (WorkerError | undefined)[];
  readonly #hedgeable: number;
  #sentAt = 0;
  /** When tasks were last seen to wait in the queue. */
  #waitingAt = 0;
  readonly sent: Sent = { taskBytes: 0, outsideBytes: 0 };
  /** Tasks sent again, the hedges among them. */
  resent = 0;
  hedged = 0;

  constructor(
    ports: Pick<Ports, "queues" | "clock" | "log">,
    queue: QueueAddress,
    inbox: Pick<Inbox, "contributions" | "heardAt">,
    packs: readonly Task[],
  ) {
    this.#ports = ports;
    this.#queue = queue;
    this.#inbox = inbox;
    this.#packs = packs;
    this.#packOf = packs.flatMap(({ others = [] }, pack) => new Array<number>(1 + others.length).fill(pack));
    this.#bodies = encodeTasks(packs);
    this.#sends = new Array(packs.length).fill(0);
    this.#lastSent = new Array(packs.length).fill(0);
    this.#retryAt = new Array(packs.length).fill(undefined);
    this.#needed = new Array(packs.length).fill(0);
    this.#lastErrors = new Array(packs.length).fill(undefined);
    // What is asked beside the method changes nothing of when the method's tasks are hedged, and is not hedged.
    this.#hedgeable = packs.filter((pack) => !isBeside(pack)).length;
  }

  /** Sends those that have slots without an answer. @param sent called when they have left. */
  async begin(sent?: () => void): Promise<void> {
    const asked = this.#missing();
    await this.#send(asked);
    sent?.();
    this.#sentAt = this.#ports.clock.now();
    this.#waitingAt = this.#sentAt;
    this.#lastSent.fill(this.#sentAt);
    for (const pack of asked) this.#sends[pack] = 1;
  }

  /** @param mostInAt when so many answers were in that the others count as late; undefined before. */
  decide(mostInAt: number | undefined): ResendDecision {
    return decideResend({
      now: this.#ports.clock.now(),
      sentAt: this.#sentAt,
      aliveAt: Math.max(this.#waitingAt, this.#inbox.heardAt),
      mostInAt,
      missing: this.#missing(),
      sends: this.#sends,
      lastSent: this.#lastSent,
      retryAt: this.#retryAt,
      hedged: this.hedged,
      hedgeable: this.#hedgeable,
    });
  }

  async again({ retries, overdue, hedges }: ResendDecision): Promise<void> {
    this.hedged += hedges.length;
    const late = [...retries, ...overdue, ...hedges];
    if (late.length === 0) return;
    this.resent += late.length;
    for (const pack of late) {
      this.#sends[pack]!++;
      this.#lastSent[pack] = this.#ports.clock.now();
      this.#retryAt[pack] = undefined;
    }
    await this.#send(late);
  }

  /**
   * Sends again, with all of the server's state, those whose workers lack it. No failure of a worker's, and no sending that
   * counts; but no pack asks for ever.
   */
  async withState(
    needs: readonly StateNeed[],
    fullState: ((again: boolean) => Promise<Downlink>) | undefined,
  ): Promise<void> {
    for (const { bytesRead } of needs) this.sent.taskBytes += bytesRead;
    if (fullState === undefined) return;
    const needy = [...new Set(needs.map(({ slot }) => this.#packOf[slot]!))];
    const packs = this.#packs;
    const told = (pack: number): boolean =>
      this.#needed[pack]! > 0 || packs[pack]!.downlink?.base?.round === packs[pack]!.round;
    const downlink = await fullState(needy.some(told));
    const whole = encodeTasks(needy.map((pack) => ({ ...packs[pack]!, downlink })));
    for (const [i, pack] of needy.entries()) {
      if (++this.#needed[pack]! > MAX_SENDS) throw stateless(packs[pack]!);
      this.#bodies[pack] = whole[i]!;
      this.#lastSent[pack] = this.#ports.clock.now();
    }
    await this.#send(needy);
  }

  /** A worker has failed: its pack is sent again after a pause. @throws WorkerFailure where that is of no use. */
  failed(error: WorkerError): void {
    const pack = this.#packOf[error.slot]!;
    const { log, clock } = this.#ports;
    if (error.code === "corrupt") {
      const { round, slot, worker, message } = error;
      log.warn("worker-failed-task", { round, slot, worker, error: message });
    }
    if (!error.retryable || this.#sends[pack]! >= MAX_SENDS) throw workerFailure(this.#packs[0]!, error);
    this.#lastErrors[pack] = error;
    this.#retryAt[pack] = clock.now() + FAILURE_PAUSE_MILLISECONDS * 2 ** (this.#sends[pack]! - 1);
  }

  /** Nothing at all was heard of it. */
  isSilent(pack: number): boolean {
    return this.#lastErrors[pack] === undefined;
  }

  /** Do tasks wait in the queue? Then none of them is late. @throws WorkerFailure where they do so for too long. */
  async lookIntoQueue(): Promise<void> {
    const { queues, clock, log } = this.#ports;
    const waiting = await tasksWaiting(queues, this.#queue, log);
    if (waiting === 0) return;
    this.#waitingAt = clock.now();
    const silence = this.#waitingAt - this.#inbox.heardAt;
    // The last answers may have come meanwhile, on a clock that has jumped.
    const [first] = this.#missing();
    if (silence >= 1000 * QUEUE_PATIENCE_SECONDS && first !== undefined)
      throw nobodyWorks(this.#packs[first]!, silence, waiting);
  }

  /** Why the run fails whose pack was sent as often as allowed. */
  exhausted(pack: number): WorkerFailure {
    const said = this.#lastErrors[pack];
    if (said !== undefined) return workerFailure(this.#packs[pack]!, said);
    return new WorkerFailure(
      "worker-failed",
      this.#packs[pack]!,
      `no answer after ${MAX_SENDS} tasks; look into the worker's log and the dead-letter queue of the tasks`,
    );
  }

  #missing(): number[] {
    return missingPacks(this.#inbox.contributions, this.#packOf);
  }

  async #send(which: readonly number[]): Promise<void> {
    for (const pack of which) {
      const { length } = this.#bodies[pack]!;
      if (isOutsideMethod(this.#packs[pack]!.kind)) this.sent.outsideBytes += length;
      else this.sent.taskBytes += length;
    }
    await sendAll(
      this.#ports.queues,
      this.#queue,
      which.map((pack) => this.#bodies[pack]!),
    );
  }
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
function missingPacks(
  { accepted }: Pick<ContributionTable, "accepted">,
  packOf: readonly number[],
): number[] {
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
