/** An event source mapping: brings a queue's messages to a function. */

import { MarinaError } from "../../shared/base/index.ts";
import type { DeliveredMessage } from "../../shared/cloud/index.ts";
import { billedUnits, type MappingUsage } from "../../shared/cost/index.ts";
import { BATCH_LIMIT } from "../../shared/protocol/index.ts";
import { corrupted } from "../faults/faults.ts";
import type { MappingRamp } from "../latency/latencies.ts";
import type { Message } from "../queues/message-list.ts";
import type { EmbeddedQueue } from "../queues/queue.ts";
import type { Outcome } from "./environment.ts";
import type { EmbeddedFunction } from "./function.ts";
import type { Services } from "./shared-services.ts";

/** Lambda keeps so many pollers on a queue, each in long polls of 20 s. Lambda developer guide, SQS scaling. */
const IDLE_POLLERS = 5;
const IDLE_POLL_MILLISECONDS = 20_000;

/** Lambda developer guide, SQS scaling. */
export const AWS_RAMP: MappingRamp = { atFirst: 5, perMinute: 300 };

export interface MappingOptions {
  /** Most messages of one invocation. */
  readonly batchSize: number;
  /** Most invocations at one time, of this mapping. */
  readonly maxConcurrency?: number;
  /** Without one it is at its maximum from the start. */
  readonly ramp?: MappingRamp;
}

/**
 * Each message travels on its own: its handler starts a drawn latency after the start of the call that sent it, or
 * later when the function is busy. An invocation takes that message and whatever else is there, up to the batch size.
 * What the handler has done is deleted; what it failed, and everything when it threw, comes back when the queue's
 * visibility runs out.
 */
export class EmbeddedMapping {
  readonly #queue: EmbeddedQueue;
  readonly #function: EmbeddedFunction;
  readonly #services: Services;
  readonly #options: MappingOptions;
  readonly #ready: Message[] = [];
  readonly #readyEvaluation: Message[] = [];
  readonly #startedAt: number;
  #running = 0;
  /** What the ramp allows, as of a time, and whether messages have waited since then. */
  #allowed: number;
  #allowedAt = 0;
  #backlog = false;
  #growing = false;
  /** One invocation after the other: the next one is not started before then. */
  #nextStart = 0;
  #waiting = false;
  /** A fault: others use up the account's concurrency until then. */
  #starvedUntil = 0;

  constructor(queue: EmbeddedQueue, target: EmbeddedFunction, options: MappingOptions, services: Services) {
    if (queue.fifo && options.batchSize > BATCH_LIMIT) {
      throw new MarinaError(
        "usage",
        `mapping of ${queue.address}: expected a batch size of at most ${BATCH_LIMIT} for a FIFO queue, got ${options.batchSize}`,
      );
    }
    if (queue.options.visibilitySeconds < target.options.timeoutSeconds) {
      throw new MarinaError(
        "usage",
        `mapping of ${queue.address}: its visibility of ${queue.options.visibilitySeconds} s must be at least the ` +
          `time-out of the function ${target.options.name}, ${target.options.timeoutSeconds} s, as Lambda demands`,
      );
    }
    this.#queue = queue;
    this.#function = target;
    this.#services = services;
    this.#options = options;
    this.#startedAt = services.clock.now();
    this.#allowed = options.ramp?.atFirst ?? Number.POSITIVE_INFINITY;
    queue.subscribe((message) => this.#announce(message));
    target.onRelease(() => this.#pump());
  }

  /** Its empty long polls since it was made. */
  idlePolls(): number {
    const elapsed = this.#services.clock.now() - this.#startedAt;
    return IDLE_POLLERS * Math.floor(elapsed / IDLE_POLL_MILLISECONDS);
  }

  get fifo(): boolean {
    return this.#queue.fifo;
  }

  #announce(message: Message): void {
    const { clock, chance } = this.#services;
    const latency = message.evaluation ? 0 : chance.dispatch(this.#queue.fifo);
    clock.at(message.readyFrom + latency, () => {
      const starved = this.#services.plan?.strike("starved", this.#queue.address);
      if (starved !== undefined) {
        this.#starvedUntil = Math.max(this.#starvedUntil, clock.now() + 20_000 * starved.nextUniform());
        clock.at(this.#starvedUntil, () => this.#pump());
      }
      (message.evaluation ? this.#readyEvaluation : this.#ready).push(message);
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#services.clock.now() < this.#starvedUntil) return;
    const most = this.#options.maxConcurrency ?? Number.POSITIVE_INFINITY;
    const limit = Math.min(most, this.#grown());
    while (this.#readyEvaluation.length > 0 && this.#function.hasCapacity(true)) {
      this.#dispatch(this.#readyEvaluation.shift()!);
    }
    while (this.#ready.length > 0 && this.#running < limit && this.#function.hasCapacity(false)) {
      if (!this.#mayStart()) return;
      this.#dispatch(this.#ready.shift()!);
    }
    this.#backlog = this.#ready.length > 0;
    if (this.#backlog && limit < most) this.#growLater();
  }

  /** Is it long enough since the last start? If not, it is looked again when it is. */
  #mayStart(): boolean {
    const { clock, profile } = this.#services;
    const gap = profile.dispatchGapMilliseconds;
    if (gap === 0) return true;
    const now = clock.now();
    if (now >= this.#nextStart) {
      this.#nextStart = now + gap;
      return true;
    }
    if (this.#waiting) return false;
    this.#waiting = true;
    clock.at(this.#nextStart, () => {
      this.#waiting = false;
      this.#pump();
    });
    return false;
  }

  /** Whole invocations that the ramp allows now. */
  #grown(): number {
    const { ramp } = this.#options;
    if (ramp === undefined) return Number.POSITIVE_INFINITY;
    const now = this.#services.clock.now();
    if (this.#backlog) this.#allowed += (ramp.perMinute * (now - this.#allowedAt)) / 60_000;
    this.#allowedAt = now;
    // What is a hair below a whole number by rounding is that number.
    return Math.floor(this.#allowed + 1e-9);
  }

  /** Looks again when one more is allowed. */
  #growLater(): void {
    const { ramp } = this.#options;
    if (ramp === undefined || this.#growing) return;
    const { clock } = this.#services;
    const now = clock.now();
    const allowed = Math.floor(this.#allowed + 1e-9);
    const at = now + (60_000 * (allowed + 1 - this.#allowed)) / ramp.perMinute;
    if (!(at > now)) {
      // Sooner than the clock can tell from now, it would be looked again at this instant for ever: one more is allowed now.
      if (this.#running < allowed) return; // It is the function that is full: its release is told.
      this.#allowed = allowed + 1;
    }
    this.#growing = true;
    clock.at(at, () => {
      this.#growing = false;
      this.#pump();
    });
  }

  #dispatch(first: Message): void {
    const batch = this.#queue.take(this.#options.batchSize, first);
    if (batch.length === 0) return; // another batch had it, or it went to the dead letters
    const { evaluation, ahead } = batch[0]!;
    const usage = this.#usage(evaluation);
    let bytes = 0;
    for (const message of batch) bytes += message.bytes;
    usage.receiveRequests += billedUnits(bytes);
    if (!evaluation) this.#running++;
    const { address } = this.#queue;
    const { plan } = this.#services;
    const messages: DeliveredMessage[] = batch.map(({ id, body, receipt, receiveCount }) => {
      const dice = plan?.strike("messageCorrupted", `delivered from ${address}`);
      return {
        messageId: id,
        queue: address,
        body: dice === undefined ? body : corrupted(body, dice),
        receipt: receipt!,
        receiveCount,
      };
    });
    const finish = (outcome: Outcome): void => {
      if (!evaluation) this.#running--;
      this.#finish(messages, outcome, usage);
    };
    this.#function.invoke(messages, evaluation, finish, ahead);
  }

  #finish(messages: readonly DeliveredMessage[], outcome: Outcome, usage: { deleteRequests: number }): void {
    const failed = this.#failed(messages, outcome);
    let deleted = 0;
    for (const { messageId, receipt } of messages) {
      if (failed?.has(messageId) === true) continue;
      this.#queue.remove(receipt);
      deleted++;
    }
    usage.deleteRequests += Math.ceil(deleted / BATCH_LIMIT);
  }

  /** Undefined: none. */
  #failed(messages: readonly DeliveredMessage[], outcome: Outcome): ReadonlySet<string> | undefined {
    if (outcome.kind === "answered" && outcome.failedMessageIds.length === 0) return undefined;
    const ids = new Set<string>();
    const { log } = this.#services;
    const where = { function: this.#function.options.name, queue: this.#queue.address };
    for (const { messageId } of messages) ids.add(messageId);
    if (outcome.kind === "threw") {
      log.warn("handler threw: its whole batch will be delivered again", {
        ...where,
        error: String(outcome.error),
      });
      return ids;
    }
    if (outcome.kind === "timed out" || outcome.kind === "crashed") {
      const end = outcome.kind === "crashed" ? "its environment died" : "handler ran out of time";
      log.warn(`${end}: its whole batch will be delivered again`, where);
      return ids;
    }
    const unknown = outcome.failedMessageIds.filter((id) => !ids.has(id));
    if (unknown.length > 0) {
      log.warn("handler named a message it was not given: its whole batch will be delivered again", {
        ...where,
        unknown,
      });
      return ids;
    }
    return new Set(outcome.failedMessageIds);
  }

  #usage(evaluation: boolean): { -readonly [K in keyof MappingUsage]: number } {
    const account = this.#services.meter.account(evaluation);
    return this.#queue.fifo ? account.fifoMapping : account.standardMapping;
  }
}
