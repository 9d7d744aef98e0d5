import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { planConcurrency } from "./concurrency.ts";

describe("the share-out of an account's concurrency", () => {
  it.each([
    [10, { workers: 8, aggregators: 2, reserved: false }],
    [100, { workers: 90, aggregators: 2, reserved: false }],
    [102, { workers: 92, aggregators: 2, reserved: true }],
    [1000, { workers: 900, aggregators: 20, reserved: true }],
    [20_000, { workers: 1000, aggregators: 20, reserved: true }],
  ])("of %i gives %o", (account, plan) => {
    expect(planConcurrency(account)).toEqual(plan);
  });

  const accounts = fc.integer({ min: 10, max: 50_000 });
  const wish = fc.option(fc.integer({ min: 2, max: 1000 }), { nil: undefined });

  it("never invokes more than the account runs, nor reserves what Lambda refuses to", () => {
    fc.assert(
      fc.property(accounts, wish, wish, (account, workersAsked, aggregatorsAsked) => {
        fc.pre((aggregatorsAsked ?? 0) <= account - 2);
        const { workers, aggregators, reserved } = planConcurrency(account, {
          workers: workersAsked,
          aggregators: aggregatorsAsked,
        });
        expect(workers + aggregators).toBeLessThanOrEqual(account);
        // What Lambda takes as the maximum of a mapping.
        for (const maximum of [workers, aggregators]) {
          expect(maximum).toBeGreaterThanOrEqual(2);
          expect(maximum).toBeLessThanOrEqual(1000);
        }
        // "... below its minimum value of [100]"
        if (reserved) expect(account - aggregators).toBeGreaterThanOrEqual(100);
      }),
    );
  });

  it("gives no fewer workers or runs to a larger account", () => {
    fc.assert(
      fc.property(accounts, fc.integer({ min: 1, max: 1000 }), (account, more) => {
        const [small, large] = [planConcurrency(account), planConcurrency(account + more)];
        expect(large.aggregators).toBeGreaterThanOrEqual(small.aggregators);
        // One more run may take one worker's place.
        expect(large.workers + large.aggregators).toBeGreaterThanOrEqual(small.workers + small.aggregators);
      }),
    );
  });
});
