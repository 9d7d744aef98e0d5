import { describe, expect, it } from "vitest";
import { RequestRate } from "./request-rate.ts";

describe("requests a second on one prefix", () => {
  it("pass at once while they are fewer", () => {
    const rate = new RequestRate(5500);
    for (let i = 0; i < 1000; i++) expect(rate.passes(`runs/a/x${i}`, i)).toBe(i);
  });

  it("that come all at once are served at the rate, but for a tenth of a second's worth", () => {
    const rate = new RequestRate(5500);
    const served = Array.from({ length: 17_000 }, (_, i) => rate.passes(`runs/a/iterates/${i}`, 1000));
    expect(served[0]).toBe(1000);
    expect(served[550]).toBeCloseTo(1000, 6);
    // 17,000 requests less 550, at 5,500 a second.
    expect(served.at(-1)).toBeCloseTo(1000 + (1000 * (17_000 - 1 - 550)) / 5500, 6);
    for (let i = 1; i < served.length; i++) expect(served[i]! >= served[i - 1]!).toBe(true);
  });

  it("of another run do not wait for them", () => {
    const rate = new RequestRate(100);
    for (let i = 0; i < 500; i++) rate.passes("runs/a/checkpoint", 0);
    expect(rate.passes("runs/a/contributions/0/1/2", 0)).toBeGreaterThan(4000);
    expect(rate.passes("runs/b/checkpoint", 0)).toBe(0);
  });

  it("may be without limit", () => {
    const rate = new RequestRate(Number.POSITIVE_INFINITY);
    for (let i = 0; i < 10_000; i++) expect(rate.passes("runs/a/b", 5)).toBe(5);
  });
});
