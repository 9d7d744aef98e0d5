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
import { margins } from "./kernels.ts";
import type { LinearSpec, LossKind } from "./losses.ts";
import { firstNonFiniteRow } from "./non-finite-row.ts";
import { createObjective } from "./objective.ts";
import { rowFigures } from "./row-figures.ts";
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
    open: (spec, { features }) => over(spec, features),
  });
}

function over(spec: LinearSpec, features: number): Problem {
  return {
    parameters: {
      dimension: features,
      blocks: [{ name: "weights", shape: [features], offset: 0 }],
    },
    start: () => new Float64Array(features),
    work: (rows, nonZeros) => ({ rows, nonZeros, flop: 0 }),
    predicts: spec.kind === "least-squares" ? "labels" : "labels by logistic",
    evaluatorBytes: 0,
    evaluator: async () => ({
      objective: (shard, weights) => createObjective(spec, shard, weights),
      figures: (shard, x) => rowFigures(spec.kind, shard, x),
      firstNonFinite(shard, x) {
        const row = firstNonFiniteRow(shard, spec.kind, x);
        return row === undefined ? undefined : { row };
      },
      outputs(shard, x) {
        const values = new Float64Array(shard.rows);
        margins(shard, x, 0, shard.rows, values);
        return { size: 1, values };
      },
    }),
  };
}
