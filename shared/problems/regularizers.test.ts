import { describe, expect, it } from "vitest";
import type { RegularizerSpec } from "./regularizers.ts";
import { addRegularizerGradient, regularizerSmoothness, regularizerValue } from "./regularizers.ts";

const kinds: readonly RegularizerSpec[] = [
  { kind: "l2", lambda: 0.7 },
  { kind: "nonconvex", lambda: 0.7 },
];

describe("regularisers", () => {
  it("have the values of their formulas", () => {
    const x = Float64Array.of(1, -2, 0);
    expect(regularizerValue(kinds[0], x)).toBeCloseTo((0.7 / 2) * 5, 14);
    expect(regularizerValue(kinds[1], x)).toBeCloseTo(0.7 * (1 / 2 + 4 / 5), 14);
    expect(regularizerValue(undefined, x)).toBe(0);
  });

  it.each(kinds)(
    "$kind: the gradient is the central difference of the value, times the weight, added",
    (spec) => {
      const x = Float64Array.of(0.3, -1.7, 0, 4);
      const out = Float64Array.of(1, 2, 3, 4);
      addRegularizerGradient(spec, 0.5, x, out);
      const h = 1e-6;
      for (let j = 0; j < x.length; j++) {
        const up = regularizerValue(
          spec,
          x.map((v, k) => (k === j ? v + h : v)),
        );
        const down = regularizerValue(
          spec,
          x.map((v, k) => (k === j ? v - h : v)),
        );
        expect(Math.abs(out[j]! - (j + 1) - (0.5 * (up - down)) / (2 * h))).toBeLessThan(1e-8);
      }
    },
  );

  it.each(kinds)("$kind: the smoothness constant is the largest second derivative", (spec) => {
    const slope = (t: number) => {
      const out = new Float64Array(1);
      addRegularizerGradient(spec, 1, Float64Array.of(t), out);
      return out[0]!;
    };
    const h = 1e-4;
    let largest = 0;
    for (let t = -5; t <= 5; t += 0.01)
      largest = Math.max(largest, Math.abs(slope(t + h) - slope(t - h)) / (2 * h));
    expect(largest).toBeLessThan(regularizerSmoothness(spec) * (1 + 1e-9));
    expect(largest).toBeGreaterThan(regularizerSmoothness(spec) * (1 - 1e-4));
  });

  it("stays finite where squares overflow", () => {
    expect(regularizerValue(kinds[1], Float64Array.of(1e200))).toBe(0.7);
    const out = new Float64Array(1);
    addRegularizerGradient(kinds[1], 1, Float64Array.of(1e200), out);
    expect(out[0]).toBe(0);
  });
});
