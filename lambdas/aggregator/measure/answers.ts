/** What comes back on a measurement's queue: the same long polls as a run's, and when each message was there. */
import { MarinaError } from "../../../shared/base/index.ts";
import type { Ports, QueueAddress } from "../../../shared/cloud/index.ts";
import { PARALLEL_POLLS, type RunMessage } from "../../../shared/protocol/index.ts";
import { Poller } from "../exchange/poller.ts";
import { ResettableTimer } from "../exchange/resettable-timer.ts";

export type Contribution = Extract<RunMessage, { kind: "contribution" }>;

export interface Arrival {
  /** By this environment's clock. */
  readonly at: number;
  readonly message: Contribution;
}

export class Answers {
  readonly #ports: Ports;
  readonly #poller: Poller;
  /** By round (a step of the measurement) and slot; the first of each counts. */
  readonly #arrived = new Map<string, Arrival>();
  readonly #timer: ResettableTimer;
  #failure: unknown;
  /** Woken by whatever comes. */
  #wake: () => void = () => undefined;

  constructor(ports: Ports, queue: QueueAddress, lease: { check(): void }) {
    this.#ports = ports;
    this.#timer = new ResettableTimer(ports.clock);
    this.#poller = new Poller(ports, queue, lease);
    for (let poll = 0; poll < PARALLEL_POLLS; poll++) void this.#poll();
  }

  async #poll(): Promise<void> {
    try {
      for await (const received of this.#poller.messages()) {
        const at = this.#ports.clock.now();
        for (const { message } of received) this.#file(at, message);
        this.#wake();
        await this.#poller.discard(received.map(({ receipt }) => receipt));
      }
    } catch (error) {
      if (!this.#poller.detached) this.#failure ??= error;
      this.#wake();
    }
  }

  #file(at: number, message: RunMessage | undefined): void {
    if (message?.kind === "error")
      this.#failure ??= new MarinaError("worker-failed", `a worker could not answer: ${message.message}`);
    if (message?.kind !== "contribution") return;
    const name = `${message.round}/${message.slot}`;
    if (!this.#arrived.has(name)) this.#arrived.set(name, { at, message });
  }

  /**
   * The answers of a step, in the order of their slots, once all are there or time is over.
   * @throws what a worker says is wrong, or what ended the polls
   */
  async of(round: number, slots: number, patienceMilliseconds: number): Promise<Arrival[]> {
    const { clock } = this.#ports;
    const deadline = clock.now() + patienceMilliseconds;
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const there: Arrival[] = [];
      for (let slot = 0; slot < slots; slot++) {
        const arrival = this.#arrived.get(`${round}/${slot}`);
        if (arrival !== undefined) there.push(arrival);
      }
      const left = deadline - clock.now();
      // Sums of times are rounded: a sleep that is shorter might never end.
      if (there.length === slots || left < 0.01) return there;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#timer.set(left, resolve);
      });
    }
  }

  /** No new polls; those under way end with their queue, which is about to be deleted. */
  detach(): void {
    this.#poller.detach();
  }
}
