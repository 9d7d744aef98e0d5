/** Limits on dollars and seconds: does one more round fit? Pure. */
import type { RoundRecord, RunSpec, StoppedBy } from "../../../shared/protocol/index.ts";

interface Spent {
  readonly usd: number;
  readonly seconds: number;
}

/**
 * Asked before each round is sent. What is known then is what was spent before it; the round itself is taken to need
 * as much as the dearest (and longest) one so far, so that a limit is kept unless a round is dearer than any before.
 */
export class Budget {
  readonly #stop: RunSpec["stop"];
  #last: Spent | undefined;
  #dearestUsd = 0;
  #longestSeconds = 0;

  /** @param records rounds that earlier tenures did, oldest first. */
  constructor(stop: RunSpec["stop"], records: readonly RoundRecord[]) {
    this.#stop = stop;
    for (const record of records) this.#learn(record);
    // The last record is where its round began; where it ended is not known, and this tenure's start is not it.
    this.#last = undefined;
  }

  /** Which limit the next round would break, if any. @param spent so far, by the whole run. */
  broken(spent: Spent): Extract<StoppedBy, "usd" | "seconds"> | undefined {
    this.#learn(spent);
    const { usd, seconds } = this.#stop;
    if (usd !== undefined && spent.usd + this.#dearestUsd > usd) return "usd";
    if (seconds !== undefined && spent.seconds + this.#longestSeconds > seconds) return "seconds";
    return undefined;
  }

  /** The next rounds cost so many times as much as those so far, as more workers take part. @param factor >= 1 */
  expect(factor: number): void {
    this.#dearestUsd *= factor;
  }

  #learn(now: Spent): void {
    if (this.#last !== undefined) {
      this.#dearestUsd = Math.max(this.#dearestUsd, now.usd - this.#last.usd);
      this.#longestSeconds = Math.max(this.#longestSeconds, now.seconds - this.#last.seconds);
    }
    this.#last = now;
  }
}
