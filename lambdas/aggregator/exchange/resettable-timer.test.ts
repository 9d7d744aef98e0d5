import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Clock } from "../../../shared/cloud/ports.ts";
import { ResettableTimer } from "./resettable-timer.ts";

/** A clock whose sleeps end when it is told the time. */
class HandClock implements Clock {
  time = 0;
  readonly sleeps: { readonly until: number; readonly end: () => void }[] = [];

  now(): number {
    return this.time;
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((end) => void this.sleeps.push({ until: this.time + milliseconds, end }));
  }

  /** Moves on to `time`, sleep by sleep. */
  async moveTo(time: number): Promise<void> {
    for (let ended = 0; ; ended++) {
      if (ended > 1000) throw new Error(`sleeps without end at ${this.time}`);
      const due = this.sleeps.filter(({ until }) => until <= time).sort((a, b) => a.until - b.until)[0];
      if (due === undefined) break;
      this.sleeps.splice(this.sleeps.indexOf(due), 1);
      this.time = due.until;
      due.end();
      await Promise.resolve();
      await Promise.resolve();
    }
    this.time = time;
  }
}

describe("a resettable timer", () => {
  it("fires at the time that was set last, and then only; or never, when it was cleared", async () => {
    const step = fc.record({
      after: fc.integer({ min: 0, max: 50 }),
      set: fc.option(fc.integer({ min: 1, max: 60 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const clock = new HandClock();
        const timer = new ResettableTimer(clock);
        const rung: number[] = [];
        const expected: number[] = [];
        let wanted: number | undefined;
        const pass = async (time: number): Promise<void> => {
          if (wanted !== undefined && wanted <= time) {
            expected.push(wanted);
            wanted = undefined;
          }
          await clock.moveTo(time);
        };
        for (const { after, set } of steps) {
          await pass(clock.time + after);
          if (set === null) {
            timer.clear();
            wanted = undefined;
          } else {
            wanted = clock.time + set;
            timer.set(set, () => void rung.push(clock.time));
          }
        }
        await pass(clock.time + 1000);
        expect(rung).toEqual(expected);
        expect(clock.sleeps).toEqual([]);
      }),
    );
  });

  it("fires where rounding leaves a rest of time that no sleep can pass", async () => {
    // A clock that is always a little behind the end of its sleeps.
    const hand = new HandClock();
    const clock: Clock = {
      now: () => hand.time * (1 - 2 ** -50),
      sleep: (milliseconds) => hand.sleep(milliseconds),
    };
    const timer = new ResettableTimer(clock);
    let rung = 0;
    await hand.moveTo(1e6);
    timer.set(5000, () => void rung++);
    timer.set(7000, () => void rung++);
    await hand.moveTo(1e6 + 7001);
    expect(rung).toBe(1);
    expect(hand.sleeps).toEqual([]);
  });

  it("set for the same patience in every round sleeps once in a while", async () => {
    const clock = new HandClock();
    const timer = new ResettableTimer(clock);
    for (let round = 0; round < 1000; round++) {
      timer.set(30_000, () => expect.fail("nothing was late"));
      await clock.moveTo(clock.time + 100);
      expect(clock.sleeps.length).toBe(1);
      timer.clear();
    }
  });
});
