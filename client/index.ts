/** What a program does with the service, on every engine. */
export { type CollectedRun, collectRun, type ObjectReader, withFinal } from "./collect.ts";
export { AwsEngine } from "./engines/aws.ts";
export { EmbeddedEngine } from "./engines/embedded.ts";
export type { Engine, Watcher } from "./engines/engine.ts";
export { functionLogs } from "./engines/function-logs.ts";
export { type EngineOptions, openEngine, openStack } from "./engines/open.ts";
export { createRun, datasetNames, findManifest, findRun, resumeRun } from "./launch.ts";
export { type Prediction, predict } from "./predict.ts";
export { type Check, checkFit, requireFit } from "./preflight.ts";
export { readCheckpoint, readResult, readRounds } from "./read-run.ts";
export { metricLines, withSums } from "./reconcile/cloudwatch.ts";
export { observedRequests, type Span } from "./reconcile/request-log.ts";
export { readSpec, withChange } from "./spec-file.ts";
export { endedText, reachedAccuracy } from "./text/ended.ts";
export { table } from "./text/table.ts";
export { exportArchive, importArchive } from "./transfer.ts";
