/** The run's contributions: long polls in parallel, the first valid answer of each slot, everything else dropped. */
import { readChecked } from "../../shared/cloud/checked-read.ts";
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
  evaluationBytesOfFrame,
  type Incoming,
  parseIncoming,
  type ScaleRequest,
} from "../../shared/protocol/contribution.ts";
import { BATCH_LIMIT, CONTRIBUTION_WAIT_SECONDS, PARALLEL_POLLS } from "../../shared/protocol/limits.ts";
import { Alarm } from "./alarm.ts";

export type Contribution = Extract<Incoming, { kind: "contribution" | "answer" }>;
export type WorkerError = Extract<Incoming, { kind: "error" }>;

/** What an exchange waits for. */
export interface Expectation {
  readonly kind: Contribution["kind"];
  /** Of the cohort that was asked: see `elastic.ts`. */
  readonly phase: number;
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

/** Told what an inbox waits for, and of every answer when it counts it. For whoever watches, never control. */
export interface AnswerObserver {
  readonly expected: (expected: Expectation) => void;
  readonly counted: (slot: number, worker: number) => void;
}

/** The user wants the run to stop at once, whatever it waits for. */
export class StoppedNow extends Error {
  override readonly name = "StoppedNow";
}

/** Failures in a row of one poll, each after the bounded retries below the port; then the tenure fails. */
const POLL_FAILURES_LIMIT = 3;
const POLL_PAUSE_MILLISECONDS = 1000;

export class Inbox {
  readonly #queues: MessageQueue;
  readonly #objects: ObjectStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #queue: QueueAddress;
  readonly #runDigest: string;
  readonly #generation: number;
  readonly #checkHold: () => void;
  readonly #observer: AnswerObserver | undefined;
  readonly #alarm: Alarm;
  readonly #polls: Promise<void>[] = [];
  #open = true;
  #abandoned = false;
  #waitSeconds = CONTRIBUTION_WAIT_SECONDS;
  #pollsUnderWay = 0;
  #failure: unknown;
  #expected: Expectation | undefined;
  #arrivals: (Arrival | undefined)[] = [];
  #count = 0;
  #threshold = 0;
  #errors: WorkerError[] = [];
  #wake: (() => void) | undefined;
  #stopRequested = false;
  #stopNow = false;
  /** Of the user's command to stop: deleted only when the run has stopped, so that a crash can't lose it. */
  readonly #stopReceipts: string[] = [];
  #scale: ScaleRequest | undefined;
  /** Of the user's requests, with their numbers: deleted when what they ask for is stored. */
  #scaleReceipts: { readonly request: number; readonly receipt: string }[] = [];
  /** Messages that counted for nothing: duplicates, late ones, foreign or corrupt ones. */
  dropped = 0;

  /**
   * @param generation whose commands to stop are meant.
   * @param checkHold throws when somebody else may be driving the run.
   */
  constructor(
    { queues, objects, clock, log }: { queues: MessageQueue; objects: ObjectStore; clock: Clock; log: Log },
    queue: QueueAddress,
    runDigest: string,
    generation: number,
    checkHold: () => void = () => undefined,
    observer?: AnswerObserver,
  ) {
    this.#queues = queues;
    this.#objects = objects;
    this.#clock = clock;
    this.#alarm = new Alarm(clock);
    this.#log = log;
    this.#queue = queue;
    this.#runDigest = runDigest;
    this.#generation = generation;
    this.#checkHold = checkHold;
    this.#observer = observer;
  }

  /** Begins to poll. */
  open(): void {
    for (let i = 0; i < PARALLEL_POLLS; i++) this.#polls.push(this.#poll());
  }

  /** Receive requests that have not come back yet. */
  get pollsUnderWay(): number {
    return this.#pollsUnderWay;
  }

  /** True once the user has asked the run to stop. */
  get stopRequested(): boolean {
    return this.#stopRequested;
  }

  /** The user's last request for another number of workers or slots, whether it was taken in or not. */
  get scaleRequest(): ScaleRequest | undefined {
    return this.#scale;
  }

  /** Forgets requests up to this one: what they ask for is stored. */
  async forgetScale(taken: number): Promise<void> {
    const done = this.#scaleReceipts.filter(({ request }) => request <= taken).map(({ receipt }) => receipt);
    if (done.length === 0) return;
    this.#scaleReceipts = this.#scaleReceipts.filter(({ request }) => request > taken);
    for (let first = 0; first < done.length; first += BATCH_LIMIT)
      await this.#delete(done.slice(first, first + BATCH_LIMIT));
  }

  /** Forgets the user's command, once the run has stopped for good. */
  async forgetStop(): Promise<void> {
    for (let first = 0; first < this.#stopReceipts.length; first += BATCH_LIMIT) {
      await this.#queues.delete(this.#queue, this.#stopReceipts.slice(first, first + BATCH_LIMIT));
    }
  }

  /**
   * No new polls; resolves when those under way have come back and what they brought is visible again. A poll left behind
   * would swallow answers of whoever drives the run next, who would miss them until they are overdue.
   */
  async close(): Promise<void> {
    this.#open = false;
    if (!this.#abandoned) await Promise.all(this.#polls);
  }

  /** No new polls, and no waiting, not even by `close`: the queue is about to be deleted. */
  abandon(): void {
    this.#open = false;
    this.#abandoned = true;
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
    this.#observer?.expected(expected);
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
   * @throws what made a poll fail; StoppedNow when the user wants that.
   */
  async next(milliseconds: number, count: number): Promise<InboxEvent> {
    this.#threshold = count;
    if (!this.#interesting()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#alarm.set(milliseconds, resolve);
      });
      this.#wake = undefined;
      this.#alarm.clear();
    }
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#stopNow) throw new StoppedNow(`run stopped by the user`);
    const error = this.#errors.shift();
    if (error !== undefined) return { kind: "error", error };
    return { kind: this.#complete() ? "complete" : "progress" };
  }

  #interesting(): boolean {
    return (
      this.#failure !== undefined ||
      this.#stopNow ||
      this.#errors.length > 0 ||
      this.#count >= this.#threshold
    );
  }

  #complete(): boolean {
    return this.#count === this.#arrivals.length;
  }

  async #receive(): Promise<readonly ReceivedMessage[]> {
    this.#pollsUnderWay++;
    try {
      return await this.#queues.receive(this.#queue, { max: BATCH_LIMIT, waitSeconds: this.#waitSeconds });
    } finally {
      this.#pollsUnderWay--;
    }
  }

  async #poll(): Promise<void> {
    let failures = 0;
    while (this.#open) {
      try {
        const messages = await this.#receive();
        failures = 0;
        if (!this.#open) return await this.#giveBack(messages);
        try {
          this.#checkHold();
        } catch (error) {
          // Whoever was replaced must not take its successor's answers away.
          await this.#giveBack(messages);
          throw error;
        }
        await this.#take(messages);
        if (this.#interesting()) this.#wake?.();
      } catch (error) {
        if (!this.#open) return;
        const passing = error instanceof MarinaError && error.code === "unavailable";
        if (passing && ++failures < POLL_FAILURES_LIMIT) {
          this.#log.warn("poll-failed", { error: String(error) });
          await this.#clock.sleep(POLL_PAUSE_MILLISECONDS);
          continue;
        }
        this.#failure ??= this.#explain(error);
        this.#wake?.();
        return;
      }
    }
  }

  #explain(error: unknown): unknown {
    if (!(error instanceof MarinaError) || error.code !== "not-found") return error;
    return new MarinaError(
      "not-found",
      `${this.#queue}: this queue of the run's contributions was deleted while the run went on; marina resume makes it anew`,
      { cause: error },
    );
  }

  /** Not ours any more: visible again at once, to a successor whose answers they may be. */
  async #giveBack(messages: readonly ReceivedMessage[]): Promise<void> {
    if (this.#abandoned) return;
    try {
      await Promise.all(messages.map(({ receipt }) => this.#queues.extend(this.#queue, receipt, 0)));
    } catch (error) {
      // They are visible again all the same, only later.
      this.#log.warn("contributions-not-given-back", { error: String(error) });
    }
  }

  async #take(messages: readonly ReceivedMessage[]): Promise<void> {
    const decoded = messages.map((message) => this.#decode(message));
    // Eager: the queue is transport, not state. A crash recovers from the checkpoint and asks again.
    const done = messages.filter((_, i) => !this.#isCurrentCommand(decoded[i])).map(({ receipt }) => receipt);
    if (done.length > 0) void this.#delete(done);
    for (let i = 0; i < messages.length; i++) {
      const message = decoded[i];
      if (message === undefined) continue;
      const { body, receipt } = messages[i]!;
      const evaluationBytes = evaluationBytesOfContribution(body);
      const methodBytes = body.length - evaluationBytes;
      if (message.kind === "stored" && this.#awaited(message)) {
        await this.#fetch(message.key, methodBytes, receipt);
      } else this.#accept(message, methodBytes, evaluationBytes, receipt);
    }
  }

  /** Undefined, and counted, for what can't be read. */
  #decode({ body }: ReceivedMessage): Incoming | undefined {
    try {
      return decodeIncoming(body);
    } catch (error) {
      this.#unreadable(error);
      return undefined;
    }
  }

  #unreadable(error: unknown): void {
    this.dropped++;
    this.#log.warn("contribution-unreadable", { error: String(error) });
  }

  /** A command for this generation, or for a later one that another aggregator drives. */
  #isCurrentCommand(message: Incoming | undefined): boolean {
    return (
      (message?.kind === "stop" || message?.kind === "scale") &&
      message.runDigest === this.#runDigest &&
      message.generation >= this.#generation
    );
  }

  async #delete(receipts: readonly string[]): Promise<void> {
    try {
      await this.#queues.delete(this.#queue, receipts);
    } catch (error) {
      // They come again and are dropped as duplicates.
      if (this.#open) this.#log.warn("contributions-not-deleted", { error: String(error) });
    }
  }

  /** A contribution that lies in the object store. @param pointerBytes of the message that names it. */
  async #fetch(key: string, pointerBytes: number, receipt: string): Promise<void> {
    let stored: { readonly frame: Uint8Array; readonly message: Incoming };
    try {
      const { value } = await readChecked(this.#objects, key, (frame) => ({
        frame,
        message: parseIncoming(frame),
      }));
      stored = value;
    } catch (error) {
      this.#unreadable(error);
      return;
    }
    const { frame, message } = stored;
    const evaluationBytes = evaluationBytesOfFrame(frame);
    this.#accept(message, pointerBytes + frame.length - evaluationBytes, evaluationBytes, receipt, key);
  }

  /** @param storedAt where a contribution lay that came through the object store. */
  #accept(
    message: Incoming,
    methodBytes: number,
    evaluationBytes: number,
    receipt: string,
    storedAt?: string,
  ): void {
    if (message.runDigest !== this.#runDigest) {
      this.dropped++;
      return;
    }
    if (message.kind === "stop") {
      if (message.generation !== this.#generation) return;
      this.#stopRequested = true;
      this.#stopNow ||= message.now;
      this.hurry();
      this.#stopReceipts.push(receipt);
      return;
    }
    if (message.kind === "scale") {
      if (message.generation !== this.#generation) return;
      const { request, workers, participants, now } = message;
      if (this.#scale === undefined || request > this.#scale.request)
        this.#scale = { request, workers, participants, now };
      this.#scaleReceipts.push({ request, receipt });
      return;
    }
    if (message.kind === "pack") {
      this.#unpack(message.parts, methodBytes, evaluationBytes);
      if (storedAt !== undefined) void this.#forget(storedAt);
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
    const counted = this.#arrive(message, methodBytes, evaluationBytes);
    if (counted && storedAt !== undefined) void this.#forget(storedAt);
  }

  /** The parts of a packed answer, each as if it had come alone; the bytes are the first one's that counts. */
  #unpack(parts: readonly Uint8Array[], bytes: number, evaluationBytes: number): void {
    let [ownBytes, ownEvaluationBytes] = [bytes, evaluationBytes];
    for (const part of parts) {
      let message: Incoming;
      try {
        message = parseIncoming(part);
      } catch (error) {
        this.#unreadable(error);
        continue;
      }
      if (
        (message.kind !== "contribution" && message.kind !== "answer") ||
        message.runDigest !== this.#runDigest ||
        !this.#awaited(message)
      ) {
        this.dropped++;
        continue;
      }
      if (this.#arrive(message, ownBytes, ownEvaluationBytes)) [ownBytes, ownEvaluationBytes] = [0, 0];
    }
  }

  /** Counts an awaited answer, if it is of the sort that was asked for. */
  #arrive(message: Contribution, bytes: number, evaluationBytes: number): boolean {
    const evaluationOnly = message.kind === "contribution" && message.payload.length === 0;
    if (
      message.kind !== this.#expected?.kind ||
      this.#expected.evaluationOnly[message.slot] !== evaluationOnly
    ) {
      this.dropped++;
      return false;
    }
    this.#arrivals[message.slot] = { message, bytes, evaluationBytes };
    this.#count++;
    this.#observer?.counted(message.slot, message.worker);
    // A slot that has answered after all needs no second task, and must not fail the run.
    if (this.#errors.length > 0) this.#errors = this.#errors.filter(({ slot }) => slot !== message.slot);
    return true;
  }

  /** A large contribution that has been counted: a task done again would store it again. */
  async #forget(key: string): Promise<void> {
    try {
      await this.#objects.delete(key);
    } catch (error) {
      this.#log.warn("contribution-not-deleted", { key, error: String(error) });
    }
  }

  /** Is this the answer of a slot that has not answered yet? */
  #awaited({
    phase,
    round,
    slot,
    worker,
  }: {
    phase: number;
    round: number;
    slot: number;
    worker: number;
  }): boolean {
    const expected = this.#expected;
    return (
      expected !== undefined &&
      expected.round === round &&
      expected.phase === phase &&
      expected.workers[slot] === worker &&
      this.#arrivals[slot] === undefined
    );
  }
}
