/** The aggregator function. */
export { readCheckpoint } from "./checkpoints/stored-checkpoint.ts";
export type { AnswerObserver, Expectation } from "./exchange/inbox.ts";
export { createAggregator, type RunObserver } from "./handler.ts";
export { shardsPerTaskOf } from "./round/packing.ts";
export { isOver } from "./term/finalize.ts";
