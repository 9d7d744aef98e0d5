/** Problems: losses, regularisers, local objectives and their smoothness. */
export { margins } from "./linear/kernels.ts";
export { evaluateLosses, type LossKind } from "./linear/losses.ts";
export { createObjective } from "./linear/objective.ts";
export { type RowFigures, rowFigures } from "./linear/row-figures.ts";
export { maxRowSmoothness, smoothness } from "./linear/smoothness.ts";
export { applyGram, shardSpectrum } from "./linear/spectrum.ts";
export type { DenseRows } from "./network/dense-rows.ts";
export type { Objective, ProblemSpec, Shard, ShardSpectrum, Smoothness, Weights } from "./problem.ts";
