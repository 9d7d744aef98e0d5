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
export { parseProgram } from "./network/check.ts";
export { labelFormOf } from "./network/definition.ts";
export { predictionOf } from "./network/predictions.ts";
export { canonicalProgram, dimensionOf, type LabelForm, type RowProgram } from "./network/program.ts";
export type { Shape } from "./network/shape.ts";
export {
  type ModelContext,
  type ModelForm,
  type ModelFunction,
  type ModelResult,
  type ParameterStart,
  traceModel,
} from "./network/trace.ts";
export type { ConvolutionOptions, Operand, PoolOptions, SumOver, TracedOps } from "./network/trace-ops.ts";
export type { Traced, TracedParameter } from "./network/traced.ts";
export { checkWork, type NetworkWork, workOf } from "./network/work.ts";
export { hasBoundedSlope, hasQuadraticLoss, type KnownMu, knownMu } from "./polyak-lojasiewicz.ts";
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
  storedProgram,
  whyNoSmoothness,
} from "./registry.ts";
export { storedEntries } from "./rows.ts";
