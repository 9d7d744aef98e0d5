/** The run's contributions: long polls in parallel, the first valid answer of each slot, everything else dropped. */
import type {
  Clock,
  Log,
  MessageQueue,
  ObjectStore,
  QueueAddress,
  ReceivedMessage,
} from "../../shared/cloud/ports.ts";
import { MarinaError } from "../../shared/math/errors.ts";
import {
  decodeIncoming,
  evaluationBytesOfContribution,
  type Incoming,
  parseIncoming,
} from "../../shared/protocol/contribution.ts";
import { BATCH_LIMIT, CONTRIBUTION_WAIT_SECONDS, PARALLEL_POLLS } from "../../shared/protocol/limits.ts";

export type Contribution = Extract<Incoming, { kind: "contribution" | "answer" }>;
export type WorkerError = Extract<Incoming, { kind: "error" }>;

/** What an exchange waits for. */
export interface Expectation {
  readonly kind: Contribution["kind"];
  readonly round: number;
  /** Slot -> worker. */
  readonly workers: Uint32Array;
  /** Slot -> only an evaluation was asked for: a late answer of the other sort must not count. */
  readonly evaluationOnly: readonly boolean[];
}

export interface Arrival {
  readonly message: Contribution;
  /** Bytes of the body (and of a stored contribution), evaluation apart. */
  readonly bytes: number;
  readonly evaluationBytes: number;
}

/** What `next` came back with. */
export type InboxEvent =
  | { readonly kind: "complete" }
  | { readonly kind: "error"; readonly error: WorkerError }
  | { readonly kind: "progress" };

export class Inbox {
  readonly #queues: MessageQueue;
  readonly #objects: ObjectStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #queue: QueueAddress;
  readonly #runDigest: string;
  readonly #generation: number;
  readonly #polls: Promise<void>[] = [];
  #open = true;
  #waitSeconds = CONTRIBUTION_WAIT_SECONDS;
  #failure: unknown;
  #expected: Expectation | undefined;
  #arrivals: (Arrival | undefined)[] = [];
  #count = 0;
  #threshold = 0;
  #errors: WorkerError[] = [];
  #wake: (() => void) | undefined;
  #stopRequested = false;
  /** Messages that counted for nothing: duplicates, late ones, foreign or corrupt ones. */
  dropped = 0;

  constructor(
    { queues, objects, clock, log }: { queues: MessageQueue; objects: ObjectStore; clock: Clock; log: Log },
    queue: QueueAddress,
    runDigest: string,
    generation: number,
  ) {
    this.#queues = queues;
    this.#objects = objects;
    this.#clock = clock;
    this.#log = log;
    this.#queue = queue;
    this.#runDigest = runDigest;
    this.#generation = generation;
  }

  /** Begins to poll. */
  open(): void {
    for (let i = 0; i < PARALLEL_POLLS; i++) this.#polls.push(this.#poll());
  }

  /** True once the user has asked the run to stop. */
  get stopRequested(): boolean {
    return this.#stopRequested;
  }

  /** No new polls; resolves when those under way have come back (a poll left behind would swallow messages). */
  async close(): Promise<void> {
    this.#open = false;
    await Promise.all(this.#polls);
  }

  /** No new polls, and no waiting: the queue is about to be deleted. */
  abandon(): void {
    this.#open = false;
  }

  /** From now on polls are short, so that `close` is quick. */
  hurry(): void {
    this.#waitSeconds = 1;
  }

  /** Begins to wait for this round's slots. */
  expect(expected: Expectation): void {
    this.#expected = expected;
    this.#arrivals = new Array(expected.workers.length).fill(undefined);
    this.#count = 0;
    this.#errors = [];
  }

  /** Slot -> arrival, for the expectation at hand. */
  get arrivals(): readonly (Arrival | undefined)[] {
    return this.#arrivals;
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Resolves when at least `count` slots have answered, at a worker's error, or after `milliseconds`.
   * @throws what made a poll fail.
   */
  async next(milliseconds: number, count: number): Promise<InboxEvent> {
    this.#threshold = count;
    if (!this.#interesting()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        void this.#clock.sleep(milliseconds).then(resolve);
      });
      this.#wake = undefined;
    }
    if (this.#failure !== undefined) throw this.#failure;
    const error = this.#errors.shift();
    if (error !== undefined) return { kind: "error", error };
    return { kind: this.#complete() ? "complete" : "progress" };
  }

  #interesting(): boolean {
    return this.#failure !== undefined || this.#errors.length > 0 || this.#count >= this.#threshold;
  }

  #complete(): boolean {
    return this.#count === this.#arrivals.length;
  }

  async #poll(): Promise<void> {
    while (this.#open) {
      try {
        const messages = await this.#queues.receive(this.#queue, {
          max: BATCH_LIMIT,
          waitSeconds: this.#waitSeconds,
        });
        if (messages.length === 0) continue;
        // Eager: the queue is transport, not state. A crash recovers from the checkpoint and asks again.
        void this.#delete(messages);
        for (const message of messages) await this.#accept(message);
        if (this.#interesting()) this.#wake?.();
      } catch (error) {
        if (!this.#open) return;
        this.#failure ??= error;
        this.#wake?.();
        return;
      }
    }
  }

  async #delete(messages: readonly ReceivedMessage[]): Promise<void> {
    try {
      await this.#queues.delete(
        this.#queue,
        messages.map(({ receipt }) => receipt),
      );
    } catch (error) {
      // They come again and are dropped as duplicates.
      if (this.#open) this.#log.warn("contributions-not-deleted", { error: String(error) });
    }
  }

  async #accept({ body }: ReceivedMessage): Promise<void> {
    let message: Incoming;
    let bytes = body.length;
    let evaluationBytes = evaluationBytesOfContribution(body);
    try {
      message = decodeIncoming(body);
      if (message.kind === "stored" && this.#awaited(message)) {
        const { body: frame } = await this.#objects.get(message.key);
        message = parseIncoming(frame);
        const evaluation = message.kind === "contribution" ? (message.evaluation?.byteLength ?? 0) : 0;
        bytes += frame.length;
        evaluationBytes = evaluation;
      }
    } catch (error) {
      this.dropped++;
      this.#log.warn("contribution-unreadable", { error: String(error) });
      return;
    }
    if (message.runDigest !== this.#runDigest) {
      this.dropped++;
      return;
    }
    if (message.kind === "stop") {
      if (message.generation === this.#generation) this.#stopRequested = true;
      return;
    }
    if (message.kind === "stored" || !this.#awaited(message)) {
      this.dropped++;
      return;
    }
    if (message.kind === "error") {
      this.#errors.push(message);
      return;
    }
    const evaluationOnly = message.kind === "contribution" && message.payload.length === 0;
    if (
      message.kind !== this.#expected?.kind ||
      this.#expected.evaluationOnly[message.slot] !== evaluationOnly
    ) {
      this.dropped++;
      return;
    }
    this.#arrivals[message.slot] = { message, bytes: bytes - evaluationBytes, evaluationBytes };
    this.#count++;
    // A slot that has answered after all needs no second task, and must not fail the run.
    if (this.#errors.length > 0) this.#errors = this.#errors.filter(({ slot }) => slot !== message.slot);
  }

  /** Is this the answer of a slot that has not answered yet? */
  #awaited({ round, slot, worker }: { round: number; slot: number; worker: number }): boolean {
    const expected = this.#expected;
    return (
      expected !== undefined &&
      expected.round === round &&
      expected.workers[slot] === worker &&
      this.#arrivals[slot] === undefined
    );
  }
}

/** The error a run fails with when a worker can't do its task. */
export function workerError(run: string, error: WorkerError): MarinaError {
  const code = error.code === "non-finite" ? "non-finite" : "worker-failed";
  return new MarinaError(code, `run ${run}, round ${error.round}, worker ${error.worker}: ${error.message}`);
}
