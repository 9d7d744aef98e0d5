/** The receive requests of a queue: on their way to it, or parked there until a message or their deadline comes. */

import type { Timer } from "../clock/timers.ts";
import type { VirtualClock } from "../clock/virtual-clock.ts";
import type { Message } from "./message-list.ts";
import { queueNotFound } from "./queue-rules.ts";

/** A receive request: on its way to the queue until `arriveAt`, then parked until a message or its deadline comes. */
export interface Poll {
  readonly max: number;
  readonly arriveAt: number;
  readonly deadline: number;
  /** The place of the request whose successor this is, among the open ones; at the end when not given. */
  readonly order: number | undefined;
  /** Called once, at the moment the queue answers; never with evaluation and other messages together. */
  readonly answer: (messages: readonly Message[], order: number) => void;
  /** `not-found` when the queue is gone before the request arrives. */
  readonly refuse: (error: unknown) => void;
  /** True when the sender died before the request had left it. */
  readonly neverLeft: () => boolean;
}

/** What polls ask of their queue. */
export interface PolledQueue {
  readonly address: string;
  readonly destroyed: boolean;
  /** Messages waiting to be received. */
  readonly waiting: number;
  /** Those of them that are evaluation traffic. */
  readonly evaluationWaiting: number;
  /** Receives up to `max` messages now, all evaluation or none. */
  take(max: number): readonly Message[];
  /** The same of evaluation messages only. */
  takeEvaluation(max: number): readonly Message[];
}

interface OpenPoll extends Poll {
  readonly order: number;
  parked: boolean;
  timer: Timer | null;
}

export class OpenPolls {
  readonly #queue: PolledQueue;
  readonly #clock: VirtualClock;
  /** In order of their requests, those of successors in the place of the first. */
  readonly #polls: OpenPoll[] = [];
  #requests = 0;

  constructor(queue: PolledQueue, clock: VirtualClock) {
    this.#queue = queue;
    this.#clock = clock;
  }

  /** Takes a receive request that will arrive at its time. */
  add(poll: Poll): void {
    const order = poll.order ?? this.#requests++;
    const open: OpenPoll = { ...poll, order, parked: false, timer: null };
    let place = this.#polls.length;
    while (place > 0 && this.#polls[place - 1]!.order > order) place--;
    this.#polls.splice(place, 0, open);
    // An evaluation message may be waiting that needn't wait for the request's way.
    this.#answerTravelling();
    if (!this.#polls.includes(open)) return;
    if (open.arriveAt > this.#clock.now()) {
      open.timer = this.#clock.at(open.arriveAt, () => this.#arrive(open));
    } else this.#arrive(open);
  }

  /** Hands out what is waiting, to the requests that came first. */
  answer(): void {
    if (this.#queue.waiting === 0 || this.#polls.length === 0) return;
    for (let poll = this.#first(true); poll !== undefined; poll = this.#first(true)) {
      const messages = this.#queue.take(poll.max);
      if (messages.length === 0) break;
      this.#answer(poll, messages);
    }
    this.#answerTravelling();
  }

  /** The queue is gone: requests that are waiting get nothing. */
  dismiss(): void {
    for (const poll of [...this.#polls]) if (poll.parked) this.#answer(poll, []);
  }

  #arrive(poll: OpenPoll): void {
    poll.timer = null;
    if (poll.neverLeft()) {
      this.#close(poll);
      return;
    }
    if (this.#queue.destroyed) {
      this.#close(poll);
      poll.refuse(queueNotFound(this.#queue.address));
      return;
    }
    const messages = this.#queue.take(poll.max);
    if (messages.length > 0 || poll.deadline <= this.#clock.now()) {
      this.#answer(poll, messages);
      return;
    }
    poll.parked = true;
    poll.timer = this.#clock.at(poll.deadline, () => this.#answer(poll, []));
  }

  #answer(poll: OpenPoll, messages: readonly Message[]): void {
    if (poll.timer !== null) this.#clock.cancel(poll.timer);
    poll.timer = null;
    this.#close(poll);
    poll.answer(messages, poll.order);
  }

  #close(poll: OpenPoll): void {
    this.#polls.splice(this.#polls.indexOf(poll), 1);
  }

  /** Evaluation takes no time: a request still on its way serves as well. */
  #answerTravelling(): void {
    while (this.#queue.evaluationWaiting > 0) {
      const poll = this.#first(false);
      if (poll === undefined) return;
      const messages = this.#queue.takeEvaluation(poll.max);
      if (messages.length === 0) return;
      this.#answer(poll, messages);
    }
  }

  #first(parked: boolean): OpenPoll | undefined {
    for (const poll of this.#polls) if (poll.parked === parked) return poll;
    return undefined;
  }
}
