import { describe, expect, it } from "vitest";
import { curvature, evaluateLosses, type LossKind } from "./losses.ts";

/** (value, derivative) of one row. */
function at(kind: LossKind, z: number, y: number): readonly [number, number] {
  const s = new Float64Array(1);
  const value = evaluateLosses(kind, Float64Array.of(z), Float64Array.of(y), 0, 1, s);
  return [value, s[0]!];
}

/** Equal to 4 units in the last place, and exactly at 0. */
function expectClose(actual: number, expected: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(4 * Number.EPSILON * Math.abs(expected));
}

describe("row losses", () => {
  const table: readonly [LossKind, number, number, number][] = [
    ["nonconvex-binary", 0, 0.25, -0.25],
    ["nonconvex-binary", 1, 0.07232948812851329, -0.1057541855685335],
    ["nonconvex-binary", -1, 0.534446645388523, -0.2874696809144303],
    ["nonconvex-binary", 5, 4.479425349470065e-5, -8.8988904467592e-5],
    ["nonconvex-binary", 40, 1.804851387845415e-35, -3.60970277569083e-35],
    ["nonconvex-binary", -40, 1, -8.496708510583178e-18],
    ["nonconvex-binary", 800, 0, 0],
    ["nonconvex-binary", -800, 1, 0],
    ["logistic", 1, 0.3132616875182229, -0.2689414213699952],
    ["logistic", -40, 40, -1],
    ["logistic", 40, 4.248354255291589e-18, -4.248354255291589e-18],
    ["logistic", -800, 800, -1],
    ["least-squares", 3, 2, 2],
    ["least-squares", -2, 4.5, -3],
  ];
  it.each(table)(
    "%s at z = %d, y = +1 has the reference value and derivative",
    (kind, z, value, derivative) => {
      const [gotValue, gotDerivative] = at(kind, z, 1);
      expectClose(gotValue, value);
      expectClose(gotDerivative, derivative);
    },
  );

  it.each(["nonconvex-binary", "logistic"] as const)("%s depends on y and z only through y z", (kind) => {
    for (const z of [-800, -3, -0.1, 0, 0.1, 3, 800]) {
      const [value, derivative] = at(kind, z, -1);
      const [mirrored, mirroredDerivative] = at(kind, -z, 1);
      expect(value).toBe(mirrored);
      expect(derivative + mirroredDerivative).toBe(0);
    }
  });

  it.each(["nonconvex-binary", "logistic", "least-squares"] as const)(
    "the derivative of %s is the central difference of its value",
    (kind) => {
      const h = 1e-6;
      for (const y of [1, -1]) {
        for (let z = -6; z <= 6; z += 0.37) {
          const difference = (at(kind, z + h, y)[0] - at(kind, z - h, y)[0]) / (2 * h);
          expect(Math.abs(at(kind, z, y)[1] - difference)).toBeLessThan(1e-8);
        }
      }
    },
  );

  it.each(["nonconvex-binary", "logistic", "least-squares"] as const)(
    "the curvature constant of %s bounds the second derivative and is reached",
    (kind) => {
      const h = 1e-5;
      let largest = 0;
      for (let z = -6; z <= 6; z += 0.001) {
        largest = Math.max(largest, Math.abs(at(kind, z + h, 1)[1] - at(kind, z - h, 1)[1]) / (2 * h));
      }
      expect(largest).toBeLessThan(curvature[kind] * (1 + 1e-6));
      expect(largest).toBeGreaterThan(curvature[kind] * (1 - 1e-5));
    },
  );

  it("the non-convex curvature is 2 s (1-s)^2 (3s-1) at s = (9 + sqrt 33)/24", () => {
    const s = (9 + Math.sqrt(33)) / 24;
    expectClose(curvature["nonconvex-binary"], 2 * s * (1 - s) ** 2 * (3 * s - 1));
  });

  it("a NaN margin gives NaN, so that divergence is seen", () => {
    for (const kind of ["nonconvex-binary", "logistic", "least-squares"] as const) {
      expect(at(kind, Number.NaN, 1)).toEqual([Number.NaN, Number.NaN]);
    }
  });
});
