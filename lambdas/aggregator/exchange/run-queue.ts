/** The run's own queue, where answers and commands come: long polls in parallel, and the deletion of what was read. */

import { MarinaError } from "../../../shared/base/index.ts";
import type {
  Clock,
  Log,
  MessageQueue,
  Ports,
  QueueAddress,
  ReceivedMessage,
} from "../../../shared/cloud/index.ts";
import { BATCH_LIMIT, CONTRIBUTION_WAIT_SECONDS, PARALLEL_POLLS } from "../../../shared/protocol/index.ts";

/** Failures in a row of one poll, each after the bounded retries below the port; then the tenure fails. */
const POLL_FAILURES_LIMIT = 3;
const POLL_PAUSE_MILLISECONDS = 1000;

/** Whom the polls serve. */
export interface PollListener {
  /** Throws when somebody else may be driving the run. */
  readonly checkHold: () => void;
  /** Takes what a poll brought; the next one begins when it has. */
  readonly take: (messages: readonly ReceivedMessage[]) => Promise<void>;
  /** Messages were taken, or `failure` has come. */
  readonly changed: () => void;
}

export class RunQueue {
  readonly #queues: MessageQueue;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #address: QueueAddress;
  readonly #listener: PollListener;
  readonly #polls: Promise<void>[] = [];
  #open = true;
  #abandoned = false;
  #waitSeconds = CONTRIBUTION_WAIT_SECONDS;
  #pollsUnderWay = 0;
  #failure: unknown;

  constructor(
    { queues, clock, log }: Pick<Ports, "queues" | "clock" | "log">,
    address: QueueAddress,
    listener: PollListener,
  ) {
    this.#queues = queues;
    this.#clock = clock;
    this.#log = log;
    this.#address = address;
    this.#listener = listener;
  }

  /** Begins to poll. */
  open(): void {
    for (let i = 0; i < PARALLEL_POLLS; i++) this.#polls.push(this.#poll());
  }

  /** Receive requests that have not come back yet. */
  get pollsUnderWay(): number {
    return this.#pollsUnderWay;
  }

  /** What made the first poll fail for good, if any has. */
  get failure(): unknown {
    return this.#failure;
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

  /** Deletes messages. @throws what the port throws. */
  async delete(receipts: readonly string[]): Promise<void> {
    for (let first = 0; first < receipts.length; first += BATCH_LIMIT)
      await this.#queues.delete(this.#address, receipts.slice(first, first + BATCH_LIMIT));
  }

  /** Deletes messages that do no harm when they come again, and so may stay where the port fails. */
  async discard(receipts: readonly string[]): Promise<void> {
    for (let first = 0; first < receipts.length; first += BATCH_LIMIT) {
      try {
        await this.#queues.delete(this.#address, receipts.slice(first, first + BATCH_LIMIT));
      } catch (error) {
        if (this.#open) this.#log.warn("contributions-not-deleted", { error: String(error) });
      }
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
          this.#listener.checkHold();
        } catch (error) {
          // Whoever was replaced must not take its successor's answers away.
          await this.#giveBack(messages);
          throw error;
        }
        await this.#listener.take(messages);
        this.#listener.changed();
      } catch (error) {
        if (!this.#open) return;
        const passing = error instanceof MarinaError && error.code === "unavailable";
        if (passing && ++failures < POLL_FAILURES_LIMIT) {
          this.#log.warn("poll-failed", { error: String(error) });
          await this.#clock.sleep(POLL_PAUSE_MILLISECONDS);
          continue;
        }
        this.#failure ??= this.#explain(error);
        this.#listener.changed();
        return;
      }
    }
  }

  async #receive(): Promise<readonly ReceivedMessage[]> {
    this.#pollsUnderWay++;
    try {
      return await this.#queues.receive(this.#address, { max: BATCH_LIMIT, waitSeconds: this.#waitSeconds });
    } finally {
      this.#pollsUnderWay--;
    }
  }

  #explain(error: unknown): unknown {
    if (!(error instanceof MarinaError) || error.code !== "not-found") return error;
    return new MarinaError(
      "not-found",
      `${this.#address}: this queue of the run's contributions was deleted while the run went on; marina resume makes it anew`,
      { cause: error },
    );
  }

  /** Not ours any more: visible again at once, to a successor whose answers they may be. */
  async #giveBack(messages: readonly ReceivedMessage[]): Promise<void> {
    if (this.#abandoned) return;
    try {
      await Promise.all(messages.map(({ receipt }) => this.#queues.extend(this.#address, receipt, 0)));
    } catch (error) {
      // They are visible again all the same, only later.
      this.#log.warn("contributions-not-given-back", { error: String(error) });
    }
  }
}
