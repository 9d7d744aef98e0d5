/**
 * The ports: all that a handler may ask of a cloud. Handlers await nothing but these (so that a virtual clock knows
 * when all is quiet) and read no other clock.
 */

/** Integer-valued byte range, end exclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface StoredObject {
  /** Never written to by the receiver: may be the store's own memory. */
  readonly body: Uint8Array;
  readonly etag: string;
}

/** A condition on a write: only if the key is new, or only if it still holds what was read. */
export type PutCondition = { readonly ifNoneMatch: "*" } | { readonly ifMatch: string };

/**
 * Objects with strong read-after-write consistency and conditional writes (S3).
 * Errors are MarinaError: `not-found` (get of a missing key; If-Match on a missing key), `precondition-failed`
 * (condition not met: the write changed nothing), `unavailable` (after bounded retries; may have taken effect).
 */
export interface ObjectStore {
  get(
    key: string,
    options?: { readonly range?: ByteRange; readonly ifMatch?: string },
  ): Promise<StoredObject>;
  /** Returns the new ETag. The store keeps the bytes: the caller must not change them afterwards. */
  put(key: string, body: Uint8Array, condition?: PutCondition): Promise<string>;
  /**
   * Creates or replaces an object from chunks of any sizes and returns its ETag. Written by parts, visible only when
   * complete: when `chunks` throws, that error is thrown on unchanged and nothing has changed. Chunks are not changed
   * after they were handed over.
   */
  putStream(key: string, chunks: AsyncIterable<Uint8Array>): Promise<string>;
  /** Deleting a missing key is no error. */
  delete(key: string): Promise<void>;
  /** All keys that begin with the prefix, in lexicographic order. */
  list(prefix: string): Promise<readonly string[]>;
}

/** A queue's address: opaque to handlers (a URL on AWS, a name on the embedded cloud). */
export type QueueAddress = string & { readonly __queue: unique symbol };

export interface OutgoingMessage {
  /** Text of at most 1 MiB (SQS allows no binary bodies: payloads travel as base64). */
  readonly body: string;
  /** FIFO queues only: the group that is delivered in order, one at a time. */
  readonly group?: string;
  /** FIFO queues only: a second message with the same id within five minutes is dropped. */
  readonly deduplicationId?: string;
}

export interface ReceivedMessage {
  readonly body: string;
  /** What `delete` and `extend` need; belongs to this delivery only. */
  readonly receipt: string;
  /** How often this message has been delivered, this time included. */
  readonly receiveCount: number;
}

export interface QueueOptions {
  /** Seconds a received message stays hidden from other receivers. */
  readonly visibilitySeconds: number;
  /** Seconds an undelivered message is kept. */
  readonly retentionSeconds: number;
}

/** Queues with at-least-once delivery (SQS). */
export interface MessageQueue {
  /** Idempotent: an existing queue of this name is returned as it is. */
  create(name: string, options: QueueOptions): Promise<QueueAddress>;
  /** The address of a queue that exists. Throws `not-found`. */
  address(name: string): Promise<QueueAddress>;
  /** Deleting a missing queue is no error. */
  destroy(queue: QueueAddress): Promise<void>;
  /** At most 10 messages and 1 MiB in all; returns when all were accepted (partial failures are retried by item). */
  send(queue: QueueAddress, messages: readonly OutgoingMessage[]): Promise<void>;
  /** Long poll: returns at once when there are messages (at most `max` <= 10), else after `waitSeconds`, perhaps empty. */
  receive(
    queue: QueueAddress,
    options: { readonly max: number; readonly waitSeconds: number },
  ): Promise<readonly ReceivedMessage[]>;
  /** At most 10 receipts. An unknown receipt is no error. */
  delete(queue: QueueAddress, receipts: readonly string[]): Promise<void>;
  /** Hides a message that this receiver holds for `seconds` from now (the heartbeat). */
  extend(queue: QueueAddress, receipt: string, seconds: number): Promise<void>;
  /** How many messages wait to be received, about. */
  waiting(queue: QueueAddress): Promise<number>;
}

export interface Clock {
  /** Milliseconds; only differences have a meaning. */
  now(): number;
  /** Resolves after so many milliseconds. */
  sleep(milliseconds: number): Promise<void>;
}

/** How much computing a piece of work is, in units that do not depend on the machine. */
export interface Work {
  /** Rows visited (a row visited for two points counts twice). */
  readonly rows: number;
  /** Multiply-adds over stored entries (the same). */
  readonly nonZeros: number;
  /** Floating-point operations beside these: of networks. Absent: none. */
  readonly flop?: number;
  /** Vector entries handled outside the rows: compression, sums, copies. */
  readonly entries: number;
  /** Indices drawn of a random subset, each with what is done at its place; none where absent. */
  readonly indices?: number;
  /** Uniform numbers drawn; none where absent. */
  readonly uniforms?: number;
}

/** Runs synchronous work and lets the time that it takes pass on this engine's clock. */
export interface Compute {
  run<T>(work: (result: T) => Work, compute: () => T): Promise<T>;
}

/** One line about what happened, for the operator's log; never for control. */
export interface Log {
  info(event: string, fields: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields: Readonly<Record<string, unknown>>): void;
}

/** The invocation a handler is in. */
export interface Invocation {
  /** Milliseconds left until the platform stops this invocation. */
  remainingMilliseconds(): number;
  readonly requestId: string;
  /** True when this environment had never been invoked before. */
  readonly cold: boolean;
}

/** A record of an event source mapping's batch. */
export interface DeliveredMessage extends ReceivedMessage {
  readonly messageId: string;
  readonly queue: QueueAddress;
}

/** What a handler answers: the messages that must be delivered again. */
export interface BatchResponse {
  readonly failedMessageIds: readonly string[];
}

/** A function's handler, as every engine calls it. */
export type Handler = (
  messages: readonly DeliveredMessage[],
  invocation: Invocation,
) => Promise<BatchResponse>;

export interface Ports {
  readonly objects: ObjectStore;
  readonly queues: MessageQueue;
  readonly clock: Clock;
  readonly compute: Compute;
  readonly log: Log;
}
