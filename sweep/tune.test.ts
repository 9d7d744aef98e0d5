import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bestTrial, scaleOf, searchPowersOfTwo } from "./tune.ts";

describe("a search over powers of two", () => {
  it("finds the least of costs that fall and then rise", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: -8, max: 8 }),
        fc.integer({ min: 0, max: 9 }),
        async (least, beyond) => {
          const scale = scaleOf("algorithm.stepSize", 1);
          // Beyond the best the method diverges, as with too long a step.
          const cost = (value: unknown) => {
            const exponent = Math.log2(value as number);
            return {
              cost: exponent > least + beyond ? Infinity : 1 + Math.abs(exponent - least),
              progress: 1,
            };
          };
          const trials = await searchPowersOfTwo(scale, async (values) => values.map(cost), 0.1);
          expect(bestTrial(trials, 0.1)?.exponent).toBe(least);
        },
      ),
    );
  });

  it("goes on beyond one value that does worse by chance", async () => {
    const costs = new Map([
      [1, 10],
      [2, 11],
      [4, 5],
      [8, 6],
      [16, 7],
    ]);
    const measure = async (values: readonly unknown[]) =>
      values.map((value) => ({ cost: costs.get(value as number) ?? Infinity, progress: 1 }));
    const trials = await searchPowersOfTwo(scaleOf("algorithm.stepSize", 1), measure, 0.1);
    expect(bestTrial(trials, 0.1)?.value).toBe(4);
  });

  it("is not misled by a long step that ends on a plateau of the loss", async () => {
    const measure = async (values: readonly unknown[]) =>
      values.map((value) =>
        (value as number) > 4
          ? { cost: 1, progress: 0.15 }
          : { cost: 100 / (value as number), progress: 0.2 },
      );
    const trials = await searchPowersOfTwo(scaleOf("algorithm.stepSize", 1), measure, 0.1);
    expect(bestTrial(trials, 0.1)?.value).toBe(4);
  });

  it("ends when nothing arrives", async () => {
    const measure = async (values: readonly unknown[]) => values.map(() => ({ cost: Infinity, progress: 1 }));
    const trials = await searchPowersOfTwo(scaleOf("algorithm.stepSize", "theory"), measure, 0.1);
    expect(bestTrial(trials, 0.1)).toBeUndefined();
    expect(trials.length).toBeLessThan(40);
  });

  it("doubles theoretical steps, numbers and whole numbers, and halves whole numbers only while they are whole", () => {
    expect(scaleOf("algorithm.stepSize", "theory").at(3)).toEqual({ times: 8 });
    expect(scaleOf("algorithm.stepSize", { times: 4 }).at(-1)).toEqual({ times: 2 });
    expect(scaleOf("algorithm.stepSize", 1).at(-2)).toBe(0.25);
    expect(scaleOf("algorithm.compressor.k", 10).at(-1)).toBe(5);
    expect(scaleOf("algorithm.compressor.k", 10).at(-2)).toBeUndefined();
    expect(() => scaleOf("data", "mushrooms")).toThrow(/expected a positive number/);
  });
});
