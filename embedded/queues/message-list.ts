/** The messages of a queue that wait to be received: a linked list, so that any of them can leave in constant time. */
import type { Timer } from "../clock/timers.ts";

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly bytes: number;
  /** How many of the bytes are evaluation traffic. */
  readonly evaluationBytes: number;
  /** All of them are: the message belongs to the evaluation's account and takes no time. */
  readonly evaluation: boolean;
  /** Of a question of preparation or its answer: see PreparationTime. */
  readonly ahead: number | null;
  readonly group: string | undefined;
  readonly sentAt: number;
  /** Order of acceptance in its queue. */
  sequence: number;
  /** When the call that made it available began: its way to a mapped function is counted from here. */
  readyFrom: number;
  receiveCount: number;
  /** Of the last delivery; null before the first and after a move to another queue. */
  receipt: string | null;
  state: "waiting" | "in flight" | "gone";
  visibility: Timer | null;
  previous: Message | null;
  next: Message | null;
}

export class MessageList {
  #first: Message | null = null;
  #last: Message | null = null;
  #size = 0;

  get first(): Message | null {
    return this.#first;
  }

  get size(): number {
    return this.#size;
  }

  append(message: Message): void {
    this.insertAfter(message, this.#last);
  }

  /** Null means at the front. */
  insertAfter(message: Message, previous: Message | null): void {
    const next = previous === null ? this.#first : previous.next;
    message.previous = previous;
    message.next = next;
    if (previous === null) this.#first = message;
    else previous.next = message;
    if (next === null) this.#last = message;
    else next.previous = message;
    this.#size++;
  }

  /** Back to its place in the order of acceptance. */
  insertBySequence(message: Message): void {
    let previous: Message | null = null;
    for (let at = this.#first; at !== null && at.sequence < message.sequence; at = at.next) previous = at;
    this.insertAfter(message, previous);
  }

  /** The message at this place, 0 <= place < size. */
  at(place: number): Message {
    let message = this.#first!;
    for (let i = 0; i < place; i++) message = message.next!;
    return message;
  }

  remove(message: Message): void {
    if (message.previous === null) this.#first = message.next;
    else message.previous.next = message.next;
    if (message.next === null) this.#last = message.previous;
    else message.next.previous = message.previous;
    message.previous = null;
    message.next = null;
    this.#size--;
  }
}
