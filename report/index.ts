/** Runs and sweeps as pages, charts and tables. */
export { adviceOn } from "./advice.ts";
export { buildReport } from "./build.ts";
export { writePictures } from "./export.ts";
export { reportPage } from "./page.ts";
export { answersOf, powerReport } from "./power-report.ts";
export type { ReportData } from "./report-data.ts";
export { sweepFile } from "./sweep-cells.ts";
export { readSweepReport } from "./sweep-report.ts";
export { type TableRun, tableRuns, writeTables } from "./tables.ts";
