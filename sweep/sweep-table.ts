/** A sweep's summary for people: medians over the seeds, quartiles where there are seeds enough. */

import { type Column, type TableOptions, table, wrapped } from "../client/index.ts";
import { dollars, megabits, seconds, short } from "../shared/base/index.ts";
import { farEnough, type Group, paretoFront, type Quartiles } from "./summary.ts";
import { isEnd, type Measure, PROGRESS_WITHIN } from "./sweep-spec.ts";

/** Below this many seeds quartiles say nothing. */
const SEEDS_FOR_QUARTILES = 3;

export interface SweepTable {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * One row a group. Fields that no two groups differ in are left out.
 * @param last the last column: what it is called and says
 */
export function sweepTable(
  groups: readonly Group[],
  among: readonly Group[] = groups,
  {
    quartiles = true,
    last,
  }: {
    readonly quartiles?: boolean;
    readonly last?: { readonly title: string; readonly of: (group: Group) => string } | undefined;
  } = {},
): SweepTable {
  const paths = [...new Set(groups.flatMap(({ axes }) => Object.keys(axes)))];
  const labelled = groups.some(({ label }) => label !== null);
  const shown = paths.filter((path) => !labelled || !isSetByLabel(groups, path));
  const looked = groups.some(({ figures }) => Number.isFinite(figures.heldOutError.median));
  const cheapFast = new Set(paretoFront(among, "usd", "seconds"));
  const { title, of } = last ?? { title: "front", of: (group) => (cheapFast.has(group) ? "*" : "") };
  return {
    columns: [
      ...(labelled ? [["run", "left"] as const] : []),
      ...shown.map((path) => [path.split(".").at(-1)!, "left"] as const),
      ["reached", "right", 2],
      ["rounds", "right", 3],
      ["Mbit/worker", "right", 4],
      ["seconds", "right"],
      ["$", "right"],
      ["|∇f|²/start", "right", 5],
      ["f", "right", 6],
      ...(looked ? [["held out", "right", 7] as const] : []),
      [title, "left", 1],
    ],
    rows: groups.map((group) => {
      const { figures, label, axes, reached, seeds, diverged } = group;
      const spread = (of: Quartiles, text: (value: number) => string) =>
        quartilesText(of, text, quartiles ? seeds : 1);
      return [
        ...(labelled ? [label ?? "-"] : []),
        ...shown.map((path) => valueText(axes[path])),
        `${reached}/${seeds}${diverged > 0 ? `, ${diverged} diverged` : ""}`,
        spread(figures.rounds, (value) => Math.round(value).toLocaleString("en-US")),
        spread(figures.uplinkBitsPerWorker, megabits),
        spread(figures.seconds, seconds),
        spread(figures.usd, dollars),
        Number.isFinite(figures.relativeGradientNormSquared.median)
          ? short(figures.relativeGradientNormSquared.median)
          : "-",
        Number.isFinite(figures.loss.median) ? short(figures.loss.median) : "-",
        ...(looked ? [spread(figures.heldOutError, rightText)] : []),
        of(group),
      ];
    }),
  };
}

export function sweepText(
  groups: readonly Group[],
  options: TableOptions = {},
  among: readonly Group[] = groups,
): string {
  return fittingText((quartiles) => sweepTable(groups, among, { quartiles }), options);
}

/** Where there is no room medians alone say more than fewer columns with quartiles. */
function fittingText(of: (quartiles: boolean) => SweepTable, options: TableOptions): string {
  const whole = of(true);
  const { width = Number.POSITIVE_INFINITY } = options;
  const fits = table(whole.columns, whole.rows)
    .split("\n")
    .every((line) => line.length <= width);
  const { columns, rows } = fits ? whole : of(false);
  return table(columns, rows, options);
}

/** A search's trials, with one rule of what is best: the caption says it, the last column what it makes of each. */
export function tunedText(
  groups: readonly Group[],
  by: Measure,
  caption: string,
  options: TableOptions = {},
): { text: string; best: Group | undefined } {
  const eligible = farEnough(groups, { by, progressWithin: PROGRESS_WITHIN });
  const best = eligible.reduce<Group | undefined>(
    (a, b) => (a === undefined || b.figures[by].median < a.figures[by].median ? b : a),
    undefined,
  );
  const of = (group: Group): string => {
    if (group === best) return "best";
    if (!Number.isFinite(group.figures[by].median)) return isEnd(by) ? "failed" : "not reached";
    return eligible.includes(group) ? "" : "loss too high";
  };
  const last = { title: "", of };
  const text = fittingText((quartiles) => sweepTable(groups, groups, { quartiles, last }), options);
  return { text: `${text}\n\n${wrapped("", caption, options.width)}`, best };
}

/** As a table of a README. */
export function sweepMarkdown(groups: readonly Group[], among: readonly Group[] = groups): string {
  const { columns, rows } = sweepTable(groups, among);
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [
    line(columns.map(([header]) => header)),
    line(columns.map(([, align]) => (align === "right" ? "---:" : "---"))),
    ...rows.map(line),
  ].join("\n");
}

/** Is this field a consequence of the label? Then the label says it. */
export function isSetByLabel(groups: readonly Pick<Group, "label" | "axes">[], path: string): boolean {
  const byLabel = new Map<string | null, string>();
  for (const { label, axes } of groups) {
    const value = JSON.stringify(axes[path]) ?? "";
    const known = byLabel.get(label);
    if (known !== undefined && known !== value) return false;
    byLabel.set(label, value);
  }
  return true;
}

/** Of the share that is predicted wrong, the share that is predicted right. */
export function rightText(error: number): string {
  return `${(100 * (1 - error)).toFixed(2)} %`;
}

function quartilesText(
  { lower, median, upper }: Quartiles,
  text: (value: number) => string,
  seeds: number,
): string {
  if (!Number.isFinite(median)) return "-";
  if (seeds < SEEDS_FOR_QUARTILES || lower === upper) return text(median);
  return `${text(median)} (${text(lower)} to ${Number.isFinite(upper) ? text(upper) : "never"})`;
}

/** A field's value for people. */
export function valueText(value: unknown): string {
  if (value === undefined) return "-";
  if (typeof value === "object" && value !== null) {
    if ("times" in value) return `${String(value.times)} x theory`;
    if ("kind" in value) return Object.values(value).map(valueText).join(" ");
    return JSON.stringify(value);
  }
  return String(value);
}
