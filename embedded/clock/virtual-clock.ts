/** A clock that jumps: waiting costs nothing, and the same program sees the same times whatever the machine. */

import { MarinaError } from "../../shared/base/index.ts";
import type { Clock } from "../../shared/cloud/index.ts";
import { type Timer, Timers } from "./timers.ts";

/** Its `then` is the quickest way to a microtask: `queueMicrotask` makes a resource for async hooks each time. */
const SETTLED = Promise.resolve();
/** About a millisecond of work. */
const TURNS_PER_EVENT_LOOP = 128;
/** Timers of one instant, one after the other: so many times more than any cloud has at one time that there is no end to them. */
const MOST_AT_ONE_INSTANT = 10_000_000;

/**
 * Virtual time in milliseconds from 0. Time stands still while code runs; when all is quiet it jumps to the next
 * timer. Quiet means: every microtask has run since the last timer fired. That holds as long as programs await nothing
 * but this clock's timers.
 *
 * How it knows without a turn of the event loop, which costs a system call: a tick that a microtask asks for runs only
 * when the microtask queue has been drained to the end, with all that was added meanwhile. Every so many turns go
 * through the event loop nevertheless, so that signals and real timers get their chance.
 */
export class VirtualClock implements Clock {
  readonly #timers = new Timers();
  readonly #waiting = new Set<(error: unknown) => void>();
  #now = 0;
  #turning = false;
  #turns = 0;
  #events = 0;

  now(): number {
    return this.#now;
  }

  /** Timers that have fired so far. */
  get events(): number {
    return this.#events;
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.at(this.#now + milliseconds, resolve);
    });
  }

  /** Calls `action` at a time; a time that has passed (or is no number) means now, but never before this returns. */
  at(time: number, action: () => void): Timer {
    const passed = !(time > this.#now);
    return this.#timers.set(passed ? this.#now : time, action);
  }

  cancel(timer: Timer): void {
    this.#timers.cancel(timer);
  }

  /**
   * Lets time pass until the promise settles, and returns what it returns. Several may run at once.
   *
   * @throws MarinaError `unavailable` when nothing is left that could ever settle it (a deadlock), or time can't go on as
   *   timers of one instant set others without end; and whatever an engine's timer threw.
   */
  run<T>(until: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.add(reject);
      until.then(
        (value) => {
          this.#waiting.delete(reject);
          resolve(value);
        },
        (error: unknown) => {
          this.#waiting.delete(reject);
          reject(error);
        },
      );
      if (!this.#turning) {
        this.#turning = true;
        setImmediate(this.#turn);
      }
    });
  }

  /** Makes every `run` under way throw this error. */
  fail(error: unknown): void {
    for (const reject of this.#waiting) reject(error);
    this.#waiting.clear();
  }

  readonly #turn = (): void => {
    if (this.#waiting.size === 0) {
      this.#turning = false;
      return;
    }
    const timers = this.#timers;
    const first = timers.peek();
    if (first === undefined) {
      this.fail(
        new MarinaError(
          "unavailable",
          `embedded cloud: deadlock at ${this.#now} virtual ms: the program waits for something, but no timer, message ` +
            "or invocation is left that could bring it. Handlers may await nothing but their ports.",
        ),
      );
    } else {
      this.#now = first.time;
      try {
        let left = MOST_AT_ONE_INSTANT;
        for (let next = timers.peek(); next !== undefined && next.time === first.time; next = timers.peek()) {
          if (left-- === 0) throw endless(this.#now);
          timers.pop();
          this.#events++;
          next.action();
        }
      } catch (error) {
        this.fail(error);
      }
    }
    if (++this.#turns % TURNS_PER_EVENT_LOOP === 0) setImmediate(this.#turn);
    else void SETTLED.then(this.#tick);
  };

  readonly #tick = (): void => process.nextTick(this.#turn);
}

/** Nothing else would ever get its turn: better an error than a process that stands still. */
function endless(now: number): MarinaError {
  return new MarinaError(
    "unavailable",
    `embedded cloud: at ${now} virtual ms one timer sets the next for the same instant, without end: this is a defect of the program; please report it with the command that you gave`,
  );
}
