/** Problems: losses, regularisers, local objectives and their smoothness. */
export { evaluatorOf } from "./evaluators.ts";
export {
  HESSIAN_DIMENSION_LIMIT,
  type HessianConstants,
  type HessianSums,
  hessianConstants,
  startHessianSums,
  withColumn,
} from "./linear/hessian-sums.ts";
export { importanceWeights, rowImportance } from "./linear/row-importance.ts";
export { applyGram, shardSpectrum } from "./linear/spectrum.ts";
export { predictionOf } from "./network/predictions.ts";
export { hasQuadraticLoss, type KnownMu, knownMu } from "./polyak-lojasiewicz.ts";
export type {
  DataForm,
  DataLabels,
  DenseRows,
  Evaluator,
  Layout,
  NamedBlock,
  Objective,
  Predicts,
  Problem,
  RowFigures,
  RowOutputs,
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
