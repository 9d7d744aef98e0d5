/**
 * The linear problems: a loss of the margin <a, x> of each row, so that x has one parameter a feature.
 *
 *     f_i(x) = (1/m) sum_l loss(<a_il, x>, y_il) + reg(x)
 *
 * The losses are those of the table in `losses.ts`; the constants those of `smoothness.ts`.
 */
import * as z from "zod";
import { type DataLabels, defineProblem, type Problem } from "../problem.ts";
import { regularizer, regularizerText } from "../regularizers.ts";
import type { LossKind } from "./losses.ts";
import { maxRowSmoothness, smoothness } from "./smoothness.ts";

/** loss(z) = (1 - 1/(1 + exp(-y z)))^2, the paper's non-convex binary classification. */
export const nonconvexBinary = linear("nonconvex-binary", ["binary"]);
/** loss(z) = log(1 + exp(-y z)) */
export const logistic = linear("logistic", ["binary"]);
/** loss(z) = (z - y)^2 / 2; with an l2 regulariser: ridge. Of two classes the larger label is +1, the other -1. */
export const leastSquares = linear("least-squares", ["binary", "real"]);

function linear<const Kind extends LossKind>(kind: Kind, labels: readonly DataLabels["kind"][]) {
  return defineProblem({
    schema: z.strictObject({ kind: z.literal(kind), regularizer }),
    example: { kind, regularizer: { kind: "l2", lambda: 0.01 } },
    label: (spec) => `${kind}${regularizerText(spec.regularizer)}`,
    labels: () => labels,
    start: "zeros",
    smoothness: { exact: smoothness, maxRow: maxRowSmoothness },
    open: (_spec, { features }) => over(kind, features),
  });
}

function over(kind: LossKind, features: number): Problem {
  return {
    parameters: {
      dimension: features,
      blocks: [{ name: "weights", shape: [features], offset: 0 }],
    },
    advice:
      "map the data set's features to fewer (d of some millions), e.g. by hashing them to 20 bits, and import it again",
    start: () => new Float64Array(features),
    rows: "sparse",
    work: (rows, nonZeros) => ({ rows, nonZeros, flop: 0 }),
    predicts: kind === "least-squares" ? "labels" : "labels by logistic",
    evaluatorBytes: 0,
  };
}
