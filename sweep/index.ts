/** Many runs: grids of parameters, their trials and tables. */

export type { Cell } from "./cell.ts";
export { createCellProgress } from "./cell-progress.ts";
export { type CellSetting, cellsOf, confirmingCells } from "./cells.ts";
export { onInterrupt } from "./interruption.ts";
export { Library } from "./library.ts";
export {
  clampedParameter,
  drawnPoints,
  fieldOf,
  parseParameter,
  pointsOf,
  rungsOf,
  type SearchParameter,
  survivors,
} from "./parameter-search.ts";
export { phaseSchema } from "./phase-schema.ts";
export { readRounds, writeRounds } from "./rounds-file.ts";
export { type CellProgress, CellsLeft, createCellRunner } from "./run-sweep.ts";
export type { StackOutcome } from "./stack-runner.ts";
export { exitCodeOfOutcome, openStackSession, outcomeText, type StackSession } from "./stack-session.ts";
export { chosenOf, costOf, type FinishedCell, type Group, groupsOf, paretoFront } from "./summary.ts";
export { type ReadSweep, readSweep } from "./sweep-file.ts";
export { writeSweepFiles } from "./sweep-files.ts";
export {
  checkMeasure,
  isEnd,
  type Measure,
  PROGRESS_WITHIN,
  parseSweep,
  type SweepSpec,
  sweepJsonSchema,
} from "./sweep-spec.ts";
export { isSetByLabel, sweepText, tunedText, valueText } from "./sweep-table.ts";
export { allowedScale, bestTrial, scaleOf, searchPowersOfTwo } from "./tune.ts";
