import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Timer, Timers } from "./timers.ts";

describe("timers", () => {
  it("fire by time, then in the order they were set, without those that were cancelled", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ time: fc.integer({ min: 0, max: 6 }), cancelled: fc.boolean() }), {
          maxLength: 60,
        }),
        (wanted) => {
          const timers = new Timers();
          const set = wanted.map(({ time }) => timers.set(time, () => {}));
          for (const [i, { cancelled }] of wanted.entries()) if (cancelled) timers.cancel(set[i]!);
          const expected = set
            .filter((_, i) => !wanted[i]!.cancelled)
            .sort((a, b) => a.time - b.time || a.sequence - b.sequence);
          const fired: Timer[] = [];
          for (let timer = timers.pop(); timer !== undefined; timer = timers.pop()) fired.push(timer);
          expect(fired).toEqual(expected);
          expect(timers.size).toBe(0);
        },
      ),
    );
  });
});
