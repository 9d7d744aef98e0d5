/** All queues of the embedded cloud, by name. */

import { MarinaError } from "../../shared/base/index.ts";
import type { QueueAddress, QueueOptions } from "../../shared/cloud/index.ts";
import { EmbeddedQueue, type QueueContext } from "./queue.ts";
import { queueNotFound } from "./queue-rules.ts";

/** SQS's rule: up to 80 of these, a FIFO queue's name ends in ".fifo". */
const NAME = /^[A-Za-z0-9_-]{1,80}$|^[A-Za-z0-9_-]{1,75}\.fifo$/;

/** SQS takes up to so long to delete a queue. */
const LINGERING_MILLISECONDS = 60_000;

/** Messages received more than `maxReceiveCount` times go to another queue of the same kind. */
export interface DeadLetterOptions {
  readonly queue: QueueAddress;
  readonly maxReceiveCount: number;
}

export class EmbeddedQueues {
  readonly #queues = new Map<string, EmbeddedQueue>();
  readonly #context: QueueContext;
  /** Destroyed, and there all the same: a fault. */
  readonly #lingering = new Set<EmbeddedQueue>();

  constructor(context: QueueContext) {
    this.#context = context;
  }

  /** @throws MarinaError `usage` for a name that SQS refuses or dead letters of another kind. */
  create(name: string, options: QueueOptions, deadLetters?: DeadLetterOptions): EmbeddedQueue {
    const existing = this.#queues.get(name);
    // SQS gives a name back after a minute, and the adapter waits for that: what lingers is gone by then.
    if (existing !== undefined && this.#lingering.has(existing)) this.#end(existing);
    else if (existing !== undefined) return existing;
    if (!NAME.test(name)) {
      throw new MarinaError(
        "usage",
        `queue name ${JSON.stringify(name)}: expected up to 80 of A-Z a-z 0-9 _ -, a FIFO queue's with ".fifo" at the end`,
      );
    }
    const queue = new EmbeddedQueue(name, options, this.#context);
    if (deadLetters !== undefined) {
      const target = this.get(deadLetters.queue);
      if (target.fifo !== queue.fifo) {
        throw new MarinaError(
          "usage",
          `queue ${name}: its dead-letter queue ${target.address} must be ${queue.fifo ? "FIFO" : "standard"} as well`,
        );
      }
      queue.redrive = { deadLetters: target, maxReceiveCount: deadLetters.maxReceiveCount };
    }
    this.#queues.set(name, queue);
    return queue;
  }

  /** @throws MarinaError `not-found`. */
  get(address: string): EmbeddedQueue {
    const queue = this.#queues.get(address);
    if (queue === undefined) throw queueNotFound(address);
    return queue;
  }

  find(address: string): EmbeddedQueue | undefined {
    return this.#queues.get(address);
  }

  destroy(address: QueueAddress): void {
    const queue = this.#queues.get(address);
    if (queue === undefined || this.#lingering.has(queue)) return;
    const { clock, plan } = this.#context;
    const lingers = plan?.strike("queueLingering", address);
    if (lingers === undefined) {
      this.#end(queue);
      return;
    }
    this.#lingering.add(queue);
    clock.at(clock.now() + LINGERING_MILLISECONDS * lingers.nextUniform(), () => this.#end(queue));
  }

  #end(queue: EmbeddedQueue): void {
    queue.destroy();
    this.#lingering.delete(queue);
    if (this.#queues.get(queue.address) === queue) this.#queues.delete(queue.address);
  }
}
