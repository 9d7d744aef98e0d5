/** `marina sweep`: many runs on the embedded cloud, in parallel, resumable; figures, medians and Pareto fronts. */
import { join, relative, resolve } from "node:path";
import { MarinaError } from "../../shared/math/errors.ts";
import { EmbeddedEngine } from "../engines/embedded.ts";
import type { CommonOptions } from "../main.ts";
import { createCellProgress } from "../sweep/cell-progress.ts";
import { cellsOf } from "../sweep/cells.ts";
import { Library } from "../sweep/library.ts";
import { type CellProgress, createCellRunner } from "../sweep/run-sweep.ts";
import { bestOf, type FinishedCell, type Group, groupsOf, paretoFront } from "../sweep/summary.ts";
import { readSweep } from "../sweep/sweep-file.ts";
import { writeSweepFiles } from "../sweep/sweep-files.ts";
import type { SweepSpec } from "../sweep/sweep-spec.ts";
import { sweepText } from "../sweep/sweep-table.ts";

export interface SweepOptions extends CommonOptions {
  readonly jobs?: number;
  readonly out?: string;
}

export async function sweep(path: string, options: SweepOptions): Promise<void> {
  refuseStacks(options, "sweep");
  const read = readSweep(path);
  const folder = resolve(options.out ?? join(options.home, "sweeps", read.sweep.name));
  const progress = createCellProgress(read.sweep.name, process.stderr);
  const { groups, finished } = await runSweep(read, { home: options.home, jobs: options.jobs, progress });
  writeSweepFiles(folder, finished, groups);
  console.log(report(read.sweep, groups));
  console.log(
    `\nfiles: ${join(relative(".", folder), "results.csv")}, results.json, results.parquet, summary.csv`,
  );
}

/** @throws MarinaError "usage": what these commands do takes hundreds of runs. */
export function refuseStacks({ on }: CommonOptions, command: string): void {
  if (on === "embedded") return;
  throw new MarinaError(
    "usage",
    `${command}: runs on the embedded cloud only, whose seconds and dollars are predictions for AWS; run single specs of it on a stack: marina run SPEC --on ${on}`,
  );
}

export interface SweepSetting {
  readonly home: string;
  readonly jobs?: number | undefined;
  readonly progress: CellProgress;
}

/** Runs what is not done yet of a sweep. The data sets are those of the home. */
export async function runSweep(
  { sweep: spec, base }: { readonly sweep: SweepSpec; readonly base: unknown },
  { home, jobs, progress }: SweepSetting,
): Promise<{ readonly finished: FinishedCell[]; readonly groups: Group[] }> {
  const engine = new EmbeddedEngine(home);
  const library = new Library(engine.objects);
  const runner = createCellRunner({ home, library, progress, ...(jobs === undefined ? {} : { jobs }) });
  try {
    const sha256 = new Map<string, string>();
    for (const data of dataSetsOf(spec, base)) sha256.set(data, await library.sha256(data));
    // A cell whose data set has no name here has an error of its own to give.
    const cells = cellsOf(spec, base, (data) => sha256.get(data) ?? "");
    const finished = await runner.run(cells);
    return { finished, groups: groupsOf(finished) };
  } finally {
    await runner.close();
    await engine.close();
  }
}

/** Every data set that some cell may name. */
function dataSetsOf({ list, grid }: SweepSpec, base: unknown): Set<string> {
  const values = [
    (base as { data?: unknown } | null)?.data,
    ...(grid?.["data"] ?? []),
    ...(list ?? []).map(({ set }) => set["data"]),
  ];
  return new Set(values.filter((value) => typeof value === "string"));
}

function report({ best }: SweepSpec, groups: readonly Group[]): string {
  const parts = [
    `Medians over the seeds (quartiles); * is on the front of dollars against seconds.\n\n${sweepText(groups)}`,
  ];
  const accurate = paretoFront(groups, "usd", "relativeGradientNormSquared");
  if (accurate.length > 1) parts.push(`Front of dollars against accuracy:\n\n${sweepText(accurate, groups)}`);
  if (best !== undefined) {
    const chosen = bestOf(groups, best.over, best.by, best.lossWithin);
    parts.push(
      `Best by ${best.by}:\n\n${chosen.length === 0 ? "none reached the accuracy" : sweepText(chosen, groups)}`,
    );
  }
  return parts.join("\n\n");
}
