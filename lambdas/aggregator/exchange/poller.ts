/** The run's own queue, where answers and commands come: long polls, what they bring, and its deletion. */

import { MarinaError } from "../../../shared/base/index.ts";
import type {
  Clock,
  Log,
  MessageQueue,
  Ports,
  QueueAddress,
  ReceivedMessage,
} from "../../../shared/cloud/index.ts";
import {
  BATCH_LIMIT,
  CONTRIBUTION_WAIT_SECONDS,
  decodeRunMessage,
  evaluationBytesOfContribution,
  type RunMessage,
} from "../../../shared/protocol/index.ts";

/** Failures in a row of one poll, each after the bounded retries below the port; then the term fails. */
const POLL_FAILURES_LIMIT = 3;
const POLL_PAUSE_MILLISECONDS = 1000;

/** A message of the run's queue, decoded. */
export interface PolledMessage {
  /** Undefined for what can't be read; `error` says why. */
  readonly message: RunMessage | undefined;
  readonly error?: unknown;
  readonly receipt: string;
  /** Of the body, evaluation apart. */
  readonly bytes: number;
  readonly evaluationBytes: number;
}

export class Poller {
  readonly #queues: MessageQueue;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #address: QueueAddress;
  readonly #lease: { check(): void };
  #open = true;
  /** Has the queue been found? */
  #known = false;
  #detached = false;
  #waitSeconds = CONTRIBUTION_WAIT_SECONDS;
  #pollsUnderWay = 0;

  /** @param lease whose `check` throws when another aggregator may be driving the run. */
  constructor(
    { queues, clock, log }: Pick<Ports, "queues" | "clock" | "log">,
    address: QueueAddress,
    lease: { check(): void },
  ) {
    this.#queues = queues;
    this.#clock = clock;
    this.#log = log;
    this.#address = address;
    this.#lease = lease;
  }

  /** Receive requests that have not come back yet. */
  get pollsUnderWay(): number {
    return this.#pollsUnderWay;
  }

  /** Is nothing to be waited for any more, as the queue is about to be deleted? */
  get detached(): boolean {
    return this.#detached;
  }

  /** No new polls. What those under way bring becomes visible again. */
  close(): void {
    this.#open = false;
  }

  /** No new polls, and those under way are of no interest: the queue is about to be deleted. */
  detach(): void {
    this.#open = false;
    this.#detached = true;
  }

  /** From now on polls are short, so that they soon end after `close`. */
  drain(): void {
    this.#waitSeconds = 1;
  }

  /**
   * One long poll after the other; yields what each has brought. Several may run at once.
   * @throws what made a poll fail for good; what the lease says against taking messages.
   */
  async *messages(): AsyncGenerator<readonly PolledMessage[], void> {
    let failures = 0;
    while (this.#open) {
      this.#lease.check();
      let received: readonly ReceivedMessage[];
      try {
        received = await this.#receive();
        this.#known = true;
        failures = 0;
      } catch (error) {
        if (!this.#open) return;
        if (!this.#isPassing(error) || ++failures === POLL_FAILURES_LIMIT) throw this.#explain(error);
        this.#log.warn("poll-failed", { error: String(error) });
        await this.#clock.sleep(POLL_PAUSE_MILLISECONDS);
        continue;
      }
      if (!this.#open) return await this.#release(received);
      try {
        this.#lease.check();
      } catch (error) {
        // An aggregator that was replaced must not take its successor's answers away.
        await this.#release(received);
        throw error;
      }
      yield received.map(decode);
    }
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

  async #receive(): Promise<readonly ReceivedMessage[]> {
    this.#pollsUnderWay++;
    try {
      return await this.#queues.receive(this.#address, { max: BATCH_LIMIT, waitSeconds: this.#waitSeconds });
    } finally {
      this.#pollsUnderWay--;
    }
  }

  /** A queue that was made a moment ago may be unknown to a part of the service still. */
  #isPassing(error: unknown): boolean {
    if (!(error instanceof MarinaError)) return false;
    return error.code === "unavailable" || (error.code === "not-found" && !this.#known);
  }

  #explain(error: unknown): unknown {
    if (!(error instanceof MarinaError) || error.code !== "not-found") return error;
    return new MarinaError(
      "not-found",
      `${this.#address}: this queue of the run's contributions was deleted while the run went on; marina resume makes it anew`,
      { cause: error },
    );
  }

  /** Visible again at once, to a successor whose answers they may be. */
  async #release(messages: readonly ReceivedMessage[]): Promise<void> {
    if (this.#detached) return;
    try {
      await Promise.all(messages.map(({ receipt }) => this.#queues.extend(this.#address, receipt, 0)));
    } catch (error) {
      // They are visible again all the same, only later.
      this.#log.warn("contributions-not-released", { error: String(error) });
    }
  }
}

function decode({ body, receipt }: ReceivedMessage): PolledMessage {
  const evaluationBytes = evaluationBytesOfContribution(body);
  const sizes = { bytes: body.length - evaluationBytes, evaluationBytes };
  try {
    return { message: decodeRunMessage(body), receipt, ...sizes };
  } catch (error) {
    return { message: undefined, error, receipt, ...sizes };
  }
}
