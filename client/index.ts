/** What a program does with the service, on every engine. */
export { accountChecks, checkTurns, workersAtOnce } from "./account-concurrency.ts";
export {
  type CompressorEntry,
  compressorCatalogue,
  type MethodEntry,
  methodCatalogue,
} from "./catalogue.ts";
export {
  allRounds,
  type CollectedRun,
  collectRun,
  finalRow,
  type ObjectReader,
  RunReader,
} from "./collect.ts";
export {
  checkBound,
  confirmLength,
  confirmSpending,
  heldTo,
  type PriceOptions,
  spendingOf,
} from "./confirm-price.ts";
export { type Deletion, dataDeletion, runDeletion } from "./delete.ts";
export { useDataSets } from "./engines/data-uses.ts";
export {
  configurationOf,
  type DeployedEngine,
  type Engine,
  isDeployed,
  type Watcher,
} from "./engines/engine.ts";
export { functionLogs } from "./engines/function-logs.ts";
export type { Liveness } from "./engines/liveness.ts";
export {
  configure,
  type EngineOptions,
  openEmbedded,
  openEngine,
  openStack,
  withEngine,
  withStack,
} from "./engines/open.ts";
export { constantsOfSpec } from "./explain.ts";
export { datasetNames, findManifest, findRun } from "./find.ts";
export { reuseText } from "./gradient-reuse.ts";
export { DIGITS, importDigits } from "./import/digits.ts";
export { importCommand } from "./import/import-command.ts";
export {
  fileImport,
  type ImportedFile,
  type ImportFileOptions,
  type ImportFileProgress,
} from "./import/import-file.ts";
export { oneClassRemark, remarkOn } from "./import/one-class.ts";
export { readingWords } from "./import/reading-words.ts";
export { readJson } from "./json-file.ts";
export { changeLabels, checkLabels, type LabelChange, readLabels, tagOf, tagWords } from "./labels.ts";
export { checkHeldOutData, checkHeldOutSpec, checkRun, createRun, resumeRun } from "./launch.ts";
export { type Fitted, fitLatencies } from "./measure/fit.ts";
export { type LatencyFile, latencyFileText, readLatencies } from "./measure/latency-file.ts";
export { measurementPrice } from "./measure/price.ts";
export { type BuiltModel, buildModelFile } from "./model/build/build-model.ts";
export {
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  predictions,
  type RowPrediction,
} from "./model/evaluate.ts";
export { formatOf, PARAMETER_FORMATS } from "./model/formats/index.ts";
export { type Parameters, readParameters } from "./model/parameters.ts";
export { settleStart, storeStart, withStartIn } from "./model/start.ts";
export { adviceText, type PackingAdvice, packingAdvice, packingAdviceAfter } from "./packing-advice.ts";
export { type PowerCurve, type PowerPoint, powerCurve } from "./power.ts";
export { type Prediction, predict } from "./predict.ts";
export { type Check, checkFit, fitnessIfReadable, refuseUnfit, requireFit } from "./preflight.ts";
export { metricLines, withSums } from "./reconcile/cloudwatch.ts";
export { observedRequests, type Span } from "./reconcile/request-log.ts";
export { digestOf, type RoundsDigest } from "./rounds/digest.ts";
export type { EpochSetting } from "./rounds/epochs.ts";
export type { KeptRound } from "./rounds/kept-round.ts";
export type { Latencies, SlowRound } from "./rounds/latencies.ts";
export { readResult, readRounds, roundBlocks } from "./rounds/read-rounds.ts";
export { runNames } from "./run-names.ts";
export { type RunOverview, runOverview, runOverviews } from "./run-overview.ts";
export { requestScale, type ScaleOptions } from "./scale.ts";
export { type FieldDifference, specDifference } from "./spec-difference.ts";
export { readSpec, withChange } from "./spec-file.ts";
export { standingOf, stateWord, unfinished } from "./standing.ts";
export { type Stopping, stopRun } from "./stop.ts";
export { taskSeconds } from "./task-seconds.ts";
export { isYes, STANDARD_TERMINAL, type Terminal } from "./text/ask.ts";
export { endedText, reachedAccuracy } from "./text/ended.ts";
export { fitted, type Part } from "./text/fitted.ts";
export { heldOutText } from "./text/held-out.ts";
export { stepTexts } from "./text/step-text.ts";
export { type Column, type TableOptions, table } from "./text/table.ts";
export { wrapped } from "./text/wrapped.ts";
export { exportArchive, importArchive } from "./transfer.ts";
export { readUsed, type Used } from "./used.ts";
export { checkMachine, machineMemoryBytes } from "./vector-memory.ts";
export { travelText, vectorTravel } from "./vector-travel.ts";
