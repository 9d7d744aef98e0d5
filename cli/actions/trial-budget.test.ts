import { describe, expect, it } from "vitest";
import type { FinishedCell } from "../../sweep/summary.ts";
import { TrialBudget } from "./trial-budget.ts";

const trial = (usd: number): FinishedCell => ({ result: { usd } }) as unknown as FinishedCell;

describe("the budget of a search", () => {
  it("counts a trial as long as those before it have left something, however they come", () => {
    const trials = [0.3, 0.25, 0.5, 0.25, 0.1].map(trial);
    for (const together of [1, 2, 5]) {
      const budget = new TrialBudget(1);
      const taken: FinishedCell[] = [];
      for (let at = 0; at < trials.length; at += together)
        taken.push(...budget.take(trials.slice(at, at + together)));
      // 0.3 + 0.25 < 1, so the third is begun; it takes the search to 1.05.
      expect(taken).toEqual(trials.slice(0, 3));
      expect(budget.isSpent).toBe(true);
      expect(budget.spentUp(2).message).toBe(
        "the search is not at its end: --max-usd 1 is used up after 3 trials, predicted to cost $1.05 on AWS; 2 more were to come",
      );
    }
  });

  it("is boundless where none is given", () => {
    const budget = new TrialBudget();
    expect(budget.take([1e9, 1e9].map(trial)).length).toBe(2);
    expect(budget.isSpent).toBe(false);
  });
});
