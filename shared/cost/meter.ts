/** Counts requests as they are billed, split between the method's account and the evaluation's. */
import type { QueueAddress } from "../cloud/index.ts";
import { BILLED_UNIT_BYTES } from "../protocol/index.ts";
import { copyUsage, type MutableAccount, type MutableUsage, zeroUsage } from "./usage.ts";

/** How many bytes of one message, or of all of a request, are whose. */
export interface SplitBytes {
  readonly methodBytes: number;
  readonly evaluationBytes: number;
}

/** S3 lists 1,000 keys a request. */
const KEYS_PER_LIST = 1000;
/** A streamed upload is taken to go in parts of this size; S3 allows 5 MiB to 5 GiB. */
const UPLOAD_PART_BYTES = 8 * 1024 * 1024;

/** The names of FIFO queues, and so the URLs of their addresses, end so (an SQS rule). */
export function isFifoAddress(queue: QueueAddress): boolean {
  return queue.endsWith(".fifo");
}

/** Billed units of a payload: each started 64 KiB. */
export function billedUnits(bytes: number): number {
  return Math.ceil(bytes / BILLED_UNIT_BYTES);
}

/**
 * A running count. A payload with method and evaluation bytes costs the method ceil(method bytes / 64 KiB) requests,
 * as if the evaluation were not there, and the evaluation the rest of ceil(all bytes / 64 KiB).
 */
export class Meter {
  readonly #usage: MutableUsage = zeroUsage();
  readonly #isFifo: (queue: QueueAddress) => boolean;

  constructor(isFifo: (queue: QueueAddress) => boolean = isFifoAddress) {
    this.#isFifo = isFifo;
  }

  /** The counters themselves, for what an engine counts on its own (invocations, mappings). */
  account(evaluation: boolean): MutableAccount {
    return evaluation ? this.#usage.evaluation : this.#usage.method;
  }

  /** A snapshot: a copy, the caller's own. */
  usage(): MutableUsage {
    return copyUsage(this.#usage);
  }

  send(queue: QueueAddress, bytes: SplitBytes, messages: number): void {
    const { method, evaluation } = units(bytes);
    this.#queues(queue, false).sendRequests += method;
    this.#queues(queue, true).sendRequests += evaluation;
    this.#queues(queue, bytes.methodBytes === 0).sentMessages += messages;
  }

  /** A receive that returned messages. */
  receive(queue: QueueAddress, bytes: SplitBytes, messages: number): void {
    const { method, evaluation } = units(bytes);
    this.#queues(queue, false).receiveRequests += method;
    this.#queues(queue, true).receiveRequests += evaluation;
    this.#queues(queue, bytes.methodBytes === 0).receivedMessages += messages;
  }

  emptyReceive(queue: QueueAddress, evaluation = false): void {
    this.#queues(queue, evaluation).emptyReceiveRequests++;
  }

  delete(queue: QueueAddress, messages: number, evaluation = false): void {
    const queues = this.#queues(queue, evaluation);
    queues.deleteRequests++;
    queues.deletedMessages += messages;
  }

  extend(queue: QueueAddress, evaluation = false): void {
    this.#queues(queue, evaluation).extendRequests++;
  }

  manage(queue: QueueAddress, evaluation = false): void {
    this.#queues(queue, evaluation).manageRequests++;
  }

  putObject(bytes: number, evaluation = false): void {
    const { objects } = this.account(evaluation);
    objects.putRequests++;
    objects.putBytes += bytes;
  }

  /** An upload in parts: begin, each part, complete; a single PUT when one part holds it all. */
  putObjectStream(bytes: number, evaluation = false): void {
    const { objects } = this.account(evaluation);
    const parts = Math.ceil(bytes / UPLOAD_PART_BYTES);
    objects.putRequests += parts <= 1 ? 1 : parts + 2;
    objects.putBytes += bytes;
  }

  getObject(bytes: number, evaluation = false): void {
    const { objects } = this.account(evaluation);
    objects.getRequests++;
    objects.getBytes += bytes;
  }

  deleteObject(evaluation = false): void {
    this.account(evaluation).objects.deleteRequests++;
  }

  listObjects(keys: number, evaluation = false): void {
    this.account(evaluation).objects.listRequests += Math.max(1, Math.ceil(keys / KEYS_PER_LIST));
  }

  #queues(queue: QueueAddress, evaluation: boolean): MutableAccount["standardQueues"] {
    const account = this.account(evaluation);
    return this.#isFifo(queue) ? account.fifoQueues : account.standardQueues;
  }
}

function units({ methodBytes, evaluationBytes }: SplitBytes): { method: number; evaluation: number } {
  const method = billedUnits(methodBytes);
  return { method, evaluation: billedUnits(methodBytes + evaluationBytes) - method };
}
