/** How long a run's rounds took: a sample of them however many they are, and the slowest. */
import type { RoundRecord } from "../../shared/protocol/index.ts";

/** A round that stands out, or may. */
export interface SlowRound {
  readonly round: number;
  readonly milliseconds: number;
  /** Tasks sent again, and how many of these were hedges. */
  readonly resent: number;
  readonly hedged: number;
}

export interface Latencies {
  /** Rounds measured. */
  readonly rounds: number;
  /** Milliseconds of all of them, or of every second, fourth, ... one where they are more than a million. */
  readonly sample: readonly number[];
  readonly most: number;
  /** The slowest without and the slowest with tasks sent again, in no order. */
  readonly slow: readonly SlowRound[];
}

const SAMPLE = 2 ** 20;
/** Of each kind. */
const SLOWEST = 512;

/** Told a run's rounds in order. A round's latency: from the moment its iterate existed to the moment the next one did. */
export class LatencyCounter {
  #rounds = 0;
  #every = 1;
  #most = 0;
  #sample: number[] = [];
  #quiet: SlowRound[] = [];
  #resent: SlowRound[] = [];
  #before: RoundRecord | undefined;

  add(record: RoundRecord): void {
    const before = this.#before;
    this.#before = record;
    // A gap: rounds whose records are not there (yet).
    if (before === undefined || record.round !== before.round + 1) return;
    const milliseconds = 1000 * (record.seconds - before.seconds);
    if (this.#rounds++ % this.#every === 0) this.#sample.push(milliseconds);
    if (this.#sample.length > SAMPLE) {
      this.#sample = this.#sample.filter((_, i) => i % 2 === 0);
      this.#every *= 2;
    }
    if (milliseconds > this.#most) this.#most = milliseconds;
    const { round, resent, hedged } = before;
    const kind = resent > 0 ? this.#resent : this.#quiet;
    kind.push({ round, milliseconds, resent, hedged });
    if (kind.length >= 4 * SLOWEST) kind.sort(slowestFirst).splice(SLOWEST);
  }

  view(): Latencies {
    const slow = [this.#quiet, this.#resent].flatMap((kind) => kind.toSorted(slowestFirst).slice(0, SLOWEST));
    return { rounds: this.#rounds, sample: this.#sample, most: this.#most, slow };
  }

  copy(): LatencyCounter {
    const copy = new LatencyCounter();
    copy.#rounds = this.#rounds;
    copy.#every = this.#every;
    copy.#most = this.#most;
    copy.#sample = [...this.#sample];
    copy.#quiet = [...this.#quiet];
    copy.#resent = [...this.#resent];
    copy.#before = this.#before;
    return copy;
  }
}

function slowestFirst(a: SlowRound, b: SlowRound): number {
  return b.milliseconds - a.milliseconds;
}
