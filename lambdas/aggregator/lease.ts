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
import type { Clock, DeliveredMessage, MessageQueue } from "../../shared/cloud/ports.ts";
import { MarinaError } from "../../shared/math/errors.ts";
import { HEARTBEAT_SECONDS, LEASE_SECONDS } from "../../shared/protocol/limits.ts";

export class Lease {
  readonly #queues: MessageQueue;
  readonly #clock: Clock;
  readonly #message: DeliveredMessage;
  #released = false;
  #lost: unknown;

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
        this.#lost = error;
        return;
      }
    }
  }

  #renew(): Promise<void> {
    return this.#queues.extend(this.#message.queue, this.#message.receipt, LEASE_SECONDS);
  }

  /** @throws MarinaError "lease-lost" when the last renewal failed: somebody else may be at work. */
  check(): void {
    if (this.#lost !== undefined) {
      throw new MarinaError("lease-lost", "the control message could not be held: another aggregator may have taken over", {
        cause: this.#lost,
      });
    }
  }

  release(): void {
    this.#released = true;
  }
}
