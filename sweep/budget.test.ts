import { describe, expect, it } from "vitest";
import { SweepBudget } from "./budget.ts";

describe("a sweep's budget", () => {
  it("counts what is spent and what runs under way are predicted to cost", () => {
    const budget = new SweepBudget(10);
    budget.begin("a", 4);
    expect([budget.fits(6), budget.fits(6.01)]).toEqual([true, false]);
    budget.end("a", 1);
    expect([budget.fits(9), budget.fits(9.01), budget.spentUsd, budget.idle]).toEqual([true, false, 1, true]);
  });

  it("counts a run under way by what it has cost once that is more than was predicted", () => {
    const budget = new SweepBudget(10);
    budget.begin("a", 4);
    budget.see("a", 7);
    budget.see("a", 6);
    expect([budget.fits(3), budget.fits(3.01)]).toEqual([true, false]);
  });

  it("is overdrawn only when more has really been spent, whatever was predicted", () => {
    const budget = new SweepBudget(10);
    budget.begin("a", 9);
    budget.begin("b", 9);
    budget.see("a", 6);
    budget.see("b", 4);
    expect(budget.overdrawn).toBe(false);
    budget.see("b", 4.5);
    expect(budget.overdrawn).toBe(true);
  });
});
