import { describe, expect, it } from "vitest";
import { normSquared } from "../math/vectors.ts";
import { symmetricEigenvalues } from "./linear/symmetric-eigenvalues.ts";
import { quadraticConstants, quadraticObjective, tridiagonalQuadratics } from "./quadratic.ts";

const problems = tridiagonalQuadratics(4, 6);
const objectives = problems.map(quadraticObjective);
const constants = quadraticConstants(problems);

/** f(x) and grad f(x). */
function mean(x: Float64Array): { value: number; gradient: Float64Array } {
  const gradient = new Float64Array(6);
  let value = 0;
  for (const objective of objectives) {
    const out = new Float64Array(6);
    value += objective.gradient(x, out) / 4;
    for (let j = 0; j < 6; j++) gradient[j] = gradient[j]! + out[j]! / 4;
  }
  return { value, gradient };
}

describe("the quadratic reference instance, n = 4, d = 6", () => {
  it("has the reference constants", () => {
    const reference = [5.049070824, 5.071027449, 5.036464409, 5.049070824];
    for (const [i, Li] of constants.Li.entries()) expect(Li).toBeCloseTo(reference[i]!, 8);
    expect(constants.Lf).toBeCloseTo(4.818186562, 8);
    expect(constants.Lpm / 0.8291561976).toBeCloseTo(1, 9);
    expect(constants.L).toBeCloseTo(5.051423698, 8);
    expect(constants.mu).toBeCloseTo(1.181813438, 8);
    expect(constants.minimum).toBeCloseTo(-0.319292861, 8);
  });

  it("has |grad f(0)|^2 = 2.625, and no gradient at its minimiser", () => {
    expect(normSquared(mean(new Float64Array(6)).gradient)).toBeCloseTo(2.625, 14);
    const { value, gradient } = mean(constants.minimizer);
    expect(normSquared(gradient)).toBeLessThan(1e-28);
    expect(value).toBeCloseTo(constants.minimum, 14);
  });

  it("gradient descent with 1/L_f reaches the reference values", () => {
    const x = new Float64Array(6);
    for (let k = 1; k <= 10; k++) {
      const { gradient } = mean(x);
      for (let j = 0; j < 6; j++) x[j] = x[j]! - gradient[j]! / constants.Lf;
      if (k === 1) expect((mean(x).value - constants.minimum) / 0.01947536424).toBeCloseTo(1, 8);
    }
    expect((mean(x).value - constants.minimum) / 1.779684885e-5).toBeCloseTo(1, 7);
  });

  it("a pair is two gradients, and a batch is the whole", () => {
    const x = Float64Array.of(1, -2, 3, -4, 5, -6);
    const w = Float64Array.of(0.5, 0.25, 0, -1, 2, 1);
    const [out, outOther, single] = [new Float64Array(6), new Float64Array(6), new Float64Array(6)];
    const value = objectives[1]!.gradientPair(x, w, out, outOther);
    expect(objectives[1]!.gradient(x, single)).toBe(value);
    expect(out).toEqual(single);
    objectives[1]!.gradient(w, single);
    expect(outOther).toEqual(single);
    expect(objectives[1]!.batchGradient(w, Uint32Array.of(0, 0), out)).not.toBe(value);
    expect(out).toEqual(single);
  });

  it("refuses a mean Hessian that is not positive definite", () => {
    expect(() => quadraticConstants([{ hessian: Float64Array.of(0), linear: Float64Array.of(1) }])).toThrow(
      /definite/,
    );
  });
});

describe("symmetricEigenvalues", () => {
  it("of the second-difference matrix are 2 - 2 cos(k pi/(d+1))", () => {
    for (const d of [1, 2, 3, 10]) {
      const matrix = new Float64Array(d * d);
      for (let j = 0; j < d; j++) {
        matrix[j * d + j] = 2;
        if (j > 0) matrix[j * d + j - 1] = matrix[(j - 1) * d + j] = -1;
      }
      const values = symmetricEigenvalues(matrix, d);
      for (let k = 1; k <= d; k++)
        expect(values[k - 1]).toBeCloseTo(2 - 2 * Math.cos((k * Math.PI) / (d + 1)), 13);
    }
  });

  it("of a matrix with a zero diagonal are found too", () => {
    const [low, high] = symmetricEigenvalues(Float64Array.of(0, 3, 3, 0), 2);
    expect(low).toBeCloseTo(-3, 14);
    expect(high).toBeCloseTo(3, 14);
  });

  it("have the trace and the squared Frobenius norm of the matrix as sums", () => {
    const d = 5;
    const matrix = Float64Array.from({ length: d * d }, (_, at) => {
      const [i, j] = [Math.floor(at / d), at % d];
      return Math.sin(1 + i + j) + Math.cos(i * j);
    });
    const values = symmetricEigenvalues(matrix, d);
    const trace = Array.from({ length: d }, (_, j) => matrix[j * d + j]!).reduce((a, b) => a + b);
    expect(values.reduce((a, b) => a + b)).toBeCloseTo(trace, 13);
    expect(normSquared(values)).toBeCloseTo(normSquared(matrix), 12);
  });
});
