import { describe, expect, it } from "vitest";
import { runCurve, seedsCurve } from "./curve.ts";
import { recordsOf } from "./testing/runs.ts";

describe("a run's curve", () => {
  it("is all its rounds where they are few", () => {
    const records = recordsOf({ rounds: 20 });
    const { columns } = runCurve(records, 600);
    expect(columns.round).toEqual(records.map(({ round }) => round));
    expect(columns.uplinkMbit).toEqual(records.map(({ uplinkBitsPerWorker }) => uplinkBitsPerWorker / 1e6));
    expect(columns.loss).toEqual(records.map(({ loss }) => loss));
  });

  it("keeps within its budget, the first and last round, and a spike", () => {
    const records = recordsOf({ rounds: 20_000, rate: 0.9999 }).map((record) =>
      record.round === 7777 ? { ...record, gradientNormSquared: 55 } : record,
    );
    const { round, gradientNormSquared } = runCurve(records, 300).columns;
    expect(round.length).toBeLessThanOrEqual(302);
    expect(round.length).toBeGreaterThan(150);
    expect([round[0], round.at(-1)]).toEqual([0, 20_000]);
    expect(gradientNormSquared).toContain(55);
  });

  it("leaves out rounds that nobody evaluated", () => {
    const records = recordsOf({ rounds: 6 }).map((record) =>
      record.round % 2 === 0 ? record : { ...record, loss: null, gradientNormSquared: null },
    );
    expect(runCurve(records, 600).columns.round).toEqual([0, 2, 4, 6]);
  });
});

describe("the curve of several seeds", () => {
  const base = recordsOf({ rounds: 4 });
  const level = (values: readonly number[]) =>
    values.map((gradientNormSquared, i) => ({ ...base[i]!, gradientNormSquared }));

  it("is the quartiles at each round; a run that has ended keeps its last value", () => {
    const curve = seedsCurve([level([8, 4, 2]), level([8, 6, 4, 2]), level([8, 7, 6, 5, 1])], 40);
    const { x, gradientNormSquared: norm } = curve.byAxis.round;
    expect(x).toEqual([0, 1, 2, 3, 4]);
    // Columns of values by hand: (8 8 8), (4 6 7), (2 4 6), (2 2 5), (2 2 1).
    expect(norm.middle).toEqual([8, 6, 4, 2, 2]);
    expect(norm.low).toEqual([8, 5, 3, 2, 1.5]);
    expect(norm.high).toEqual([8, 6.5, 5, 3.5, 2]);
  });

  it("shows at a number of seconds what every run had by then", () => {
    const slow = level([9, 3, 1]).map((record, i) => ({ ...record, seconds: 10 * i }));
    const fast = level([9, 3, 1]).map((record, i) => ({ ...record, seconds: i }));
    const { x, gradientNormSquared: norm } = seedsCurve([slow, fast], 200).byAxis.seconds;
    x.forEach((seconds, i) => {
      const value = (step: number) => (seconds < step ? 9 : seconds < 2 * step ? 3 : 1);
      expect(norm.middle[i]).toBe((value(10) + value(1)) / 2);
    });
  });
});
