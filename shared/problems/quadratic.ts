/**
 * Quadratic local objectives with exactly known constants: what the algorithms are tried on.
 *
 *     f_i(x) = (1/2) x^T H_i x - b_i^T x,  grad f_i(x) = H_i x - b_i,  f = mean_i f_i
 */
import { dot } from "../math/index.ts";
import { hessianConstants, startHessianSums, withColumn } from "./linear/hessian-sums.ts";
import { symmetricEigenvalues } from "./linear/symmetric-eigenvalues.ts";
import type { Objective, Smoothness } from "./problem.ts";

export interface Quadratic {
  /** H_i: symmetric, row by row, length d^2. */
  readonly hessian: Float64Array;
  /** b_i, length d. */
  readonly linear: Float64Array;
}

/** One worker's f_i as an objective. It has a single "row": every batch is the whole, whatever it names. */
export function quadraticObjective({ hessian, linear }: Quadratic): Objective {
  const d = linear.length;
  if (hessian.length !== d * d) {
    throw new RangeError(`expected a Hessian of ${d} x ${d} = ${d * d} entries, got ${hessian.length}`);
  }
  const gradient = (x: Float64Array, out: Float64Array): number => {
    let value = 0;
    for (let j = 0; j < d; j++) {
      let Hx = 0;
      for (let k = 0; k < d; k++) Hx += hessian[j * d + k]! * x[k]!;
      out[j] = Hx - linear[j]!;
      value += x[j]! * (Hx / 2 - linear[j]!);
    }
    return value;
  };
  return {
    dimension: d,
    rows: 1,
    gradient,
    gradientPair(x, w, out, outOther) {
      gradient(w, outOther);
      return gradient(x, out);
    },
    batchGradient: (x, _batch, out) => gradient(x, out),
  };
}

export interface QuadraticConstants extends Smoothness {
  readonly Lf: number;
  /** L_pm, exact. */
  readonly Lpm: number;
  /** Polyak-Lojasiewicz constant: the smallest eigenvalue of mean_i H_i. */
  readonly mu: number;
  /** x^*, the solution of (mean_i H_i) x = mean_i b_i. */
  readonly minimizer: Float64Array;
  /** f_* = -(1/2) <mean_i b_i, x^*> */
  readonly minimum: number;
}

/**
 * Exact constants. A quadratic has one row, so its average and row constants are those of the whole: cL = L,
 * Lrow = max_i L_i.
 * @throws RangeError when mean_i H_i is not positive definite.
 */
export function quadraticConstants(problems: readonly Quadratic[]): QuadraticConstants {
  const n = problems.length;
  const d = problems[0]!.linear.length;
  const meanHessian = mean(problems.map((problem) => problem.hessian));
  const meanLinear = mean(problems.map((problem) => problem.linear));
  const Li = problems.map((problem) => largestAbsolute(symmetricEigenvalues(problem.hessian, d)));
  const eigenvalues = symmetricEigenvalues(meanHessian, d);
  const mu = eigenvalues[0]!;
  if (!(mu > 0)) throw new RangeError(`expected a positive definite mean Hessian, got an eigenvalue ${mu}`);
  let sums = startHessianSums(d);
  for (let j = 0; j < d; j++) {
    sums = withColumn(
      sums,
      problems.map(({ hessian }) => Float64Array.from({ length: d }, (_, a) => hessian[a * d + j]!)),
    );
  }
  const { Lpm } = hessianConstants(sums);
  const minimizer = solve(meanHessian, meanLinear);
  const L = Math.sqrt(Li.reduce((sum, value) => sum + value * value, 0) / n);
  const Lmax = Math.max(...Li);
  return {
    Li,
    L,
    Lmax,
    cL: L,
    Lrow: Lmax,
    Lf: largestAbsolute(eigenvalues),
    Lpm,
    mu,
    minimizer,
    minimum: -dot(meanLinear, minimizer) / 2,
  };
}

/**
 * The reference instance: (H_i)_jj = 2 + ((i + j) mod 3), -1 next to the diagonal, (b_i)_j = ((3i + 5j) mod 7) - 3.
 */
export function tridiagonalQuadratics(n: number, d: number): Quadratic[] {
  return Array.from({ length: n }, (_, i) => {
    const hessian = new Float64Array(d * d);
    for (let j = 0; j < d; j++) {
      hessian[j * d + j] = 2 + ((i + j) % 3);
      if (j > 0) hessian[j * d + j - 1] = -1;
      if (j < d - 1) hessian[j * d + j + 1] = -1;
    }
    return { hessian, linear: Float64Array.from({ length: d }, (_, j) => ((3 * i + 5 * j) % 7) - 3) };
  });
}

function mean(vectors: readonly Float64Array[]): Float64Array {
  return vectors[0]!.map((_, j) => vectors.reduce((sum, vector) => sum + vector[j]!, 0) / vectors.length);
}

function largestAbsolute(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** x with M x = b for a positive definite M: Gaussian elimination, which needs no pivoting here. */
function solve(matrix: Float64Array, right: Float64Array): Float64Array {
  const d = right.length;
  const m = Float64Array.from(matrix);
  const x = Float64Array.from(right);
  for (let p = 0; p < d; p++) {
    for (let r = p + 1; r < d; r++) {
      const factor = m[r * d + p]! / m[p * d + p]!;
      for (let k = p; k < d; k++) m[r * d + k] = m[r * d + k]! - factor * m[p * d + k]!;
      x[r] = x[r]! - factor * x[p]!;
    }
  }
  for (let p = d - 1; p >= 0; p--) {
    for (let k = p + 1; k < d; k++) x[p] = x[p]! - m[p * d + k]! * x[k]!;
    x[p] = x[p]! / m[p * d + p]!;
  }
  return x;
}
