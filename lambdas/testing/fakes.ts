/** For tests: the smallest ports that a handler can run on, with every step in the test's hands. */

import { MarinaError } from "../../shared/base/errors.ts";
import type {
  Clock,
  Log,
  MessageQueue,
  ObjectStore,
  OutgoingMessage,
  Ports,
  QueueAddress,
  ReceivedMessage,
} from "../../shared/cloud/ports.ts";
import { memoryStore } from "../../shared/data/testing/memory-store.ts";

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((wake) => {
      this.#sleepers.push({ at: this.#now + milliseconds, wake });
    });
  }

  /** Lets time pass, then lets everything settle that waited for it. */
  async advance(milliseconds: number): Promise<void> {
    this.#now += milliseconds;
    for (const sleeper of this.#sleepers.splice(0)) {
      if (sleeper.at <= this.#now) sleeper.wake();
      else this.#sleepers.push(sleeper);
    }
    await settle();
  }
}

/** Lets every promise settle that can without time or messages. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

type Parked = {
  readonly max: number;
  readonly resolve: (messages: readonly ReceivedMessage[]) => void;
  readonly reject: (error: unknown) => void;
};

/** Queues without time: a receive waits until there is a message; what was sent, received and deleted can be looked at. */
export class FakeQueues implements MessageQueue {
  readonly sent: { readonly queue: QueueAddress; readonly message: OutgoingMessage }[] = [];
  readonly deleted: string[] = [];
  /** Receipts of messages that were made visible again. */
  readonly released: string[] = [];
  readonly missing = new Set<QueueAddress>();
  /** What the task queue says of itself; each look is counted. */
  tasksWaiting = 0;
  looks = 0;
  readonly #waiting: ReceivedMessage[] = [];
  readonly #parked: Parked[] = [];
  #receipts = 0;

  /** Polls that wait for a message. */
  get parked(): number {
    return this.#parked.length;
  }

  /** Puts messages into the one queue that is received from, in one batch. */
  async deliver(...bodies: readonly string[]): Promise<void> {
    for (const body of bodies)
      this.#waiting.push({ body, receipt: `receipt-${this.#receipts++}`, receiveCount: 1 });
    this.#serve();
    await settle();
  }

  /** Makes all waiting polls fail. */
  async break(error: unknown): Promise<void> {
    for (const { reject } of this.#parked.splice(0)) reject(error);
    await settle();
  }

  #serve(): void {
    while (this.#waiting.length > 0 && this.#parked.length > 0) {
      const { max, resolve } = this.#parked.shift()!;
      resolve(this.#waiting.splice(0, max));
    }
  }

  receive(_queue: QueueAddress, { max }: { readonly max: number }): Promise<readonly ReceivedMessage[]> {
    return new Promise((resolve, reject) => {
      this.#parked.push({ max, resolve, reject });
      this.#serve();
    });
  }

  async send(queue: QueueAddress, messages: readonly OutgoingMessage[]): Promise<void> {
    if (this.missing.has(queue)) throw new MarinaError("not-found", `queue ${queue}: no such queue`);
    for (const message of messages) this.sent.push({ queue, message });
  }

  async delete(_queue: QueueAddress, receipts: readonly string[]): Promise<void> {
    this.deleted.push(...receipts);
  }

  async create(name: string): Promise<QueueAddress> {
    return name as QueueAddress;
  }

  async address(name: string): Promise<QueueAddress> {
    return name as QueueAddress;
  }

  async destroy(queue: QueueAddress): Promise<void> {
    this.missing.add(queue);
  }

  async extend(_queue: QueueAddress, receipt: string, seconds: number): Promise<void> {
    if (seconds === 0) this.released.push(receipt);
  }

  async waiting(): Promise<number> {
    this.looks++;
    return this.tasksWaiting;
  }
}

/** Every call of an object store in order, and a way to get between a call and its reply. */
export class WatchedStore implements ObjectStore {
  readonly calls: string[] = [];
  /** Called before each put; what it throws is thrown instead of writing. */
  beforePut: (key: string) => void | Promise<void> = () => undefined;
  /** Called after each put; what it throws is thrown although the write took effect. */
  afterPut: (key: string) => void | Promise<void> = () => undefined;
  readonly #store: ObjectStore;

  constructor(store: ObjectStore = memoryStore()) {
    this.#store = store;
  }

  get: ObjectStore["get"] = (key, options) => {
    this.calls.push(`get ${key}`);
    return this.#store.get(key, options);
  };

  put: ObjectStore["put"] = async (key, body, condition) => {
    this.calls.push(`put ${key}`);
    await this.beforePut(key);
    // A store keeps bytes, not the caller's memory.
    const etag = await this.#store.put(key, body.slice(), condition);
    await this.afterPut(key);
    return etag;
  };

  putStream: ObjectStore["putStream"] = (key, chunks) => this.#store.putStream(key, chunks);

  delete: ObjectStore["delete"] = (key) => {
    this.calls.push(`delete ${key}`);
    return this.#store.delete(key);
  };

  list: ObjectStore["list"] = (prefix) => this.#store.list(prefix);
}

export class RecordingLog implements Log {
  readonly lines: string[] = [];

  info(event: string): void {
    this.lines.push(event);
  }

  warn(event: string, fields: Readonly<Record<string, unknown>>): void {
    this.lines.push(`${event}: ${String(fields.error ?? "")}`);
  }
}

export interface FakePorts extends Ports {
  readonly objects: WatchedStore;
  readonly queues: FakeQueues;
  readonly clock: ManualClock;
  readonly log: RecordingLog;
}

export function fakePorts(objects = new WatchedStore()): FakePorts {
  return {
    objects,
    queues: new FakeQueues(),
    clock: new ManualClock(),
    compute: { run: async (_work, compute) => compute() },
    log: new RecordingLog(),
  };
}
