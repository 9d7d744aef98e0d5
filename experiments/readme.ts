/**
 * Writes what was measured into a README: nothing in it is copied by hand. Four forms, each between comments that stay:
 *
 *   <!-- table {"rows": ["label"], "across": "data", "figures": ["rounds"]} --> ... <!-- /table -->
 *   <!-- figure {"where": {"label": "MARINA"}, "figure": "usd", "over": {"label": "DIANA"}} -->3.2<!-- /figure -->
 *   <!-- curves {"chart": "held-out-accuracy-usd", "of": "best"} --> a picture <!-- /curves -->
 *   <!-- lines {"figure": "usd", "across": "data", "file": "dollars", "title": "…"} --> a picture <!-- /lines -->
 *
 * Fields that are left out: `sweep`, the file (default "sweep": sweep.json); `of`, "all" groups or the "best" ones of each
 * setting; `where`, the groups that count. A figure is the median over the seeds; with `over`, by what factor it is larger
 * than the other group's. Curves are a chart of `marina report` with a line for each run of the groups that count. Lines are a figure's
 * medians over an axis of which each value is a number, or a name that ends in one; a line for each label; logarithmic both ways.
 */
import * as z from "zod";
import { MarinaError } from "../shared/base/errors.ts";
import { checked } from "../shared/base/stored.ts";
import { canonicalJson } from "../shared/protocol/digest.ts";
import { chosenOf, type Group } from "../sweep/summary.ts";
import type { SweepSpec } from "../sweep/sweep-spec.ts";
import { valueText } from "../sweep/sweep-table.ts";
import { FIGURES, type FigureName, figureOf, figureText } from "./figures.ts";

/** A sweep of the experiment's folder, once it has been run. */
export interface SweepResult {
  readonly sweep: SweepSpec;
  readonly groups: readonly Group[];
}

const figure = z.enum(Object.keys(FIGURES) as [FigureName, ...FigureName[]]);
const where = z.record(z.string(), z.unknown());
const source = {
  sweep: z.string().default("sweep"),
  of: z.enum(["all", "best"]).default("all"),
  where: where.default({}),
};
const tableSchema = z.strictObject({
  ...source,
  /** Axes that name a row; "label" is the list's. */
  rows: z.array(z.string()).min(1),
  /** An axis of which each value has a column. */
  across: z.string().optional(),
  figures: z.array(figure).min(1),
});
const figureSchema = z.strictObject({ ...source, figure, over: where.optional() });

const curvesSchema = z.strictObject({ ...source, chart: z.string().regex(/^[a-z-]+$/) });

const linesSchema = z.strictObject({
  ...source,
  figure,
  across: z.string(),
  /** What the axis across is. */
  title: z.string(),
  /** The picture's name, without its ending. */
  file: z.string().regex(/^[a-z-]+$/),
});

const LINES = /(<!-- lines (\{.*?\}) -->\n)[\s\S]*?(<!-- \/lines -->)/g;
const CURVES = /(<!-- curves (\{.*?\}) -->\n)[\s\S]*?(<!-- \/curves -->)/g;
const TABLE = /(<!-- table (\{.*?\}) -->\n)[\s\S]*?(<!-- \/table -->)/g;
const FIGURE = /(<!-- figure (\{.*?\}) -->)[\s\S]*?(<!-- \/figure -->)/g;

/**
 * The README with its tables and figures written anew.
 * @param sweeps by the name of their file
 * @throws MarinaError "spec" that names the README and the place's description
 */
export function rewrite(text: string, sweeps: ReadonlyMap<string, SweepResult>, name: string): string {
  return text
    .replace(TABLE, (_all, open: string, json: string, close: string) => {
      const asked = parsed(tableSchema, json, name);
      const groups = select(asked, sweeps, `${name}: ${json}`);
      return `${open}\n${tableOf(groups, asked)}\n\n${close}`;
    })
    .replace(FIGURE, (_all, open: string, json: string, close: string) => {
      const asked = parsed(figureSchema, json, name);
      return `${open}${figureIn(asked, sweeps, `${name}: ${json}`)}${close}`;
    })
    .replace(CURVES, (_all, open: string, json: string, close: string) => {
      const { sweep, chart } = parsed(curvesSchema, json, name);
      return `${open}\n![${chart.replaceAll("-", " ")}](${pictureOf(sweep, chart)})\n\n${close}`;
    })
    .replace(LINES, (_all, open: string, json: string, close: string) => {
      const { sweep, file } = parsed(linesSchema, json, name);
      return `${open}\n![${file.replaceAll("-", " ")}](${pictureOf(sweep, file)})\n\n${close}`;
    });
}

/** What a picture is called that stands beside the README. */
function pictureOf(sweep: string, chart: string): string {
  return `${sweep === "sweep" ? "" : `${sweep}.`}${chart}.svg`;
}

/** Curves that a README shows. */
export interface AskedCurves {
  readonly sweep: string;
  /** Of `marina report`, by its id. */
  readonly chart: string;
  readonly groups: readonly Group[];
  /** The picture's name. */
  readonly file: string;
}

/** @throws MarinaError "spec" that names the README and the place's description */
export function curvesIn(
  text: string,
  sweeps: ReadonlyMap<string, SweepResult>,
  name: string,
): AskedCurves[] {
  return [...text.matchAll(CURVES)].map(([, , json = ""]) => {
    const asked = parsed(curvesSchema, json, name);
    const { sweep, chart } = asked;
    const groups = select(asked, sweeps, `${name}: ${json}`);
    return { sweep, chart, groups, file: pictureOf(sweep, chart) };
  });
}

/** Lines that a README shows. */
export interface AskedLines {
  /** The picture's name. */
  readonly file: string;
  readonly x: string;
  readonly y: string;
  readonly points: readonly { readonly label: string; readonly x: number; readonly y: number }[];
}

/** @throws MarinaError "spec" that names the README and the place's description */
export function linesIn(text: string, sweeps: ReadonlyMap<string, SweepResult>, name: string): AskedLines[] {
  return [...text.matchAll(LINES)].map(([, , json = ""]) => {
    const place = `${name}: ${json}`;
    const asked = parsed(linesSchema, json, name);
    const points = select(asked, sweeps, place).map((group) => ({
      label: valueText(group.label),
      x: numberAt(axisOf(group, asked.across), place),
      y: figureOf(group, asked.figure).median,
    }));
    return {
      file: pictureOf(asked.sweep, asked.file),
      x: asked.title,
      y: FIGURES[asked.figure].header,
      points: points.filter(({ y }) => Number.isFinite(y)),
    };
  });
}

function numberAt(value: unknown, place: string): number {
  const number = Number(/\d+$/.exec(String(value))?.[0] ?? Number.NaN);
  if (number > 0) return number;
  throw new MarinaError(
    "spec",
    `${place}: expected numbers, or names that end in one, got ${valueText(value)}`,
  );
}

function parsed<T>(schema: z.ZodType<T>, json: string, name: string): T {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new MarinaError("spec", `${name}: not JSON: ${json}`, { cause: error });
  }
  return checked(schema, value, `${name}: ${json}`);
}

interface Source {
  readonly sweep: string;
  readonly of: "all" | "best";
  readonly where: Readonly<Record<string, unknown>>;
}

function select(asked: Source, sweeps: ReadonlyMap<string, SweepResult>, place: string): Group[] {
  const found = sweeps.get(asked.sweep);
  if (found === undefined) {
    throw new MarinaError(
      "spec",
      `${place}: no sweep "${asked.sweep}" here; there are ${[...sweeps.keys()].join(", ")}`,
    );
  }
  const { sweep, groups } = found;
  const own = groups.filter(({ confirms }) => !confirms);
  const { best } = sweep;
  if (asked.of === "best" && best === undefined) {
    throw new MarinaError("spec", `${place}: the sweep has no "best"`);
  }
  const shown = asked.of === "all" || best === undefined ? own : chosenOf(groups, best);
  const chosen = shown.filter((group) =>
    Object.entries(asked.where).every(([axis, value]) => same(axisOf(group, axis), value)),
  );
  if (chosen.length === 0) throw new MarinaError("spec", `${place}: no group of the sweep is so`);
  return chosen;
}

function axisOf({ label, axes }: Group, axis: string): unknown {
  return axis === "label" ? label : axes[axis];
}

function same(a: unknown, b: unknown): boolean {
  return canonicalJson([a ?? null]) === canonicalJson([b ?? null]);
}

function tableOf(groups: readonly Group[], { rows, across, figures }: z.output<typeof tableSchema>): string {
  const columns = across === undefined ? [undefined] : distinct(groups.map((group) => axisOf(group, across)));
  const byRow = new Map<string, Group[]>();
  for (const group of groups) {
    const key = canonicalJson(rows.map((axis) => axisOf(group, axis) ?? null));
    byRow.set(key, [...(byRow.get(key) ?? []), group]);
  }
  const heads = columns.flatMap((column) =>
    figures.map((name) =>
      [
        column === undefined ? "" : valueText(column),
        figures.length > 1 || column === undefined ? FIGURES[name].header : "",
      ]
        .filter((part) => part !== "")
        .join(", "),
    ),
  );
  const lines = [
    [...rows.map((axis) => axis.split(".").at(-1)!.replace("label", "method")), ...heads],
    [...rows.map(() => "---"), ...heads.map(() => "---:")],
    ...[...byRow.values()].map((members) => [
      ...rows.map((axis) => valueText(axisOf(members[0]!, axis))),
      ...columns.flatMap((column) => {
        const group = members.find((one) => across === undefined || same(axisOf(one, across), column));
        return figures.map((name) => (group === undefined ? "" : figureText(group, name)));
      }),
    ]),
  ];
  return lines
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}

function distinct(values: readonly unknown[]): unknown[] {
  return [...new Map(values.map((value) => [canonicalJson([value ?? null]), value])).values()];
}

function figureIn(
  asked: z.output<typeof figureSchema>,
  sweeps: ReadonlyMap<string, SweepResult>,
  place: string,
): string {
  const group = only(select(asked, sweeps, place), place);
  if (asked.over === undefined) {
    const { median } = figureOf(group, asked.figure);
    return Number.isFinite(median) ? FIGURES[asked.figure].text(median) : "never";
  }
  const other = only(select({ ...asked, where: { ...asked.where, ...asked.over } }, sweeps, place), place);
  const ratio = figureOf(group, asked.figure).median / figureOf(other, asked.figure).median;
  if (!Number.isFinite(ratio)) throw new MarinaError("spec", `${place}: one of the two never arrived`);
  return String(Number(ratio.toPrecision(2)));
}

function only(groups: readonly Group[], place: string): Group {
  if (groups.length === 1) return groups[0]!;
  const names = groups.map(({ label, axes }) => JSON.stringify({ label, ...axes }));
  throw new MarinaError("spec", `${place}: expected one group, got ${names.join(" ")}`);
}
