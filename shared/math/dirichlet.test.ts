import { describe, expect, it } from "vitest";
import { dirichlet } from "./dirichlet.ts";
import { permutation } from "./permutation.ts";
import { Purpose, Stream } from "./streams.ts";

const stream = (index: number, seed = 5) => new Stream({ seed, purpose: Purpose.rows, round: 1, index });

describe("a Dirichlet draw", () => {
  it.each([[[0.02, 0.03]], [[0.5, 0.5]], [[3, 1, 2]], [[40, 10]]])(
    "with concentrations %j has the distribution's means and variances",
    (concentrations) => {
      const draws = 20_000;
      const all = Array.from({ length: draws }, (_, i) => dirichlet(concentrations, stream(i)));
      const sum = concentrations.reduce((total, a) => total + a, 0);
      for (const [k, a] of concentrations.entries()) {
        const shares = all.map((draw) => draw[k]!);
        const mean = shares.reduce((total, share) => total + share, 0) / draws;
        const variance = shares.reduce((total, share) => total + (share - mean) ** 2, 0) / draws;
        const expected = (a * (sum - a)) / (sum * sum * (sum + 1));
        // Five standard errors of the mean; the variance of a bounded variable has one of at most its own size by sqrt(n).
        expect(Math.abs(mean - a / sum)).toBeLessThan(5 * Math.sqrt(expected / draws));
        expect(variance / expected).toBeCloseTo(1, 0.9);
      }
      for (const draw of all) expect(draw.reduce((total, share) => total + share, 0)).toBeCloseTo(1, 12);
    },
  );

  it("is a number even where every variate is smaller than any float", () => {
    for (let i = 0; i < 100; i++) {
      const [a, b] = dirichlet([1e-5, 1e-5], stream(i));
      expect(a! + b!).toBe(1);
    }
  });

  it("is the same for the same key", () => {
    expect(dirichlet([0.3, 0.7], stream(4))).toEqual(dirichlet([0.3, 0.7], stream(4)));
    expect(dirichlet([0.3, 0.7], stream(4))).not.toEqual(dirichlet([0.3, 0.7], stream(5)));
  });
});

describe("a permutation", () => {
  it("is each of the 24 of four things equally often", () => {
    const counts = new Map<string, number>();
    const draws = 24_000;
    for (let i = 0; i < draws; i++) {
      const order = permutation(stream(i), 4).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // Chi squared with 23 degrees of freedom: above 58 with a probability below 1e-4.
    const chiSquared = [...counts.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    expect(chiSquared).toBeLessThan(58);
  });

  it("of nothing and of one thing is that", () => {
    expect([...permutation(stream(0), 0)]).toEqual([]);
    expect([...permutation(stream(0), 1)]).toEqual([0]);
  });
});
