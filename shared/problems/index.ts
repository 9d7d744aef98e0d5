/** Problems: losses, regularisers, local objectives and their smoothness. */
export { applyGram, shardSpectrum } from "./linear/spectrum.ts";
export { predictionOf } from "./network/predictions.ts";
export type {
  DataForm,
  DataLabels,
  Evaluator,
  Layout,
  NamedBlock,
  Objective,
  Predicts,
  Problem,
  RowOutputs,
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
  smoothnessRules,
  whyNoSmoothness,
} from "./registry.ts";
