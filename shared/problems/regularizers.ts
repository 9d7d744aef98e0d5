/**
 * Regularisers, added to every local objective and hence to f:
 *
 * | kind | reg(x) | gradient | what it adds to every smoothness constant |
 * | --- | --- | --- | --- |
 * | l2 | (lambda/2) sum_j x_j^2 | lambda x_j | lambda (exactly) |
 * | nonconvex | lambda sum_j x_j^2 / (1 + x_j^2) | 2 lambda x_j / (1 + x_j^2)^2 | 2 lambda |
 */
import { normSquared } from "../math/index.ts";
import type { RegularizerSpec } from "./problem.ts";

/** reg(x); 0 without a regulariser. */
export function regularizerValue(spec: RegularizerSpec | undefined, x: Float64Array): number {
  if (spec === undefined) return 0;
  switch (spec.kind) {
    case "l2":
      return (spec.lambda / 2) * normSquared(x);
    case "nonconvex": {
      let sum = 0;
      for (let j = 0; j < x.length; j++) {
        const square = x[j]! * x[j]!;
        // An overflowing square gives the limit, not NaN.
        sum += square === Infinity ? 1 : square / (1 + square);
      }
      return spec.lambda * sum;
    }
  }
}

/** out += weight * grad reg(x). x and out have length d. */
export function addRegularizerGradient(
  spec: RegularizerSpec | undefined,
  weight: number,
  x: Float64Array,
  out: Float64Array,
): void {
  if (spec === undefined) return;
  switch (spec.kind) {
    case "l2": {
      const factor = weight * spec.lambda;
      for (let j = 0; j < x.length; j++) out[j] = out[j]! + factor * x[j]!;
      return;
    }
    case "nonconvex": {
      const factor = 2 * weight * spec.lambda;
      for (let j = 0; j < x.length; j++) {
        const root = 1 + x[j]! * x[j]!;
        out[j] = out[j]! + (factor * (x[j]! / root)) / root;
      }
      return;
    }
  }
}

/** What the regulariser adds to every smoothness constant: lambda, 2 lambda or 0. */
export function regularizerSmoothness(spec: RegularizerSpec | undefined): number {
  if (spec === undefined) return 0;
  switch (spec.kind) {
    case "l2":
      return spec.lambda;
    case "nonconvex":
      return 2 * spec.lambda;
  }
}
