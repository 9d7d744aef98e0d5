/** A heap of timers: earliest first, and those of one instant in the order they were set. */

/** A timer that is set; opaque but for its time. */
export interface Timer {
  /** Milliseconds. */
  readonly time: number;
  readonly action: () => void;
  readonly sequence: number;
  /** Position in the heap, -1 when fired or cancelled. */
  position: number;
}

/** Binary min-heap by (time, sequence) that knows each timer's position, so cancelling leaves nothing behind. */
export class Timers {
  readonly #heap: Timer[] = [];
  #sequence = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** The next one to fire. */
  peek(): Timer | undefined {
    return this.#heap[0];
  }

  set(time: number, action: () => void): Timer {
    const timer: Timer = { time, action, sequence: this.#sequence++, position: this.#heap.length };
    this.#heap.push(timer);
    this.#up(timer);
    return timer;
  }

  /** Removes and returns the next one. */
  pop(): Timer | undefined {
    const first = this.#heap[0];
    if (first !== undefined) this.cancel(first);
    return first;
  }

  /** Cancelling a timer that has fired is no error. */
  cancel(timer: Timer): void {
    const { position } = timer;
    if (position < 0) return;
    timer.position = -1;
    const last = this.#heap.pop()!;
    if (last === timer) return;
    last.position = position;
    this.#heap[position] = last;
    this.#up(last);
    this.#down(last);
  }

  #up(timer: Timer): void {
    const heap = this.#heap;
    let at = timer.position;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above]!;
      if (!before(timer, parent)) break;
      heap[at] = parent;
      parent.position = at;
      at = above;
    }
    heap[at] = timer;
    timer.position = at;
  }

  #down(timer: Timer): void {
    const heap = this.#heap;
    const size = heap.length;
    let at = timer.position;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= size) break;
      if (below + 1 < size && before(heap[below + 1]!, heap[below]!)) below++;
      const child = heap[below]!;
      if (!before(child, timer)) break;
      heap[at] = child;
      child.position = at;
      at = below;
    }
    heap[at] = timer;
    timer.position = at;
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
}
