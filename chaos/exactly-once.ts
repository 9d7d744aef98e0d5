/** Each answer counted exactly once: what every aggregator waits for, counts, and takes into the state. */
import type { AnswerObserver, Expectation, Place } from "../lambdas/aggregator/index.ts";
import type { RoundRecord } from "../shared/protocol/index.ts";

/** What one invocation of the aggregator waits for, and has. */
interface Waiting {
  readonly expected: Expectation;
  /** Slots that have been counted. */
  readonly counted: Set<number>;
  /** Of reducers: whose vectors they add. */
  readonly collected?: Waiting | undefined;
}

/** Who answered in a round, as text: its workers in the order of their slots, those asked of held-out data apart. */
export function answerersOf({ workers, heldOutFrom }: Pick<Expectation, "workers" | "heldOutFrom">): string {
  return workers.subarray(0, heldOutFrom).join(" ");
}

/**
 * Three laws, each checked when it can be broken:
 * - an answer is counted for the round and the membership that asked for it, for a slot that is waited for, in the name of
 *   that slot's worker, and only once;
 * - a round is summed when every slot has been counted (and every reducer, where its vectors are added by ranges), and the slots
 *   are those of the run without faults;
 * - a stored state holds every round since the state before it exactly once, summed by the one who stores it.
 */
export class Tally {
  readonly #violated: (what: string) => void;
  readonly #answerers: ReadonlyMap<number, string>;
  readonly #waiting = new Map<string, Waiting>();
  /** Invocation -> round -> how often it was taken into the state. */
  readonly #summed = new Map<string, Map<number, number>>();
  /** Answers that were counted. */
  counted = 0;

  /** @param answerers round -> who answers in it when nothing goes wrong. */
  constructor(answerers: ReadonlyMap<number, string>, violated: (what: string) => void) {
    this.#answerers = answerers;
    this.#violated = violated;
  }

  observerOf(requestId: string): AnswerObserver {
    return {
      expected: (expected) => {
        const before = this.#waiting.get(requestId);
        const collected = expected.kind === "reduced" ? (before?.collected ?? before) : undefined;
        this.#waiting.set(requestId, { expected, counted: new Set(), collected });
      },
      counted: (answer) => this.#count(requestId, answer),
    };
  }

  #count(requestId: string, { phase, round, slot, worker }: Place): void {
    this.counted++;
    const waiting = this.#waiting.get(requestId);
    if (waiting === undefined) {
      this.#violated(`${requestId} counted an answer that it did not wait for`);
      return;
    }
    const { expected, counted } = waiting;
    const where = `round ${expected.round}, slot ${slot}, worker ${worker}`;
    if (round !== expected.round || phase !== expected.phase)
      this.#violated(
        `${where}: counted by ${requestId} in membership ${expected.phase}, but it is of round ${round}, membership ${phase}`,
      );
    if (expected.workers[slot] !== worker)
      this.#violated(
        `${where}: counted by ${requestId}, which waited for worker ${expected.workers[slot]} there`,
      );
    if (counted.has(slot)) this.#violated(`${where}: counted twice by ${requestId}`);
    counted.add(slot);
  }

  /** A round's messages have been summed. */
  summed({ round, slots }: RoundRecord, requestId: string): void {
    const waiting = this.#waiting.get(requestId);
    if (waiting === undefined || waiting.expected.round !== round) {
      this.#violated(`${requestId} summed round ${round} without waiting for its answers`);
      return;
    }
    for (const { expected, counted } of waiting.collected ? [waiting, waiting.collected] : [waiting]) {
      const all = expected.workers.length;
      if (counted.size !== all || (slots > all && expected.kind !== "reduced"))
        this.#violated(
          `round ${round}: ${requestId} summed ${slots} slots with ${counted.size} of ${all} counted`,
        );
    }
    const { expected } = waiting.collected ?? waiting;
    const usual = this.#answerers.get(round);
    if (usual !== answerersOf(expected))
      this.#violated(
        `round ${round}: ${requestId} asked ${answerersOf(expected)}, without faults it is ${usual}`,
      );
    const rounds = this.#summed.get(requestId) ?? new Map<number, number>();
    this.#summed.set(requestId, rounds);
    rounds.set(round, (rounds.get(round) ?? 0) + 1);
  }

  /** A state was stored at the beginning of round `to`, on top of one at the beginning of round `from`. */
  stored(from: number, to: number, requestId: string): void {
    const rounds = this.#summed.get(requestId);
    for (let round = from; round < to; round++) {
      const times = rounds?.get(round) ?? 0;
      if (times !== 1)
        this.#violated(
          `the state of round ${to} by ${requestId} holds round ${round} ${times} times, not once`,
        );
    }
  }
}
