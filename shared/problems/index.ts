/** Problems: losses, regularisers, local objectives and their smoothness. */
export {
  HESSIAN_DIMENSION_LIMIT,
  type HessianConstants,
  type HessianSums,
  hessianConstants,
  startHessianSums,
  withColumn,
} from "./linear/hessian-sums.ts";
export { margins } from "./linear/kernels.ts";
export { evaluateLosses, type LossKind } from "./linear/losses.ts";
export { createObjective } from "./linear/objective.ts";
export { importanceWeights, rowImportance } from "./linear/row-importance.ts";
export { maxRowSmoothness, smoothness } from "./linear/smoothness.ts";
export { applyGram, shardSpectrum } from "./linear/spectrum.ts";
export { hasQuadraticLoss, type KnownMu, knownMu } from "./polyak-lojasiewicz.ts";
export type { Objective, ProblemSpec, Shard, ShardSpectrum, Smoothness, Weights } from "./problem.ts";
