import { describe, expect, it } from "vitest";
import { records as samples } from "../../../shared/protocol/testing/samples.ts";
import { afterChange, afterRound, type Budget, brokenLimit, budgetOf, type Spent } from "./budget.ts";

const at = (usd: number, seconds: number): Spent => ({ usd, seconds });
const budgetAfter = (...boundaries: readonly Spent[]): Budget => boundaries.reduce(afterRound, budgetOf([]));

describe("a limit on dollars or seconds", () => {
  const stop = { rounds: 100, usd: 10, seconds: 100 };

  it("is asked with what was spent and what the most expensive round so far would add", () => {
    const spent = [at(0, 0), at(3, 1), at(4, 2), at(7, 3)]; // the most expensive: 3
    for (let rounds = 1; rounds <= spent.length; rounds++)
      expect(brokenLimit(stop, budgetAfter(...spent.slice(0, rounds)), spent[rounds - 1]!)).toBeUndefined(); // 7 + 3 fits exactly
    expect(brokenLimit(stop, budgetAfter(...spent), at(7.5, 4))).toBe("usd");
    expect(brokenLimit({ rounds: 1, seconds: 5 }, budgetOf([]), at(1e9, 6))).toBe("seconds");
  });

  it("knows the rounds that earlier terms did, but not when the last of them ended", () => {
    const records = [at(1, 10), at(3, 15), at(4, 40)].map((spent) => ({ ...samples[0]!, ...spent }));
    const budget = budgetOf(records);
    expect(budget).toEqual({ last: undefined, mostExpensiveUsd: 2, longestSeconds: 25 });
    expect(afterRound(budget, at(9, 200))).toEqual({ ...budget, last: at(9, 200) });
  });

  it("takes rounds to cost in proportion once more workers take part, and a change for no round", () => {
    const budget = afterChange(budgetAfter(at(0, 0), at(1, 1)), at(5, 50), 4);
    expect(budget).toEqual({ last: at(5, 50), mostExpensiveUsd: 4, longestSeconds: 1 });
    expect(brokenLimit(stop, budget, at(6, 50))).toBeUndefined();
    expect(brokenLimit(stop, budget, at(6.5, 50))).toBe("usd");
  });
});
