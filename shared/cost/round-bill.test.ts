import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { billByRound } from "./round-bill.ts";

const record = (round: number, seconds: number, usd: number) => ({
  round,
  dense: round === 0,
  slots: 5,
  seconds,
  usd,
});

describe("a bill by round", () => {
  it("gives each round the difference of two neighbouring records", () => {
    const rows = billByRound([record(0, 0.5, 1), record(1, 1.5, 3), record(2, 2, 3.5)], {
      seconds: 3,
      usd: 4,
    });
    expect(rows.map(({ part, round, seconds, usd }) => [part, round, seconds, usd])).toEqual([
      ["start", null, 0.5, 1],
      ["round", 0, 1, 2],
      ["round", 1, 0.5, 0.5],
      ["end", 2, 1, 0.5],
    ]);
  });

  it("sums to the run's dollars and seconds", () => {
    const step = fc.double({ min: 0, max: 0.01, noNaN: true });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), step, (steps, last) => {
        let usd = 0;
        const records = steps.map((more, round) => {
          usd += more;
          return record(round, 2 * usd, usd);
        });
        const end = { seconds: 2 * usd + last, usd: usd + last };
        const rows = billByRound(records, end);
        expect(Math.abs(rows.reduce((sum, row) => sum + row.usd, 0) - end.usd)).toBeLessThan(1e-12);
        expect(Math.abs(rows.reduce((sum, row) => sum + row.seconds, 0) - end.seconds)).toBeLessThan(1e-12);
      }),
    );
  });
});
