/**
 * The aggregator's hold on its run. The control message that it works on stays hidden only for a short while, and is
 * hidden again and again while the aggregator lives:
 *
 *   receive ──┬── 15 s ──┬── 15 s ──┬── … ── done: the mapping deletes the message
 *             extend 45   extend 45   extend 45
 *                                     dies here ──── 45 s ────▶ the message is delivered again: a successor starts
 *
 * The lease only decides who works; what keeps the run correct is that every checkpoint is a conditional write.
 */

import { MarinaError } from "../../../shared/base/index.ts";
import type { Clock, DeliveredMessage, MessageQueue } from "../../../shared/cloud/index.ts";
import { HEARTBEAT_SECONDS, LEASE_SECONDS } from "../../../shared/protocol/index.ts";

export class Lease {
  readonly #queues: MessageQueue;
  readonly #clock: Clock;
  readonly #message: DeliveredMessage;
  #released = false;
  #lost: unknown;
  /** By this environment's clock: the message is surely hidden until then. */
  #heldUntil = Number.POSITIVE_INFINITY;

  constructor(queues: MessageQueue, clock: Clock, message: DeliveredMessage) {
    this.#queues = queues;
    this.#clock = clock;
    this.#message = message;
  }

  /** Takes the short lease and keeps renewing it until `release`. */
  async hold(): Promise<void> {
    await this.#renew();
    void this.#beat();
  }

  async #beat(): Promise<void> {
    for (;;) {
      await this.#clock.sleep(HEARTBEAT_SECONDS * 1000);
      if (this.#released) return;
      try {
        await this.#renew();
      } catch (error) {
        // A service that is unavailable for a moment takes nothing away: the next beat tries again, in time.
        if (error instanceof MarinaError && error.code === "unavailable") continue;
        this.#lost = error;
        return;
      }
    }
  }

  async #renew(): Promise<void> {
    const asked = this.#clock.now();
    await this.#queues.extend(this.#message.queue, this.#message.receipt, LEASE_SECONDS);
    this.#heldUntil = asked + 1000 * LEASE_SECONDS;
  }

  /** Is it sure that no other aggregator drives the run? */
  get held(): boolean {
    return this.#lost === undefined && this.#clock.now() <= this.#heldUntil;
  }

  /**
   * @throws MarinaError "lease-lost" when another aggregator may be at work: a renewal was refused, or none has come through
   * for so long that the message is visible again (this environment may have stood still).
   */
  check(): void {
    if (!this.held) {
      throw new MarinaError(
        "lease-lost",
        "the control message could not be held: another aggregator may have taken over",
        {
          cause: this.#lost,
        },
      );
    }
  }

  release(): void {
    this.#released = true;
  }
}
