/** The report of a sweep, from the folder that `marina sweep` leaves: figures of every cell, and its rounds. */

import { basename, dirname, resolve } from "node:path";
import { digestOf, type EpochSetting } from "../client/index.ts";
import { BILL_GROUPS } from "../shared/cost/index.ts";
import { type Manifest, rowsUsed } from "../shared/data/index.ts";
import { canonicalJson, startingMembership } from "../shared/protocol/index.ts";
import { readRounds } from "../sweep/index.ts";
import { endedWhy, withFront } from "./build.ts";
import { importLines, runLine } from "./recipe.ts";
import type { Reached, Recipe, ReportData, RunSummary, Series } from "./report-data.ts";
import { BestLosses, seriesOf, shareOf } from "./series.ts";
import { type CellGroup, groupCells, readCells, type SweepCell } from "./sweep-cells.ts";
import type { TableRun } from "./tables.ts";
import { workersOverRun, workersSteps } from "./workers.ts";

const BITS_PER_MBIT = 1e6;

export interface SweepReport {
  readonly data: ReportData;
  /** Every run with all its rounds, for tables. */
  readonly runs: readonly TableRun[];
}

/** A data set as it is stored; undefined where it is gone. */
export type ManifestOf = (data: string) => Promise<Manifest | undefined>;

/** @param path of results.json. @throws MarinaError "spec" when the file is not a sweep's results. */
export async function readSweepReport(path: string, manifestOf: ManifestOf): Promise<SweepReport> {
  const folder = dirname(resolve(path));
  const cells = readCells(path);
  const groups = groupCells(cells);
  const rounds = await readRounds(folder);
  const share = shareOf(groups.length);
  const best = new BestLosses();
  const bills = billsOf(cells);
  const manifests = new Map<string, Manifest | undefined>();
  for (const name of new Set(cells.map(({ spec }) => spec.data))) manifests.set(name, await manifestOf(name));
  const epochs = new Map<SweepCell, number | null>();
  const series: Series[] = [];
  // One group after the other: the rounds of a large sweep don't fit into memory at once.
  for (const { name, settings, cells: members } of groups) {
    const runs = [];
    for (const cell of members) {
      const records = await rounds.of(cell.result.digest);
      const digest = digestOf(records, epochSetting(cell, manifests.get(cell.spec.data)));
      best.see(problemOf(cell), digest);
      epochs.set(cell, digest.last?.epochs ?? null);
      runs.push({ run: runName(name, cell), rounds: digest, usdByItem: bills.of(cell) });
    }
    series.push({
      name,
      settings,
      ...seriesOf(runs, share),
      bestLoss: null,
      workers: members.flatMap((cell) =>
        workersSteps(runName(name, cell), cell.result.phases, {
          round: cell.result.rounds,
          seconds: cell.result.seconds,
        }),
      ),
    });
  }
  const data: ReportData = {
    title: `Sweep ${basename(folder)}`,
    predicts: !cells.some(({ deployed }) => deployed !== undefined),
    billItems: bills.items,
    series: series.map((one, i) => ({ ...one, bestLoss: best.of(problemOf(groups[i]!.cells[0]!)) })),
    runs: groups.flatMap(({ name, cells: members }) =>
      members.map((cell) => summaryOf(cell, name, epochs.get(cell) ?? null)),
    ),
    reached: withFront(groups.flatMap(reachedOf)),
    recipes: groups.map((group) => recipeOf(group, manifests)),
    // What a sweep is to vary is the sweep's to say.
    advice: [],
    power: [],
  };
  const runs = groups.flatMap(({ name, cells: members }) =>
    members.map((cell) => ({
      run: runName(name, cell),
      series: name,
      seed: cell.seed,
      rounds: async function* () {
        yield await rounds.of(cell.result.digest);
      },
    })),
  );
  return { data, runs };
}

/** Undefined where the data set is gone: nobody knows how many rows it had. */
function epochSetting(
  { spec, result: { probability } }: SweepCell,
  manifest: Manifest | undefined,
): EpochSetting | undefined {
  if (manifest === undefined) return undefined;
  const { workers } = startingMembership(spec);
  return { spec, rows: rowsUsed(manifest.rows, workers, spec.remainder), probability };
}

function runName(series: string, { seed }: SweepCell): string {
  return `${series}, seed ${seed}`;
}

/** The same for cells that minimise the same function: where rows are dropped, how many depends on the workers. */
function problemOf({ spec: { problem, data, remainder, workers } }: SweepCell): string {
  return canonicalJson({ problem, data, workers: remainder === "drop" ? workers : null });
}

/** By the items of a run's bill; by service where a cell, of an older version, knows no more. */
function billsOf(cells: readonly SweepCell[]): {
  readonly items: readonly string[];
  readonly of: (cell: SweepCell) => Readonly<Record<string, number>>;
} {
  if (cells.every(({ result }) => result.usdByItem !== undefined))
    return { items: BILL_GROUPS, of: ({ result }) => result.usdByItem! };
  return {
    items: ["functions", "queues", "objects"],
    of: ({ result }) => ({
      functions: result.functionsUsd,
      queues: result.queuesUsd,
      objects: result.objectsUsd,
    }),
  };
}

function reachedOf({ name, cells }: CellGroup): Omit<Reached, "onFront">[] {
  return cells
    .filter(({ result }) => result.reached)
    .map((cell) => ({
      run: runName(name, cell),
      series: name,
      seconds: cell.result.seconds,
      usd: cell.result.usd,
      uplinkMbit: cell.result.uplinkBitsPerWorker / BITS_PER_MBIT,
    }));
}

/** Of a group's first seed. */
function recipeOf({ name, cells }: CellGroup, manifests: ReadonlyMap<string, Manifest | undefined>): Recipe {
  const { spec, result } = cells[0]!;
  return {
    run: name,
    spec: JSON.stringify(spec, null, 2),
    constants: [
      ["stepSize", String(result.stepSize)],
      ["probability", String(result.probability)],
      ["SHA-256 of the final iterate", result.iterateSha256],
    ],
    commands: [...importLines(spec.data, manifests.get(spec.data)), runLine(spec)].join("\n"),
  };
}

function summaryOf(cell: SweepCell, series: string, epochs: number | null): RunSummary {
  const { result, seed, spec } = cell;
  return {
    run: runName(series, cell),
    series,
    data: spec.data,
    workers: workersOverRun(result.phases, spec),
    seed,
    status: result.status,
    ended: endedWhy(result),
    rounds: result.rounds,
    epochs,
    loss: result.loss,
    gradientNormSquared: null,
    relativeGradientNormSquared: result.relativeGradientNormSquared,
    uplinkMbit: result.uplinkBitsPerWorker / BITS_PER_MBIT,
    seconds: result.seconds,
    usd: result.usd,
    resentTasks: result.resentTasks,
  };
}
