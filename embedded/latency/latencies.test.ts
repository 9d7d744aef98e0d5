import { describe, expect, it } from "vitest";
import { AWS_LATENCIES, NO_LATENCIES, quantileFunction } from "./latencies.ts";
import { Chance } from "./sampler.ts";

const tables = Object.entries(AWS_LATENCIES).flatMap(([name, value]) =>
  typeof value === "object" && value !== null && "p10" in value && value.max > 0
    ? [[name, value] as const]
    : [],
);

describe("latencies", () => {
  it.each(tables)("%s: the quantile function passes through its table", (_, table) => {
    const q = quantileFunction(table);
    expect(q(0.1)).toBeCloseTo(table.p10, 10);
    expect(q(0.5)).toBeCloseTo(table.p50, 10);
    expect(q(0.9)).toBeCloseTo(table.p90, 10);
    expect(q(0.99)).toBeCloseTo(table.p99, 10);
    expect(q(1)).toBeCloseTo(table.max, 10);
  });

  it.each(tables)("%s: rises, and is the geometric mean half way between two quantiles", (_, table) => {
    const q = quantileFunction(table);
    for (let u = 0; u < 1; u += 1 / 512) expect(q(u + 1 / 512)).toBeGreaterThanOrEqual(q(u));
    expect(q(0.3)).toBeCloseTo(Math.sqrt(table.p10 * table.p50), 10);
    expect(q(0.945)).toBeCloseTo(Math.sqrt(table.p90 * table.p99), 10);
    // Below p10 the first slope goes on: a quarter of the way from p10 to p50, backwards.
    expect(q(0)).toBeCloseTo(table.p10 * (table.p10 / table.p50) ** 0.25, 10);
  });

  it("are the same for the same seed and others for another", () => {
    const draw = (seed: number): number[] => {
      const chance = new Chance(seed, AWS_LATENCIES);
      return [chance.dispatch(false), chance.dispatch(true), chance.queueCall(), chance.objectPut()];
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it("of the profile without latencies are zero and its straggler factor is one", () => {
    const chance = new Chance(1, NO_LATENCIES);
    expect([chance.dispatch(true), chance.queueCall(), chance.coldStart(), chance.straggler()]).toEqual([
      0, 0, 0, 1,
    ]);
  });
});
