/** Problems: losses, regularisers, local objectives and their smoothness. */
export { applyGram, shardSpectrum } from "./linear/spectrum.ts";
export type {
  DataForm,
  DataLabels,
  Evaluator,
  Layout,
  NamedBlock,
  Objective,
  Problem,
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
