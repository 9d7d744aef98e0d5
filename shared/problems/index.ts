/** Problems: losses, regularisers, local objectives and their smoothness. */
export { evaluatorOf } from "./evaluators.ts";
export { applyGram, shardSpectrum } from "./linear/spectrum.ts";
export type {
  DataForm,
  DataLabels,
  DenseRows,
  Evaluator,
  Layout,
  NamedBlock,
  Objective,
  Problem,
  RowFigures,
  Rows,
  RowWork,
  Shard,
  ShardSpectrum,
  Smoothness,
  SmoothnessRules,
  Weights,
} from "./problem.ts";
export {
  openProblem,
  PROBLEM_KINDS,
  type ProblemKind,
  type ProblemSpec,
  problemLabel,
  problemOf,
  problemSchema,
  problemWarning,
  smoothnessRules,
  whyNoSmoothness,
} from "./registry.ts";
export { storedEntries } from "./rows.ts";
