/** What `import { … } from "marina-serverless"` gives: opening the service, and the types of what goes in and comes out. */
export type { ErrorCode } from "../shared/base/index.ts";
export { MarinaError } from "../shared/base/index.ts";
export type { Manifest } from "../shared/data/index.ts";
export type { NamedBlock } from "../shared/problems/index.ts";
export type {
  Constants,
  MembershipEpoch,
  RoundRecord,
  RunLabels,
  RunResult,
  RunSpec,
  RunSpecInput,
  RunStatus,
  StoppedBy,
} from "../shared/protocol/index.ts";
export { parseRunSpec, runSpecJsonSchema } from "../shared/protocol/index.ts";
export type { DeleteRunOptions } from "./delete.ts";
export type { Liveness } from "./engines/liveness.ts";
export type { ImportFileOptions, ImportFileProgress } from "./import/import-file.ts";
export type { LabelChange } from "./labels.ts";
export { type Marina, type MarinaOptions, openMarina } from "./marina.ts";
export type { EvaluateOptions, Evaluation, RowPrediction } from "./model/evaluate.ts";
export type { ParameterFormat } from "./model/formats/index.ts";
export type { Tensor } from "./model/formats/tensor.ts";
export type { ParameterLayout } from "./model/layout.ts";
export type { Parameters } from "./model/parameters.ts";
export type { Prediction } from "./predict.ts";
export type { Check } from "./preflight.ts";
export type { Progress } from "./progress.ts";
export type { Run } from "./run.ts";
export type { ScaleOptions } from "./scale.ts";
