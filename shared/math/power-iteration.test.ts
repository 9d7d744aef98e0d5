import { describe, expect, test } from "vitest";
import { advance, largestEigenvalue, startPowerIteration, startVector } from "./power-iteration.ts";

type Operator = (v: Float64Array, out: Float64Array) => void;

const diagonal =
  (...entries: number[]): Operator =>
  (v, out) => {
    for (let j = 0; j < entries.length; j++) out[j] = entries[j]! * v[j]!;
  };

/** tridiag(-1, 2, -1): eigenvalues 2 - 2 cos(k pi / (d + 1)). */
const laplacian: Operator = (v, out) => {
  for (let j = 0; j < v.length; j++) out[j] = 2 * v[j]! - (v[j - 1] ?? 0) - (v[j + 1] ?? 0);
};

const relativeError = (value: number, exact: number): number => Math.abs(value - exact) / exact;

describe("the largest eigenvalue", () => {
  test("of a diagonal is its largest entry", () => {
    expect(relativeError(largestEigenvalue(4, diagonal(1, 7, 3, 0)), 7)).toBeLessThan(1e-12);
    expect(relativeError(largestEigenvalue(3, diagonal(1e-200, 3e-200, 2e-200)), 3e-200)).toBeLessThan(1e-12);
  });

  test("of a tridiagonal matrix is the closed form, though its eigenvector alternates", () => {
    for (const d of [2, 5, 10]) {
      const exact = 2 + 2 * Math.cos(Math.PI / (d + 1));
      expect(relativeError(largestEigenvalue(d, laplacian), exact)).toBeLessThan(1e-11);
    }
  });

  test("of a a^T is |a|^2, in two steps", () => {
    const a = Float64Array.of(1, -2, 2);
    let calls = 0;
    const value = largestEigenvalue(3, (v, out) => {
      calls++;
      const along = a[0]! * v[0]! + a[1]! * v[1]! + a[2]! * v[2]!;
      for (let j = 0; j < 3; j++) out[j] = along * a[j]!;
    });
    expect(value).toBeCloseTo(9, 12);
    expect(calls).toBeLessThanOrEqual(3);
  });

  test("of the zero matrix is 0, after one step", () => {
    let calls = 0;
    const value = largestEigenvalue(4, (_v, out) => {
      calls++;
      out.fill(0);
    });
    expect(value).toBe(0);
    expect(calls).toBe(1);
  });

  test("of a number is the number", () => {
    expect(relativeError(largestEigenvalue(1, diagonal(0.3)), 0.3)).toBeLessThan(1e-15);
  });

  test("is approached from below and stops at the limit of steps", () => {
    let calls = 0;
    const value = largestEigenvalue(
      2,
      (v, out) => {
        calls++;
        diagonal(1, 1 - 1e-6)(v, out);
      },
      { stepLimit: 5, tolerance: 0 },
    );
    expect(calls).toBe(5);
    expect(value).toBeLessThanOrEqual(1);
    expect(value).toBeGreaterThan(1 - 1e-6);
  });
});

describe("a step of the power iteration", () => {
  test("starts from the perturbed constant vector of norm 1", () => {
    const raw = Array.from({ length: 7 }, (_, j) => 1 / Math.sqrt(7) + 1e-3 * ((7 * j) % 5));
    const size = Math.hypot(...raw);
    const vector = startVector(7);
    for (let j = 0; j < 7; j++) expect(vector[j]).toBeCloseTo(raw[j]! / size, 15);
  });

  test("driven from outside takes the same steps as the local loop", () => {
    let state = startPowerIteration(5);
    expect(state).toMatchObject({ eigenvalue: 0, steps: 0, converged: false });
    while (!state.converged) {
      const applied = new Float64Array(5);
      laplacian(state.vector, applied);
      // What is stored between two rounds comes back from plain numbers.
      const stored = structuredClone(state);
      state = advance(stored, applied);
      expect(Math.hypot(...state.vector)).toBeCloseTo(1, 14);
    }
    expect(state.steps).toBeGreaterThan(10);
    expect(state.eigenvalue).toBe(largestEigenvalue(5, laplacian));
  });

  test("changes neither the state nor the applied vector", () => {
    const state = startPowerIteration(3);
    const before = [...state.vector];
    const applied = Float64Array.of(3, 0, 4);
    const next = advance(state, applied);
    expect([...state.vector]).toEqual(before);
    expect([...applied]).toEqual([3, 0, 4]);
    expect(next.eigenvalue).toBe(5);
    expect([...next.vector]).toEqual([0.6, 0, 0.8]);
  });

  test("names the entry that is not finite, and a wrong length or dimension", () => {
    expect(() => advance(startPowerIteration(2), Float64Array.of(1, Number.NaN))).toThrow(
      /step 0: entry 1 is NaN/,
    );
    expect(() => advance(startPowerIteration(2), Float64Array.of(1))).toThrow(/length 2, got 1/);
    expect(() => startVector(0)).toThrow(/d >= 1, got 0/);
  });
});
