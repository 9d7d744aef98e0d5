import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  clampedParameter,
  drawnPoints,
  parseParameter,
  pointsOf,
  rungsOf,
  survivors,
} from "./parameter-search.ts";

describe("a parameter with its values", () => {
  it("is read as numbers, words and objects", () => {
    expect(parseParameter("workers=5,10, 20")).toEqual({ field: "workers", values: [5, 10, 20] });
    expect(parseParameter('stepSize=theory,{"times":4,"x":[1,2]},0.5')).toEqual({
      field: "algorithm.stepSize",
      values: ["theory", { times: 4, x: [1, 2] }, 0.5],
    });
  });

  it.each(["=5", "workers=", "workers=5,,6"])("is refused as %j", (text) => {
    expect(() => parseParameter(text)).toThrow(/expected FIELD=VALUE,VALUE/);
  });

  it("is clamped to the last whole number that is allowed; what can't be is left out", () => {
    // d = 30 allows k from 1 to 30.
    const refusal = (_: string, k: unknown) =>
      typeof k === "number" && k >= 1 && k <= 30 ? undefined : "k is at most d = 30";
    const told: unknown[] = [];
    const clamp = (values: readonly unknown[]) =>
      clampedParameter({ field: "k", values }, refusal, ({ refused, taken }) => told.push([refused, taken]));
    expect(clamp([6, 12, 48, 96]).values).toEqual([6, 12, 30]);
    expect(told).toEqual([
      [48, 30],
      [96, 30],
    ]);
    expect(clamp([48]).values).toEqual([30]);
    expect(clamp([0, "many", 5]).values).toEqual([5]);
  });
});

describe("the combinations of a search", () => {
  const points = pointsOf([
    { field: "a", values: [1, 2, 3] },
    { field: "b", values: ["x", "y", "z", "w"] },
  ]);

  it("are all of them", () => {
    expect(points).toHaveLength(12);
    expect(new Set(points.map((point) => JSON.stringify(point))).size).toBe(12);
    expect(points[1]).toEqual({ a: 1, b: "y" });
  });

  it("are drawn by a key, without repetition: the same again with the same key, others with another", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(), (count, key) => {
        const drawn = drawnPoints(points, count, key);
        expect(new Set(drawn).size).toBe(count);
        for (const point of drawn) expect(points).toContain(point);
        expect(drawnPoints(points, count, key)).toEqual(drawn);
      }),
    );
    const drawn = new Set([1, 2, 3, 4, 5].map((key) => JSON.stringify(drawnPoints(points, 4, key))));
    expect(drawn.size).toBeGreaterThan(2);
    expect(drawnPoints(points, 99, 1)).toEqual(points);
  });
});

describe("successive halving", () => {
  it("begins with fewer rounds the more trials there are, three times as many from rung to rung", () => {
    expect(rungsOf(3, 9000)).toEqual([9000]);
    expect(rungsOf(9, 9000)).toEqual([3000, 9000]);
    expect(rungsOf(27, 9000)).toEqual([1000, 3000, 9000]);
    // Fewer than twenty rounds tell nothing.
    expect(rungsOf(81, 100)).toEqual([34, 100]);
  });

  it("keeps the third that has paid least for each factor that the gradient has come down by", () => {
    const trial = (name: string, spent: number, relative: number) => ({ point: { name }, spent, relative });
    const rung = [
      trial("dear and fast", 30, 1e-3), // 30/6.9 = 4.3
      trial("cheap and slow", 2, 0.5), // 2/0.69 = 2.9
      trial("no nearer", 1, 1.2),
      trial("diverged", 1, Infinity),
      trial("cheap and fast", 3, 0.1), // 3/2.3 = 1.3
      trial("hopeless", 30, 0.9), // 30/0.105 = 285
    ];
    expect(survivors(rung)).toEqual([{ name: "cheap and slow" }, { name: "cheap and fast" }]);
    expect(survivors(rung.slice(2, 4))).toHaveLength(1);
  });
});
