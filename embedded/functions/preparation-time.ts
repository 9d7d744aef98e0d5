/**
 * The time that preparation (calibration) takes. It passes beside the virtual clock, so that a run's seconds and latencies
 * are the same whether its data set was calibrated before or not; but a time-out counts it. So each environment knows how
 * far ahead of the clock it is: what it sends is as far ahead, and on the way, and what it receives takes it along. That is
 * the longest path through an exchange, in median latencies (the slowest tenth for dispatches, as an exchange waits for
 * all of its workers); cold starts are left out.
 */
import type { LatencyProfile } from "../latency/latencies.ts";

export class PreparationTime {
  readonly #profile: LatencyProfile;
  readonly #total: { milliseconds: number };
  /** Null where nothing is prepared. */
  #ahead: number | null = null;
  /** How far ahead the invocation began. */
  #began = 0;
  /** Told whenever it has changed. */
  changed: () => void = () => undefined;

  /** @param total of all environments that ask. */
  constructor(profile: LatencyProfile, total: { milliseconds: number }) {
    this.#profile = profile;
    this.#total = total;
  }

  /** Milliseconds of this invocation that have passed beside the clock. */
  get milliseconds(): number {
    return this.#ahead === null ? 0 : this.#ahead - this.#began;
  }

  /** An invocation begins. @param ahead of what it was invoked with; null: no question of preparation. */
  begin(ahead: number | null): void {
    this.#began = ahead ?? 0;
    this.#ahead = ahead === null ? null : ahead + this.#profile.runtimeMilliseconds;
  }

  /** Computing and calls of an environment that answers a question. */
  spend(milliseconds: number): void {
    if (this.#ahead !== null) this.#ahead += milliseconds;
  }

  /** An object's bytes have passed the network interface of whoever asks or answers. @param latency of the store itself. */
  transfer(bytes: number, latency: number, answering: boolean): void {
    if (this.#ahead === null) return;
    const milliseconds = bytes / this.#profile.networkBytesPerMillisecond;
    // Whoever asks has many of them under way at one time: they share the network interface, and wait for the store together.
    if (answering) this.#ahead += milliseconds + latency;
    else this.#askerMoves(this.#ahead + milliseconds);
  }

  /** A question leaves: how far ahead its invocation begins. */
  ask(): number {
    return (
      this.#askerMoves((this.#ahead ?? 0) + this.#profile.clientCpu.sendMilliseconds) +
      this.#profile.dispatchStandard.p90
    );
  }

  /** Another message leaves: how far ahead it arrives, where it answers a question. */
  answer(): number | null {
    return this.#ahead === null ? null : this.#ahead + this.#profile.queueCall.p50;
  }

  /** Answers have come. */
  receive(ahead: number, messages: number): void {
    const { queueCall, clientCpu } = this.#profile;
    const read = clientCpu.receiveMilliseconds + messages * clientCpu.receivePerMessageMilliseconds;
    this.#askerMoves(Math.max(this.#ahead ?? 0, ahead + queueCall.p50 / 2) + read);
  }

  #askerMoves(to: number): number {
    this.#total.milliseconds += to - (this.#ahead ?? 0);
    this.#ahead = to;
    this.changed();
    return to;
  }

  /** Work on the clock goes on: the time-out is that of the clock alone again. */
  end(): void {
    if (this.#ahead === null) return;
    this.#ahead = null;
    this.changed();
  }
}
