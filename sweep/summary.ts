/** What cells have in common but the seed, summed up: medians and quartiles, the best, and the Pareto fronts. */
import { onFront, quantile } from "../shared/math/index.ts";
import { accuracyOf, canonicalJson } from "../shared/protocol/index.ts";
import type { Axes, Cell, CellResult } from "./cell.ts";
import { type End, isEnd, MEASURES, type Measure } from "./sweep-spec.ts";

export interface FinishedCell {
  readonly cell: Cell;
  readonly result: CellResult;
  /** Only of a cell that ran on a deployed stack. */
  readonly deployed?: DeployedCell;
}

/** What only a deployed stack can tell: which run it was, and how it compares with its prediction. */
export interface DeployedCell {
  readonly run: string;
  /** By the embedded cloud. */
  readonly predictedSeconds: number;
  readonly predictedUsd: number;
  /** Did the run end with the bits of the embedded cloud? Null where that depends on the engine. */
  readonly sameBits: boolean | null;
}

/** 25 %, 50 % and 75 % of a figure over the seeds. Infinite where too few runs reached the accuracy. */
export interface Quartiles {
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
}

/** All cells that differ in the seed only. */
export interface Group {
  readonly label: string | null;
  readonly axes: Axes;
  /** The part of `axes` that comes from the grid. */
  readonly point: Axes;
  /** One of the best settings, with seeds that it was not chosen by. */
  readonly confirms: boolean;
  readonly seeds: number;
  /** Runs that met their stopping rule. */
  readonly reached: number;
  readonly diverged: number;
  readonly figures: Readonly<Record<Measure, Quartiles>>;
  /** How much f has come down from the start. */
  readonly progress: Quartiles;
  readonly cells: readonly FinishedCell[];
}

/** Groups in the order of their first cells. */
export function groupsOf(finished: readonly FinishedCell[]): Group[] {
  const groups = new Map<string, FinishedCell[]>();
  for (const one of finished) {
    // What confirms a choice is kept apart from what the choice was made by.
    const key = canonicalJson([one.cell.label, one.cell.axes, one.cell.confirms ?? false]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups.values()].map((cells) => {
    const { label, axes, point, confirms } = cells[0]!.cell;
    return {
      label,
      axes,
      point,
      confirms: confirms ?? false,
      seeds: cells.length,
      reached: cells.filter(({ result }) => result.reached).length,
      diverged: cells.filter(({ result }) => result.status === "diverged").length,
      figures: Object.fromEntries(
        MEASURES.map((measure) => [measure, quartiles(cells, measure)]),
      ) as unknown as Group["figures"],
      progress: quartilesOf(cells.map(({ result }) => progressOf(result))),
      cells,
    };
  });
}

function quartiles(cells: readonly FinishedCell[], measure: Measure): Quartiles {
  return quartilesOf(cells.map(({ result }) => costOf(result, measure)));
}

/** Of figures in any order; some may be infinite. */
export function quartilesOf(figures: readonly number[]): Quartiles {
  const values = [...figures].sort((a, b) => a - b);
  return { lower: quantile(values, 0.25), median: quantile(values, 0.5), upper: quantile(values, 0.75) };
}

/** By how much the loss has come down; minus infinity where that is not known. */
export function progressOf({ startLoss, loss }: CellResult): number {
  return startLoss === null || loss === null ? -Infinity : startLoss - loss;
}

/**
 * What it took to reach the accuracy: infinite for a run that did not. How good a run ended needs no target: infinite for
 * one that did not end well, and where it was not looked at.
 */
export function costOf(result: CellResult, measure: Measure): number {
  if (!isEnd(measure)) return result.reached ? result[measure] : Infinity;
  return result.status === "done" ? (endOf(result, measure) ?? Infinity) : Infinity;
}

function endOf({ heldOut, ...result }: CellResult, measure: End): number | null | undefined {
  if (measure === "heldOutLoss") return heldOut?.loss;
  if (measure !== "heldOutError") return result[measure];
  const accuracy = heldOut === undefined ? null : accuracyOf(heldOut);
  return accuracy === null ? null : 1 - accuracy;
}

/** How the best values of some fields are chosen: a sweep's `best`. */
export interface Choice {
  /** The fields to choose over. */
  readonly over: readonly string[];
  readonly by: Measure;
  /** See PROGRESS_WITHIN. */
  readonly progressWithin: number;
}

/** What f is made of, of all that is varied. */
function objectiveIn(axes: Axes): Axes {
  return Object.fromEntries(Object.entries(axes).filter(([path]) => /^(data|problem)(\.|$)/.test(path)));
}

/**
 * Those that have a figure, and whose loss came down about as far as that of the one where it came down farthest.
 * @param alike equal for groups among which that is compared: those of one f at least, as they are by default.
 */
export function farEnough(
  groups: readonly Group[],
  { by, progressWithin }: Pick<Choice, "by" | "progressWithin">,
  alike: (group: Group) => string = ({ axes }) => canonicalJson(objectiveIn(axes)),
): Group[] {
  const reached = groups.filter(({ figures }) => Number.isFinite(figures[by].median));
  const most = new Map<string, number>();
  for (const group of reached) {
    const key = alike(group);
    most.set(key, Math.max(most.get(key) ?? -Infinity, group.progress.median));
  }
  return reached.filter((group) => group.progress.median >= (1 - progressWithin) * most.get(alike(group))!);
}

/** For each setting of the other axes, the groups whose median is least, best first; none where no median is finite. */
export function bestOf(groups: readonly Group[], choice: Choice, candidates = 1): Group[] {
  const { over, by } = choice;
  const without = (axes: Axes): string =>
    canonicalJson(Object.fromEntries(Object.entries(axes).filter(([path]) => !over.includes(path))));
  const alike = ({ point, axes }: Group): string => without({ ...objectiveIn(axes), ...point });
  const bySetting = new Map<string, Group[]>();
  for (const group of farEnough(groups, choice, alike)) {
    const key = canonicalJson([group.label, without(group.axes)]);
    bySetting.set(key, [...(bySetting.get(key) ?? []), group]);
  }
  return [...bySetting.values()].flatMap((members) =>
    members.toSorted((a, b) => a.figures[by].median - b.figures[by].median).slice(0, candidates),
  );
}

/**
 * The best values of each setting by all that is known: by the runs that confirm them, where there are such; else by the
 * runs of the search.
 */
export function chosenOf(groups: readonly Group[], choice: Choice): Group[] {
  const confirming = groups.filter(({ confirms }) => confirms);
  return bestOf(confirming.length > 0 ? confirming : groups, choice);
}

/**
 * Groups that no other beats: none has both medians at most as large and one of them smaller. Sorted by the first
 * measure. Groups with an infinite median are not on the front.
 */
export function paretoFront(groups: readonly Group[], first: Measure, second: Measure): Group[] {
  const finite = groups
    .filter(
      ({ figures }) => Number.isFinite(figures[first].median) && Number.isFinite(figures[second].median),
    )
    .sort(
      (a, b) =>
        a.figures[first].median - b.figures[first].median ||
        a.figures[second].median - b.figures[second].median,
    );
  const front = onFront(finite.map(({ figures }) => [figures[first].median, figures[second].median]));
  return finite.filter((_, i) => front[i]);
}
