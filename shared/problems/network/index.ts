/**
 * Neural networks as problems. From a spec's layers `networkProgram` makes a row program, `Network` makes it ready to run on a
 * thread's kernels, and `networkObjective` is a worker's objective over its rows.
 */
export { parseProgram } from "./check.ts";
export { plainRows } from "./dense-rows.ts";
export { type DataForm, networkProgram } from "./layers.ts";
export { MAX_KERNEL_BYTES } from "./memory-limit.ts";
export { Network } from "./network.ts";
export { type Evaluation, type NetworkObjective, networkObjective } from "./objective.ts";
export { predictionOf } from "./predictions.ts";
export {
  canonicalProgram,
  dimensionOf,
  KERNEL_SET,
  type LabelForm,
  type ParameterBlock,
  type RowProgram,
} from "./program.ts";
export { type NetworkSpec, networkFields, networkSchema, type Precision } from "./spec.ts";
export { drawStart, type UniformStream } from "./start.ts";
export { WasmKernels } from "./wasm/wasm-kernels.ts";
export { checkWork, type NetworkWork, workOf } from "./work.ts";
