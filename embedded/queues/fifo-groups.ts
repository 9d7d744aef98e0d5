/** What a FIFO queue keeps beside its messages: locked groups, and ids of messages that it has accepted. */

/** SQS: a second message with the same de-duplication id is dropped for this long. */
const DEDUPLICATION_MILLISECONDS = 5 * 60 * 1000;

/** While a message of a group is in flight the group is locked. */
export class FifoGroups {
  /** How many messages of a group are in flight. */
  readonly #inFlight = new Map<string, number>();

  isLocked(group: string): boolean {
    return this.#inFlight.has(group);
  }

  lock(group: string): void {
    this.#inFlight.set(group, (this.#inFlight.get(group) ?? 0) + 1);
  }

  /** True when nothing of the group is in flight any more. */
  release(group: string): boolean {
    const left = (this.#inFlight.get(group) ?? 1) - 1;
    if (left > 0) this.#inFlight.set(group, left);
    else this.#inFlight.delete(group);
    return left <= 0;
  }
}

export class Deduplication {
  /** When each id was last accepted, oldest first. */
  readonly #accepted = new Map<string, number>();

  /** False, and nothing remembered, for an id that was accepted a short time ago. */
  accept(id: string, now: number): boolean {
    for (const [oldest, at] of this.#accepted) {
      if (at + DEDUPLICATION_MILLISECONDS > now) break;
      this.#accepted.delete(oldest);
    }
    if (this.#accepted.has(id)) return false;
    this.#accepted.set(id, now);
    return true;
  }
}
