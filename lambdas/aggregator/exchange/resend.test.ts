import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  HEDGE_AFTER_SHARE,
  HEDGE_DELAY_MILLISECONDS,
  HEDGE_SHARE_LIMIT,
  MAX_SENDS,
  RESEND_AFTER_SECONDS,
} from "../../../shared/protocol/limits.ts";
import { decideResend, hedgeDelay, hedgeThreshold, type RoundProgress } from "./resend.ts";

const PATIENCE = 1000 * RESEND_AFTER_SECONDS;

/** A round of `slots` tasks sent at 0, of which these are missing. */
function progress(
  slots: number,
  missing: readonly number[],
  change: Partial<RoundProgress> = {},
): RoundProgress {
  return {
    now: 0,
    sentAt: 0,
    aliveAt: 0,
    mostInAt: undefined,
    missing,
    sends: new Array<number>(slots).fill(1),
    lastSent: new Array<number>(slots).fill(0),
    retryAt: new Array<undefined>(slots).fill(undefined),
    hedged: 0,
    ...change,
  };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe("the threshold of hedging", () => {
  it("is the least count that is 90 % of the slots", () => {
    expect([1, 5, 9, 10, 11, 20, 100, 1000].map(hedgeThreshold)).toEqual([1, 5, 9, 9, 10, 18, 90, 900]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), (slots) => {
        const threshold = hedgeThreshold(slots);
        expect(threshold).toBeGreaterThanOrEqual(HEDGE_AFTER_SHARE * slots - 1e-9);
        expect(threshold - 1).toBeLessThan(HEDGE_AFTER_SHARE * slots);
        expect(threshold).toBeLessThanOrEqual(slots);
      }),
    );
  });
});

describe("a missing task", () => {
  it("is left alone before anything is late, and looked at again when it will be", () => {
    expect(decideResend(progress(10, range(0, 10), { now: 1000 }))).toEqual({
      hedges: [],
      retries: [],
      overdue: [],
      exhausted: undefined,
      waitMilliseconds: PATIENCE - 1000,
    });
  });

  it("is overdue when its patience is over, not a millisecond before", () => {
    expect(decideResend(progress(10, [3, 7], { now: PATIENCE - 1 })).overdue).toEqual([]);
    expect(decideResend(progress(10, [3, 7], { now: PATIENCE })).overdue).toEqual([3, 7]);
  });

  it("is overdue by when it was sent last, not first", () => {
    const lastSent = [0, 0, 0, PATIENCE - 5, 0];
    const decision = decideResend(progress(5, [3, 4], { now: PATIENCE, lastSent }));
    expect(decision.overdue).toEqual([4]);
    expect(decision.waitMilliseconds).toBe(PATIENCE - 5);
  });

  it("is exhausted once it was sent as often as allowed and is late again, not before", () => {
    const sends = [1, MAX_SENDS, 1];
    expect(decideResend(progress(3, [1], { now: PATIENCE - 1, sends })).exhausted).toBeUndefined();
    const decision = decideResend(progress(3, [1], { now: PATIENCE, sends }));
    expect(decision.exhausted).toBe(1);
    expect(decision.overdue).toEqual([]);
    const almost = decideResend(progress(3, [1], { now: PATIENCE, sends: [1, MAX_SENDS - 1, 1] }));
    expect(almost).toMatchObject({ exhausted: undefined, overdue: [1] });
  });
});

describe("a task that may not have been begun", () => {
  it("is not late before a patience without any sign of its round's workers, however long ago it was sent", () => {
    const sends = [1, MAX_SENDS, 2];
    const seen = { sends, aliveAt: 10 * PATIENCE };
    expect(decideResend(progress(3, [0, 1, 2], { ...seen, now: 11 * PATIENCE - 1 }))).toMatchObject({
      overdue: [],
      exhausted: undefined,
      waitMilliseconds: 1,
    });
    expect(decideResend(progress(3, [0, 1, 2], { ...seen, now: 11 * PATIENCE }))).toMatchObject({
      overdue: [0, 2],
      exhausted: 1,
    });
  });

  it("is not sent again while the others take their time, only once that is a tenth over", () => {
    const missing = range(92, 100);
    // Most of a hundred tasks of 5 s on eight workers are in after 60 s.
    const mostInAt = 60_000;
    const due = mostInAt + 5_800;
    const at = (now: number) => decideResend(progress(100, missing, { now, aliveAt: now - 100, mostInAt }));
    expect(at(due - 1)).toMatchObject({ hedges: [], waitMilliseconds: 1 });
    expect(at(due).hedges).toEqual(missing);
  });
});

describe("a task whose worker has failed", () => {
  it("is sent again when its pause is over, while others wait for their turns", () => {
    const retryAt = [undefined, 500, undefined];
    const before = decideResend(progress(3, [0, 1, 2], { now: 499, aliveAt: 400, retryAt }));
    expect(before).toMatchObject({ retries: [], overdue: [], waitMilliseconds: 1 });
    const after = decideResend(progress(3, [0, 1, 2], { now: 500, aliveAt: 400, retryAt }));
    expect(after).toMatchObject({ retries: [1], overdue: [], exhausted: undefined });
  });
});

describe("hedging", () => {
  it("begins a moment after most answers are in, not before", () => {
    const missing = [98, 99];
    expect(decideResend(progress(100, missing, { now: 500 })).hedges).toEqual([]);
    const soon = decideResend(progress(100, missing, { now: 500, mostInAt: 500 }));
    expect(soon).toMatchObject({ hedges: [], waitMilliseconds: HEDGE_DELAY_MILLISECONDS });
    const now = 500 + HEDGE_DELAY_MILLISECONDS;
    expect(decideResend(progress(100, missing, { now: now - 1, mostInAt: 500 })).hedges).toEqual([]);
    expect(decideResend(progress(100, missing, { now, mostInAt: 500 })).hedges).toEqual(missing);
  });

  it("sends a task once: one that was sent again already has its hedge", () => {
    const sends = new Array<number>(100).fill(1);
    sends[98] = 2;
    expect(decideResend(progress(100, [98, 99], { now: 600, mostInAt: 500, sends })).hedges).toEqual([99]);
  });

  it("never sends more than a fifth of the round's tasks, over all its decisions", () => {
    const missing = range(60, 100);
    const first = decideResend(progress(100, missing, { now: 600, mostInAt: 500 }));
    expect(first.hedges).toEqual(range(60, 80));
    const second = decideResend(progress(100, missing, { now: 600, mostInAt: 500, hedged: 15 }));
    expect(second.hedges).toEqual(range(60, 65));
    expect(decideResend(progress(100, missing, { now: 600, mostInAt: 500, hedged: 20 })).hedges).toEqual([]);
  });

  it("does not happen in rounds of fewer than five slots", () => {
    expect(decideResend(progress(4, [3], { now: 600, mostInAt: 500 })).hedges).toEqual([]);
    expect(decideResend(progress(5, [4], { now: 600, mostInAt: 500 })).hedges).toEqual([4]);
  });

  it("is not asked for what is overdue anyway", () => {
    const decision = decideResend(progress(100, [99], { now: PATIENCE, mostInAt: 500 }));
    expect(decision).toMatchObject({ hedges: [], overdue: [99] });
  });
});

/** Plays a round: each look happens when the decision asked for it; answers come at their times or never. */
function play(slots: number, answerAt: readonly (number | undefined)[]) {
  const sends = new Array<number>(slots).fill(1);
  const lastSent = new Array<number>(slots).fill(0);
  let now = 0;
  let hedged = 0;
  let mostInAt: number | undefined;
  const retryAt = new Array<undefined>(slots).fill(undefined);
  for (let looks = 1; looks <= 1000; looks++) {
    const missing = range(0, slots).filter((slot) => (answerAt[slot] ?? Number.POSITIVE_INFINITY) > now);
    if (missing.length === 0) return { sends, hedged, exhausted: undefined, now, looks };
    if (slots - missing.length >= hedgeThreshold(slots)) mostInAt ??= now;
    const aliveAt = Math.max(0, ...answerAt.filter((at): at is number => at !== undefined && at <= now));
    const decision = decideResend({
      ...{ now, sentAt: 0, aliveAt, mostInAt, missing, sends, lastSent, retryAt, hedged },
    });
    if (decision.exhausted !== undefined) return { sends, hedged, exhausted: decision.exhausted, now, looks };
    hedged += decision.hedges.length;
    for (const slot of [...decision.overdue, ...decision.hedges]) {
      sends[slot]!++;
      lastSent[slot] = now;
    }
    expect(decision.waitMilliseconds).toBeGreaterThanOrEqual(1);
    expect(decision.waitMilliseconds).toBeLessThanOrEqual(PATIENCE);
    const arrivals = answerAt.filter((at): at is number => at !== undefined && at > now);
    now = Math.min(now + decision.waitMilliseconds, ...arrivals);
  }
  throw new Error("the round never ended");
}

describe("any round whatever", () => {
  const at = fc.option(fc.double({ min: 0, max: 5 * PATIENCE, noNaN: true }), { nil: undefined, freq: 8 });
  const rounds = fc.array(at, { minLength: 1, maxLength: 40 });

  it("ends: with all answers, or with a task that was sent as often as allowed and did not answer", () => {
    fc.assert(
      fc.property(rounds, (answerAt) => {
        const { exhausted, sends, now, looks } = play(answerAt.length, answerAt);
        const answers = answerAt.filter((at): at is number => at !== undefined && at <= now);
        const latest = Math.max(0, ...answers) + MAX_SENDS * PATIENCE;
        if (exhausted !== undefined) {
          expect(sends[exhausted]).toBe(MAX_SENDS);
          expect(answerAt[exhausted] ?? Number.POSITIVE_INFINITY).toBeGreaterThan(now);
        }
        expect(now).toBeLessThanOrEqual(latest + hedgeDelay(latest));
        expect(looks).toBeLessThan(6 * answerAt.length + 20);
      }),
    );
  });

  it("sends no task more than MAX_SENDS times, and no more hedges than their share", () => {
    fc.assert(
      fc.property(rounds, (answerAt) => {
        const slots = answerAt.length;
        const { sends, hedged } = play(slots, answerAt);
        expect(Math.max(...sends)).toBeLessThanOrEqual(MAX_SENDS);
        expect(hedged).toBeLessThanOrEqual(HEDGE_SHARE_LIMIT * slots);
      }),
    );
  });

  it("sends nothing again when all answers come in time and at once", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0, max: PATIENCE - 1, noNaN: true }),
        (slots, time) => {
          const { sends } = play(slots, new Array<number>(slots).fill(time));
          expect(sends.every((count) => count === 1)).toBe(true);
        },
      ),
    );
  });
});
