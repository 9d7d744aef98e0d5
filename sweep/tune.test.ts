import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allowedScale, bestTrial, type ScaleEnd, scaleOf, searchPowersOfTwo } from "./tune.ts";

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

describe("a scale of which some values are refused", () => {
  /** From `start`, with values from `least` to `most` allowed: those that are tried upwards and downwards, and the ends. */
  function walked(start: number, least: number, most: number) {
    const ends: ScaleEnd[] = [];
    const refusal = (value: unknown) =>
      (value as number) > most || (value as number) < least ? `${value} is refused` : undefined;
    const scale = allowedScale(scaleOf("algorithm.compressor.k", start), refusal, (end) => ends.push(end));
    const walk = (direction: number): unknown[] => {
      const values: unknown[] = [];
      for (let step = 1; scale.at(direction * step) !== undefined; step++)
        values.push(scale.at(direction * step));
      return values;
    };
    return { up: walk(1), down: walk(-1), ends };
  }

  it("ends at the last whole number that is allowed, which is tried as well, and says so once", () => {
    expect(walked(48, 1, 112)).toEqual({
      up: [96, 112],
      down: [24, 12, 6, 3],
      ends: [{ refused: 192, last: 112, reason: "192 is refused" }],
    });
    expect(walked(20, 7, 30)).toMatchObject({ up: [30], down: [10, 7] });
  });

  it("ends before them where the last one allowed was tried already", () => {
    expect(walked(56, 1, 112)).toMatchObject({ up: [112], ends: [{ refused: 224, last: 112 }] });
    expect(walked(30, 1, 30)).toMatchObject({ up: [], down: [15] });
  });

  it("ends before them where values are no whole numbers", () => {
    const scale = allowedScale(
      scaleOf("algorithm.probability", 0.3),
      (value) => ((value as number) > 1 ? "at most 1" : undefined),
      () => undefined,
    );
    expect([0, 1, 2, 3, -1].map((exponent) => scale.at(exponent))).toEqual([
      0.3,
      0.6,
      undefined,
      undefined,
      0.15,
    ]);
  });

  it("is searched to its end", async () => {
    const scale = allowedScale(
      scaleOf("algorithm.compressor.k", 48),
      (value) => ((value as number) > 112 ? "too many" : undefined),
      () => undefined,
    );
    // The more the better.
    const measure = async (values: readonly unknown[]) =>
      values.map((value) => ({ cost: 1 / (value as number), progress: 1 }));
    const trials = await searchPowersOfTwo(scale, measure, 0.1);
    expect(bestTrial(trials, 0.1)?.value).toBe(112);
  });
});
