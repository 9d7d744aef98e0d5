/** One queue as SQS has it: visibility, receipts, dead letters, long polls, FIFO groups; synchronous, without latency. */

import { MarinaError } from "../../shared/base/index.ts";
import type { OutgoingMessage, QueueAddress, QueueOptions } from "../../shared/cloud/index.ts";
import { BATCH_LIMIT, IN_FLIGHT_LIMIT } from "../../shared/protocol/index.ts";
import type { VirtualClock } from "../clock/virtual-clock.ts";
import type { FaultPlan } from "../faults/faults.ts";
import type { Chance } from "../latency/sampler.ts";
import { Deduplication, FifoGroups } from "./fifo-groups.ts";
import { type Message, MessageList } from "./message-list.ts";
import { OpenPolls, type Poll, type PolledQueue } from "./open-polls.ts";
import { type Batch, measureBatch, queueNotFound } from "./queue-rules.ts";

/** SQS: a message can be hidden for at most 12 hours. */
const VISIBILITY_LIMIT_SECONDS = 12 * 3600;

/** Where a message goes that was received too often. */
export interface Redrive {
  readonly deadLetters: EmbeddedQueue;
  readonly maxReceiveCount: number;
}

/** What standard queues may do to their messages; a FIFO queue never does. */
export interface QueueFaults {
  /** Hand messages out in random order. */
  readonly shuffle?: boolean;
  /** Deliver each message twice. */
  readonly duplicate?: boolean;
}

export interface QueueContext {
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly faults: QueueFaults;
  readonly plan: FaultPlan | undefined;
  readonly evaluationBytesOf: (body: string) => number;
}

export class EmbeddedQueue implements PolledQueue {
  readonly address: QueueAddress;
  readonly fifo: boolean;
  readonly options: QueueOptions;
  redrive: Redrive | undefined;
  readonly #context: QueueContext;
  readonly #waiting = new MessageList();
  readonly #byReceipt = new Map<string, Message>();
  readonly #groups = new FifoGroups();
  readonly #deduplication = new Deduplication();
  readonly #polls: OpenPolls;
  #listener: ((message: Message) => void) | undefined;
  #inFlight = 0;
  #evaluationWaiting = 0;
  #sequence = 0;
  #receipts = 0;
  #destroyed = false;

  constructor(name: string, options: QueueOptions, context: QueueContext) {
    this.address = name as QueueAddress;
    this.fifo = name.endsWith(".fifo");
    this.options = options;
    this.#context = context;
    this.#polls = new OpenPolls(this, context.clock);
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  /** Messages waiting to be received, those of locked groups included. */
  get waiting(): number {
    return this.#waiting.size;
  }

  get evaluationWaiting(): number {
    return this.#evaluationWaiting;
  }

  /** Messages received and not deleted. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Tells an event source mapping of each message as it becomes deliverable. One listener a queue. */
  subscribe(listener: (message: Message) => void): void {
    if (this.#listener !== undefined) {
      throw new MarinaError("usage", `queue ${this.address}: it is mapped to a function already`);
    }
    this.#listener = listener;
    for (let message = this.#waiting.first; message !== null; message = message.next) {
      if (this.#takeable(message)) listener(message);
    }
  }

  /** See `measureBatch`. */
  measure(messages: readonly OutgoingMessage[]): Batch {
    return measureBatch(this.address, this.fifo, messages, this.#context.evaluationBytesOf);
  }

  /** Takes a measured batch in. `sentFrom` is when its request began. */
  accept(batch: Batch, sentFrom: number, ahead: number | null = null): void {
    this.#mustExist();
    const now = this.#context.clock.now();
    for (let i = 0; i < batch.messages.length; i++) {
      const { body, group, deduplicationId } = batch.messages[i]!;
      if (deduplicationId !== undefined && !this.#deduplication.accept(deduplicationId, now)) continue;
      const bytes = batch.bytes[i]!;
      const evaluationBytes = batch.evaluationBytes[i]!;
      const sequence = this.#sequence++;
      const message: Message = {
        id: `${this.address}:${sequence}`,
        body,
        bytes,
        evaluationBytes,
        evaluation: evaluationBytes === bytes,
        ahead,
        group: this.fifo ? group : undefined,
        sentAt: now,
        sequence,
        readyFrom: sentFrom,
        receiveCount: 0,
        receipt: null,
        state: "waiting",
        visibility: null,
        previous: null,
        next: null,
      };
      this.#enterSooner(message);
      if (this.#context.faults.duplicate === true && !this.fifo) {
        this.#enter({ ...message, previous: null, next: null });
      }
    }
    this.#polls.answer();
  }

  /** Enters the message now; or, as a fault, later or twice. */
  #enterSooner(message: Message): void {
    const { plan } = this.#context;
    const delayed = plan?.strike("messageDelayed", this.address);
    if (delayed === undefined) this.#enter(message);
    else this.#enterLater(message, 20_000 * delayed.nextUniform());
    const twice = this.fifo ? undefined : plan?.strike("messageDuplicated", this.address);
    if (twice === undefined) return;
    // Most copies come at once, some long after their round.
    const later = twice.nextUniform() < 0.7 ? 0 : 40_000 * twice.nextUniform();
    this.#enterLater({ ...message, previous: null, next: null }, later);
  }

  #enterLater(message: Message, milliseconds: number): void {
    const { clock } = this.#context;
    clock.at(clock.now() + milliseconds, () => {
      if (this.#destroyed) return;
      message.readyFrom = clock.now();
      this.#enter(message);
      this.#polls.answer();
    });
  }

  /** Takes a receive request that will arrive at its time. */
  poll(poll: Poll): void {
    this.#polls.add(poll);
  }

  /**
   * Receives up to `max` messages now, all evaluation or none. With `first`, that one and then others; nothing when
   * it can't be had any more.
   */
  take(max: number, first?: Message): readonly Message[] {
    const taken: Message[] = [];
    if (first !== undefined) {
      const chosen = this.#context.faults.shuffle === true && !this.fifo ? this.#anyLike(first) : first;
      if (chosen === undefined || !this.#takeable(chosen) || this.#inFlight >= IN_FLIGHT_LIMIT) return taken;
      if (!this.#deliver(chosen)) return taken;
      taken.push(chosen);
    }
    if (taken.length < max) this.#fill(taken, max);
    return taken;
  }

  /** Receives up to `max` evaluation messages now. */
  takeEvaluation(max: number): readonly Message[] {
    const taken: Message[] = [];
    let message = this.#waiting.first;
    while (message !== null && taken.length < max) {
      const next: Message | null = message.next;
      if (message.evaluation && this.#takeable(message) && this.#deliver(message)) taken.push(message);
      message = next;
    }
    return taken;
  }

  /** Forgets the messages of these receipts. An unknown or outdated receipt is no error and does nothing. */
  delete(receipts: readonly string[]): void {
    this.#mustExist();
    if (receipts.length === 0 || receipts.length > BATCH_LIMIT) {
      throw new MarinaError(
        "limit",
        `queue ${this.address}: delete: expected 1 to ${BATCH_LIMIT} receipts, got ${receipts.length}`,
      );
    }
    for (const receipt of receipts) this.remove(receipt);
  }

  /** Forgets one message, if this is the receipt of its last delivery. */
  remove(receipt: string): void {
    const message = this.#byReceipt.get(receipt);
    if (message === undefined) return;
    this.#byReceipt.delete(receipt);
    if (message.state === "in flight") {
      this.#leaveFlight(message);
      message.state = "gone";
      this.#unlock(message);
    } else {
      this.#leaveList(message);
      message.state = "gone";
    }
  }

  /**
   * Hides a message in flight for `seconds` from now; 0 gives it back at once.
   * @throws MarinaError `not-found` when this delivery is over, `usage` for more than 12 hours.
   */
  extend(receipt: string, seconds: number): void {
    this.#mustExist();
    if (!(seconds >= 0 && seconds <= VISIBILITY_LIMIT_SECONDS)) {
      throw new MarinaError(
        "usage",
        `queue ${this.address}: extend: expected 0 to ${VISIBILITY_LIMIT_SECONDS} seconds, got ${seconds}`,
      );
    }
    const message = this.#byReceipt.get(receipt);
    if (message === undefined || message.state !== "in flight") {
      throw new MarinaError(
        "not-found",
        `queue ${this.address}: extend: the message of receipt ${receipt} is not in flight: its visibility ran out or it was deleted`,
      );
    }
    const { clock } = this.#context;
    if (message.visibility !== null) clock.cancel(message.visibility);
    message.visibility = null;
    if (seconds === 0) this.#giveBack(message);
    else message.visibility = clock.at(clock.now() + seconds * 1000, () => this.#giveBack(message));
  }

  /** All evaluation? Receipts that are unknown don't count. */
  isEvaluation(receipts: readonly string[]): boolean {
    let known = 0;
    for (const receipt of receipts) {
      const message = this.#byReceipt.get(receipt);
      if (message === undefined) continue;
      if (!message.evaluation) return false;
      known++;
    }
    return known > 0;
  }

  /** Drops every message; requests that are waiting get nothing, later ones `not-found`. */
  destroy(): void {
    this.#destroyed = true;
    const { clock } = this.#context;
    for (const message of this.#byReceipt.values()) {
      if (message.visibility !== null) clock.cancel(message.visibility);
      message.state = "gone";
    }
    this.#byReceipt.clear();
    for (let message = this.#waiting.first; message !== null; message = this.#waiting.first) {
      this.#waiting.remove(message);
      message.state = "gone";
    }
    this.#inFlight = 0;
    this.#evaluationWaiting = 0;
    this.#polls.dismiss();
  }

  #mustExist(): void {
    if (this.#destroyed) throw queueNotFound(this.address);
  }

  /** A message becomes part of the queue, new or back from a delivery. */
  #enter(message: Message): void {
    message.state = "waiting";
    if (message.evaluation) this.#evaluationWaiting++;
    const { chance, faults, plan } = this.#context;
    const reordered =
      this.fifo || this.#waiting.size === 0 ? undefined : plan?.strike("messageReordered", this.address);
    if (this.fifo) this.#waiting.insertBySequence(message);
    else if (reordered !== undefined) {
      const place = reordered.nextBelow(this.#waiting.size + 1);
      this.#waiting.insertAfter(message, place === 0 ? null : this.#waiting.at(place - 1));
    } else if (faults.shuffle === true && this.#waiting.size > 0) {
      const place = chance.below(this.#waiting.size + 1);
      this.#waiting.insertAfter(message, place === 0 ? null : this.#waiting.at(place - 1));
    } else this.#waiting.append(message);
    this.#announce(message);
  }

  /** Tells the mapping of a message, or of the one that is first in its group. */
  #announce(message: Message): void {
    if (this.#listener === undefined) return;
    const first = message.group === undefined ? message : this.#firstOf(message.group);
    if (first !== undefined && this.#takeable(first)) this.#listener(first);
  }

  #firstOf(group: string): Message | undefined {
    for (let message = this.#waiting.first; message !== null; message = message.next) {
      if (message.group === group) return message;
    }
    return undefined;
  }

  #leaveList(message: Message): void {
    this.#waiting.remove(message);
    if (message.evaluation) this.#evaluationWaiting--;
  }

  #leaveFlight(message: Message): void {
    if (message.visibility !== null) this.#context.clock.cancel(message.visibility);
    message.visibility = null;
    this.#inFlight--;
  }

  #takeable(message: Message): boolean {
    return (
      message.state === "waiting" && (message.group === undefined || !this.#groups.isLocked(message.group))
    );
  }

  /** One more message for each place that is left. A locked group stays locked, but not by this very request. */
  #fill(taken: Message[], max: number): void {
    let message = this.#waiting.first;
    while (message !== null && taken.length < max && this.#inFlight < IN_FLIGHT_LIMIT) {
      const next: Message | null = message.next;
      const { group } = message;
      const free =
        group === undefined || !this.#groups.isLocked(group) || taken.some((other) => other.group === group);
      const sameAccount = taken.length === 0 || taken[0]!.evaluation === message.evaluation;
      if (free && sameAccount && this.#deliver(message)) taken.push(message);
      message = next;
    }
  }

  #anyLike(wanted: Message): Message | undefined {
    const candidates: Message[] = [];
    for (let message = this.#waiting.first; message !== null; message = message.next) {
      if (message.evaluation === wanted.evaluation) candidates.push(message);
    }
    return candidates.length === 0 ? undefined : candidates[this.#context.chance.below(candidates.length)];
  }

  /** From waiting to in flight; false when it was too old or went to the dead letters instead. */
  #deliver(message: Message): boolean {
    const { clock } = this.#context;
    const now = clock.now();
    this.#leaveList(message);
    if (message.receipt !== null) this.#byReceipt.delete(message.receipt);
    if (now - message.sentAt > this.options.retentionSeconds * 1000) {
      message.state = "gone";
      if (message.group !== undefined) this.#announce(message);
      return false;
    }
    const { plan } = this.#context;
    if (
      this.redrive !== undefined &&
      (message.receiveCount >= this.redrive.maxReceiveCount ||
        plan?.strike("messageDeadLettered", this.address) !== undefined)
    ) {
      message.state = "gone";
      this.redrive.deadLetters.#adopt(message);
      if (message.group !== undefined) this.#announce(message);
      return false;
    }
    message.state = "in flight";
    message.receiveCount++;
    const receipt = `${this.address}/${this.#receipts++}`;
    message.receipt = receipt;
    this.#byReceipt.set(receipt, message);
    this.#inFlight++;
    if (message.group !== undefined) this.#groups.lock(message.group);
    message.visibility = clock.at(now + this.options.visibilitySeconds * 1000, () => this.#giveBack(message));
    // A fault: it was handed to nobody, and is hidden all the same.
    return plan?.strike("messageLost", this.address) === undefined;
  }

  /** A dead letter keeps its age, as SQS has it. */
  #adopt(message: Message): void {
    if (this.#destroyed) return;
    this.#enter({
      ...message,
      sequence: this.#sequence++,
      readyFrom: this.#context.clock.now(),
      receiveCount: 0,
      receipt: null,
      previous: null,
      next: null,
    });
    this.#polls.answer();
  }

  /** Its visibility ran out. A standard queue still honours the receipt until the next delivery; FIFO doesn't. */
  #giveBack(message: Message): void {
    this.#leaveFlight(message);
    if (this.fifo && message.receipt !== null) this.#byReceipt.delete(message.receipt);
    message.readyFrom = this.#context.clock.now();
    const { group } = message;
    if (group !== undefined) this.#groups.release(group);
    this.#enter(message);
    this.#polls.answer();
  }

  #unlock({ group }: Message): void {
    if (group === undefined || !this.#groups.release(group)) return;
    const first = this.#firstOf(group);
    if (first === undefined) return;
    first.readyFrom = this.#context.clock.now();
    this.#announce(first);
    this.#polls.answer();
  }
}
