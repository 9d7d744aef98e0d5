/** The aggregator function. */
export type { Question as CalibrationQuestion } from "./calibration/calibration.ts";
export { readCheckpoint } from "./checkpoints/stored-checkpoint.ts";
export { wholeCheckpoint } from "./checkpoints/whole-checkpoint.ts";
export {
  type AcceptedContribution,
  type AnswerObserver,
  ContributionTable,
  type Expectation,
  type Place,
} from "./exchange/contribution-table.ts";
export { createAggregator } from "./handler.ts";
export type { AggregatorHooks } from "./hooks.ts";
export { mostChainBytes } from "./round/downlink.ts";
export { messageBytes, replaySeconds, travelsAsDeltas } from "./round/downlink-rule.ts";
export { keepsGradients, keptGradient, reuseUsd } from "./round/gradient-reuse.ts";
export { shardsPerTaskOf } from "./round/packing.ts";
export { iterateBytes, travelInline } from "./round/points.ts";
export { rangesOf, readingSeconds } from "./round/reduction.ts";
export type { RunObserver } from "./settings.ts";
export { isOver } from "./term/end-run.ts";
export { readStart } from "./term/starting-point.ts";
