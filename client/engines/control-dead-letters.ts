/** The control messages that no aggregator could handle: which runs are they about? */
import type { MessageQueue, Ports, QueueAddress } from "../../shared/cloud/index.ts";
import { BATCH_LIMIT } from "../../shared/protocol/index.ts";

/** Between looks. A control message is delivered five times before it is here: minutes. */
const INTERVAL_MILLISECONDS = 10_000;
/** Long enough for SQS to ask all of its servers: a short poll may miss what is there. */
const WAIT_SECONDS = 1;
/** They are kept for two weeks; so many at most are looked through. */
const RECEIVES_LIMIT = 100;

/**
 * Those of all runs are in one queue, so a run's own may stand behind any number of others, and a message that is given
 * back comes first again: all are received before any is given back.
 */
export class ControlDeadLetters {
  readonly #queues: MessageQueue;
  readonly #clock: Ports["clock"];
  readonly #queue: QueueAddress;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #found: ReadonlySet<string> = new Set();

  constructor({ queues, clock }: Ports, queue: QueueAddress) {
    this.#queues = queues;
    this.#clock = clock;
    this.#queue = queue;
  }

  /** Is one about this run? Looks at most every ten seconds, for all runs at once; whoever waits for it still finds it. */
  async has(run: string): Promise<boolean> {
    const now = this.#clock.now();
    if (now - this.#lookedAt >= INTERVAL_MILLISECONDS) {
      this.#lookedAt = now;
      const all = await this.#drain();
      await this.#giveBack(all.map(({ receipt }) => receipt));
      this.#found = new Set(all.flatMap((letter) => letter.run ?? []));
    }
    return this.#found.has(run);
  }

  /** Deletes those about this run, and looks at once. True when there were any. */
  async take(run: string): Promise<boolean> {
    const all = await this.#drain();
    const receiptsOf = (own: boolean): string[] =>
      all.filter((letter) => (letter.run === run) === own).map(({ receipt }) => receipt);
    const own = receiptsOf(true);
    for (let from = 0; from < own.length; from += BATCH_LIMIT)
      await this.#queues.delete(this.#queue, own.slice(from, from + BATCH_LIMIT));
    await this.#giveBack(receiptsOf(false));
    return own.length > 0;
  }

  /** As `take`, but at most every ten seconds. */
  async takeInTime(run: string): Promise<boolean> {
    return (await this.has(run)) && (await this.take(run));
  }

  async #drain(): Promise<{ readonly run: string | undefined; readonly receipt: string }[]> {
    const all: { run: string | undefined; receipt: string }[] = [];
    for (let receives = 0; receives < RECEIVES_LIMIT; receives++) {
      const some = await this.#queues.receive(this.#queue, { max: BATCH_LIMIT, waitSeconds: WAIT_SECONDS });
      if (some.length === 0) break;
      for (const { body, receipt } of some) all.push({ run: runOf(body), receipt });
    }
    return all;
  }

  async #giveBack(receipts: readonly string[]): Promise<void> {
    await Promise.all(receipts.map((receipt) => this.#queues.extend(this.#queue, receipt, 0)));
  }
}

/** Which run a control message is about; undefined for a message of another kind. */
function runOf(body: string): string | undefined {
  try {
    const { run } = JSON.parse(body) as { run?: unknown };
    return typeof run === "string" ? run : undefined;
  } catch {
    return undefined;
  }
}
