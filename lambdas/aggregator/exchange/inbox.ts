/**
 * The answers of the exchange at hand: the first valid one of each slot counts, everything else is dropped.
 * The way of a message: run-queue.ts (the polls) -> message-reader.ts -> here, or user-commands.ts.
 */
import type { Ports, QueueAddress } from "../../../shared/cloud/index.ts";
import { type Contribution, MessageReader, type Place, type WorkerError } from "./message-reader.ts";
import { Alarm } from "./resettable-timer.ts";
import { RunQueue } from "./run-queue.ts";
import { StoppedNow, UserCommands } from "./user-commands.ts";

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

export class Inbox {
  readonly commands: UserCommands;
  readonly #queue: RunQueue;
  readonly #observer: AnswerObserver | undefined;
  readonly #alarm: Alarm;
  readonly #clock: Ports["clock"];
  #expected: Expectation | undefined;
  #arrivals: (Arrival | undefined)[] = [];
  #count = 0;
  #threshold = 0;
  #errors: WorkerError[] = [];
  #wake: (() => void) | undefined;
  /** When a worker of this exchange was heard last, by an answer or by an error; its beginning before. */
  heardAt = 0;
  /** Messages that counted for nothing: duplicates, late ones, foreign or corrupt ones. */
  dropped = 0;

  /**
   * @param generation whose commands of the user are meant.
   * @param checkHold throws when somebody else may be driving the run.
   */
  constructor(
    ports: Pick<Ports, "queues" | "objects" | "clock" | "log">,
    queue: QueueAddress,
    runDigest: string,
    generation: number,
    checkHold: () => void = () => undefined,
    observer?: AnswerObserver,
  ) {
    this.#alarm = new Alarm(ports.clock);
    this.#clock = ports.clock;
    this.#observer = observer;
    this.#queue = new RunQueue(ports, queue, {
      checkHold,
      take: (messages) => reader.take(messages),
      changed: () => {
        if (this.#interesting()) this.#wake?.();
      },
    });
    this.commands = new UserCommands(this.#queue, runDigest, generation);
    const reader = new MessageReader(ports, this.#queue, runDigest, this.commands, {
      awaited: (place) => this.#awaited(place),
      arrive: (message, bytes, evaluationBytes) => this.#arrive(message, bytes, evaluationBytes),
      fail: (error) => {
        this.heardAt = this.#clock.now();
        this.#errors.push(error);
      },
      drop: () => void this.dropped++,
    });
  }

  /** Begins to poll. */
  open(): void {
    this.#queue.open();
  }

  /** Receive requests that have not come back yet. */
  get pollsUnderWay(): number {
    return this.#queue.pollsUnderWay;
  }

  /** No new polls; resolves when those under way have given back what they brought. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  /** No new polls, and no waiting for those under way: the queue is about to be deleted. */
  abandon(): void {
    this.#queue.abandon();
  }

  /** From now on polls are short, so that `close` is quick. */
  hurry(): void {
    this.#queue.hurry();
  }

  /** Begins to wait for this round's slots. */
  expect(expected: Expectation): void {
    this.#expected = expected;
    this.#arrivals = new Array(expected.workers.length).fill(undefined);
    this.#count = 0;
    this.#errors = [];
    this.heardAt = this.#clock.now();
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
    if (this.#queue.failure !== undefined) throw this.#queue.failure;
    if (this.commands.stopNow) throw new StoppedNow(`run stopped by the user`);
    const error = this.#errors.shift();
    if (error !== undefined) return { kind: "error", error };
    return { kind: this.#complete() ? "complete" : "progress" };
  }

  #interesting(): boolean {
    return (
      this.#queue.failure !== undefined ||
      this.commands.stopNow ||
      this.#errors.length > 0 ||
      this.#count >= this.#threshold
    );
  }

  #complete(): boolean {
    return this.#count === this.#arrivals.length;
  }

  #awaited({ phase, round, slot, worker }: Place): boolean {
    const expected = this.#expected;
    return (
      expected !== undefined &&
      expected.round === round &&
      expected.phase === phase &&
      expected.workers[slot] === worker &&
      this.#arrivals[slot] === undefined
    );
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
    this.heardAt = this.#clock.now();
    this.#observer?.counted(message.slot, message.worker);
    // A slot that has answered after all needs no second task, and must not fail the run.
    if (this.#errors.length > 0) this.#errors = this.#errors.filter(({ slot }) => slot !== message.slot);
    return true;
  }
}
