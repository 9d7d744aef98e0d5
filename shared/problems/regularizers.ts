/**
 * Regularisers, added to every local objective and hence to f:
 *
 * | kind | reg(x) | gradient | what it adds to every smoothness constant |
 * | --- | --- | --- | --- |
 * | l2 | (lambda/2) sum_j x_j^2 | lambda x_j | lambda (exactly) |
 * | nonconvex | lambda sum_j x_j^2 / (1 + x_j^2) | 2 lambda x_j / (1 + x_j^2)^2 | 2 lambda |
 */
import * as z from "zod";
import { normSquared } from "../math/index.ts";

/** As a field of a problem's spec. */
export const regularizer = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("l2"), lambda: z.number().min(0) }),
    z.strictObject({ kind: z.literal("nonconvex"), lambda: z.number().min(0) }),
  ])
  .describe("l2: (lambda/2)|x|^2; nonconvex: lambda sum_j x_j^2/(1+x_j^2).")
  .exactOptional();

export type RegularizerSpec =
  /** (lambda/2)|x|^2 */
  | { readonly kind: "l2"; readonly lambda: number }
  /** lambda sum_j x_j^2 / (1 + x_j^2) */
  | { readonly kind: "nonconvex"; readonly lambda: number };

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

/** For labels: ", l2 0.01"; nothing without one. */
export function regularizerText(spec: RegularizerSpec | undefined): string {
  return spec === undefined ? "" : `, ${spec.kind} ${spec.lambda}`;
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
