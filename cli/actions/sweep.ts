/** `marina sweep`: many runs, in parallel, resumable, on a stack within a budget; figures, medians and Pareto fronts. */
import { join, relative, resolve } from "node:path";
import {
  configurationOf,
  type EngineOptions,
  openEmbedded,
  useDataSets,
  wrapped,
} from "../../client/index.ts";
import { MarinaError } from "../../shared/base/index.ts";
import type { RoundRecord } from "../../shared/protocol/index.ts";
import {
  type CellProgress,
  type CellSetting,
  cellsOf,
  chosenOf,
  confirmingCells,
  createCellProgress,
  createCellRunner,
  exitCodeOfOutcome,
  type FinishedCell,
  type Group,
  groupsOf,
  Library,
  onInterrupt,
  openStackSession,
  outcomeText,
  paretoFront,
  type ReadSweep,
  readSweep,
  type StackOutcome,
  type StackSession,
  type SweepSpec,
  sweepText,
  writeRounds,
  writeSweepFiles,
} from "../../sweep/index.ts";
import { type PrintOptions, print, remark } from "../output/print.ts";
import { onOutput, widthOf } from "../output/terminal.ts";
import { writingTo } from "../output/writing.ts";
import { endInterrupted } from "./interrupted.ts";

export interface SweepOptions extends EngineOptions, PrintOptions {
  readonly jobs?: number;
  readonly out?: string;
  readonly maxUsd?: number;
  readonly yes?: boolean;
}

export async function sweep(path: string, options: SweepOptions): Promise<void> {
  const read = readSweep(path);
  const folder = resolve(options.out ?? join(options.home, "sweeps", read.sweep.name));
  if (options.on !== "embedded") return sweepOnStack(read, folder, options);
  if (options.maxUsd !== undefined) {
    throw new MarinaError(
      "usage",
      "--max-usd: runs on the embedded cloud cost nothing; give it with --on aws or --on localstack",
    );
  }
  const progress = createCellProgress(read.sweep.name, process.stderr);
  const interruption = onInterrupt("stopping; what is done is kept (Ctrl-C again: at once)");
  const write = (swept: Swept): Promise<void> => writeAndReport(read.sweep, folder, swept, options);
  try {
    const { home, jobs, latencies } = options;
    const setting = { home, jobs, latencies, progress, signal: interruption.signal, onCut: write };
    await write(await runSweep(read, setting));
  } catch (error) {
    endInterrupted(error);
  } finally {
    interruption.dispose();
  }
}

async function sweepOnStack(read: ReadSweep, folder: string, options: SweepOptions): Promise<void> {
  const session = await openStackSession(read.sweep.name, options);
  try {
    const setting = await session.setting(namedDataSets(read.sweep, read.base));
    const first = await session.run(cellsOf(read.sweep, read.base, setting));
    const outcome = await confirmed(read, first, setting, session);
    const groups = groupsOf(outcome.finished);
    const swept = { finished: outcome.finished, groups, rounds: session.rounds };
    if (outcome.finished.length > 0) await writeAndReport(read.sweep, folder, swept, options);
    remark(options, outcomeText(outcome, session));
    if (outcome.failure !== undefined) throw outcome.failure.error;
    process.exitCode = exitCodeOfOutcome(outcome);
  } finally {
    await session.close();
  }
}

/** Runs the best settings again with the seeds that are kept for that, once all others are done. */
async function confirmed(
  { sweep: spec, base }: ReadSweep,
  first: StackOutcome,
  setting: CellSetting,
  session: StackSession,
): Promise<StackOutcome> {
  if (first.left.length > 0) return first;
  const more = confirmingCells(spec, base, groupsOf(first.finished), setting);
  if (more.length === 0) return first;
  const second = await session.run(more);
  return { ...second, finished: [...first.finished, ...second.finished] };
}

async function writeAndReport(
  spec: SweepSpec,
  folder: string,
  { finished, groups, rounds }: Swept,
  options: PrintOptions,
): Promise<void> {
  await writingTo(folder, async () => {
    writeSweepFiles(folder, finished, groups);
    await writeRounds(folder, finished, rounds);
  });
  const shown = relative(".", folder) || ".";
  const best = spec.best === undefined ? [] : chosenOf(groups, spec.best);
  const figures = { groups: groups.map(groupFigures), best: best.map(groupFigures) };
  print(options, { sweep: spec.name, folder, cells: finished.length, ...figures }, () =>
    [
      report(spec, groups),
      "",
      wrapped(
        "files: ",
        `${join(shown, "results.csv")}, results.json, results.parquet, rounds.parquet, summary.csv`,
        widthOf(),
      ),
      `curves: marina report ${shown}`,
    ].join("\n"),
  );
}

/** For programs, who find every run in results.json. */
function groupFigures({ cells: _cells, ...group }: Group): Omit<Group, "cells"> {
  return group;
}

/** What has come of a sweep. */
export interface Swept {
  readonly finished: readonly FinishedCell[];
  readonly groups: readonly Group[];
  /** Every round of one of these cells. */
  readonly rounds: (cell: FinishedCell) => Promise<readonly RoundRecord[]>;
}

export interface SweepSetting {
  readonly home: string;
  readonly jobs?: number | undefined;
  /** File of measured latencies, to predict with. */
  readonly latencies?: string | undefined;
  readonly progress: CellProgress;
  /** Ends the sweep. */
  readonly signal?: AbortSignal;
  /** Given what is done, where the sweep does not come to its end. */
  readonly onCut?: (swept: Swept) => Promise<void>;
}

/**
 * Runs what is not done yet of a sweep. The data sets are those of the home.
 * @throws MarinaError "spec" before any cell is run, where some can't be; CellsLeft where some could not be run after all.
 */
export async function runSweep(
  { sweep: spec, base }: ReadSweep,
  { home, jobs, latencies, progress, signal, onCut }: SweepSetting,
): Promise<Swept> {
  const engine = await openEmbedded(home, latencies);
  const library = new Library(engine.objects);
  const named = namedDataSets(spec, base);
  const unuse = await useDataSets(home, named);
  const runner = createCellRunner({
    home,
    library,
    progress,
    signal,
    ...(jobs === undefined ? {} : { jobs }),
  });
  const sweptOf = (finished: readonly FinishedCell[]): Swept => ({
    finished,
    groups: groupsOf(finished),
    rounds: async ({ cell }) => runner.rounds(cell),
  });
  try {
    const known = await library.settingFor(named);
    const setting = { ...known, configuration: configurationOf(engine) };
    const cells = cellsOf(spec, base, setting);
    try {
      const finished = await runner.run(cells);
      cells.push(...confirmingCells(spec, base, groupsOf(finished), setting));
      return sweptOf(cells.length > finished.length ? await runner.run(cells) : finished);
    } catch (error) {
      const finished = runner.finished(cells);
      if (finished.length > 0) await onCut?.(sweptOf(finished));
      throw error;
    }
  } finally {
    await runner.close();
    unuse();
    await engine.close();
  }
}

/** Every data set that some cell may name. */
export function namedDataSets({ list, grid }: SweepSpec, base: unknown): Set<string> {
  const { data, heldOut } = (base ?? {}) as { data?: unknown; heldOut?: { data?: unknown } | null };
  const nameIn = (value: unknown): unknown => (value as { data?: unknown } | null | undefined)?.data;
  const values = [
    ...[data, heldOut?.data],
    ...(grid?.["data"] ?? []),
    ...(grid?.["heldOut.data"] ?? []),
    ...(grid?.["heldOut"] ?? []).map(nameIn),
    ...(list ?? []).flatMap(({ set }) => [set["data"], set["heldOut.data"], nameIn(set["heldOut"])]),
  ];
  return new Set(values.filter((value) => typeof value === "string"));
}

function report({ best }: SweepSpec, all: readonly Group[]): string {
  const groups = all.filter(({ confirms }) => !confirms);
  const parts = [
    `Medians over the seeds (quartiles); *: on the front of dollars against seconds\n\n${sweepText(groups, onOutput())}`,
  ];
  const accurate = paretoFront(groups, "usd", "relativeGradientNormSquared");
  if (accurate.length > 1)
    parts.push(`Front of dollars against accuracy:\n\n${sweepText(accurate, onOutput(), groups)}`);
  if (best !== undefined) {
    const chosen = chosenOf(all, best);
    const how = best.confirmSeeds === undefined ? "" : `, with the seeds ${best.confirmSeeds.join(", ")}`;
    parts.push(
      `Best by ${best.by}${how}:\n\n${chosen.length === 0 ? "none reached the accuracy" : sweepText(chosen, onOutput())}`,
    );
  }
  return parts.join("\n\n");
}
