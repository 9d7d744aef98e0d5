/**
 * What computes each problem. Apart from the definitions, so that the aggregator, which needs to know much of a problem and
 * computes none of it, loads no kernels: a kind without a line here does not compile.
 */
import { linearEvaluator } from "./linear/evaluator.ts";
import { modelEvaluator, networkEvaluator } from "./network/evaluator.ts";
import type { DataForm, Evaluator } from "./problem.ts";
import type { ProblemKind, ProblemSpec } from "./registry.ts";

const EVALUATORS: {
  readonly [Kind in ProblemKind]: (
    spec: Extract<ProblemSpec, { readonly kind: Kind }>,
    data: DataForm,
  ) => Evaluator;
} = {
  "nonconvex-binary": linearEvaluator,
  logistic: linearEvaluator,
  "least-squares": linearEvaluator,
  network: networkEvaluator,
  model: modelEvaluator,
};

/** A spec's problem over the rows of such data, which `openProblem` takes. */
export function evaluatorOf(spec: ProblemSpec, data: DataForm): Evaluator {
  const make = EVALUATORS[spec.kind] as (spec: ProblemSpec, data: DataForm) => Evaluator;
  return make(spec, data);
}
