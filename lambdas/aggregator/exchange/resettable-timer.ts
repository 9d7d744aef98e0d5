/** One timer whose time may change. */
import type { Clock } from "../../../shared/cloud/index.ts";

/** A sleep this short might end before it began: sums of times are rounded. */
const NEARLY_MILLISECONDS = 0.001;

/**
 * A clock's sleep can't be cancelled, and one that is not waited for any more keeps all that it would wake until its time
 * comes. Set anew in every round, there would be hundreds of them: here a sleep under way that ends early enough is used
 * again, and what is left of the time slept then.
 */
export class ResettableTimer {
  readonly #clock: Clock;
  #fire: (() => void) | undefined;
  #wanted = 0;
  /** When the next of the sleeps under way ends. */
  #wakesAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Fires once, after so many milliseconds, unless it is set anew or cleared before. */
  set(milliseconds: number, fire: () => void): void {
    this.#wanted = this.#clock.now() + milliseconds;
    this.#fire = fire;
    if (this.#wanted < this.#wakesAt) this.#sleep();
  }

  clear(): void {
    this.#fire = undefined;
  }

  #sleep(): void {
    const until = this.#wanted;
    this.#wakesAt = until;
    void this.#clock.sleep(until - this.#clock.now()).then(() => this.#wake(until));
  }

  #wake(until: number): void {
    if (until === this.#wakesAt) this.#wakesAt = Number.POSITIVE_INFINITY;
    const fire = this.#fire;
    if (fire === undefined) return;
    if (this.#wanted - this.#clock.now() < NEARLY_MILLISECONDS) {
      this.#fire = undefined;
      fire();
    } else if (this.#wanted < this.#wakesAt) this.#sleep();
  }
}
