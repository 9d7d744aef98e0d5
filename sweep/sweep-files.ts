/** A sweep's results as files: every cell as CSV, JSON and Parquet, and the summary over the seeds as CSV. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import { removeDrafts, replaceFile } from "../embedded/index.ts";
import { type CsvCell, csv } from "../shared/base/index.ts";
import { type FinishedCell, type Group, paretoFront } from "./summary.ts";
import { MEASURES } from "./sweep-spec.ts";

type Row = Readonly<Record<string, CsvCell>>;

/** Writes results.csv, results.json, results.parquet and summary.csv; returns their folder. */
export function writeSweepFiles(
  folder: string,
  finished: readonly FinishedCell[],
  groups: readonly Group[],
): void {
  mkdirSync(folder, { recursive: true });
  removeDrafts(folder);
  const axes = [...new Set(finished.flatMap(({ cell }) => Object.keys(cell.axes)))];
  const rows = finished.map((one) => rowOf(one, axes));
  replaceFile(join(folder, "results.csv"), toCsv(rows));
  const whole = finished.map(({ cell, result, deployed }) => ({
    label: cell.label,
    axes: cell.axes,
    seed: cell.spec.seed,
    ...(cell.confirms === undefined ? {} : { confirms: cell.confirms }),
    result,
    ...(deployed === undefined ? {} : { deployed }),
    spec: cell.spec,
  }));
  replaceFile(join(folder, "results.json"), `${JSON.stringify(whole, null, 2)}\n`);
  replaceFile(join(folder, "results.parquet"), toParquet(rows));
  replaceFile(join(folder, "summary.csv"), toCsv(summaryRows(groups, axes)));
}

function rowOf({ cell, result, deployed }: FinishedCell, axes: readonly string[]): Row {
  const { version: _version, phases: _phases, usdByItem: _usdByItem, heldOut, ...figures } = result;
  const settings = Object.fromEntries(axes.map((path) => [path, setting(cell.axes[path])]));
  const looked =
    cell.spec.heldOut === undefined
      ? {}
      : {
          heldOutRows: heldOut?.rows ?? null,
          heldOutLoss: heldOut?.loss ?? null,
          heldOutCorrect: heldOut?.correct ?? null,
        };
  return { label: cell.label, ...settings, seed: cell.spec.seed, ...figures, ...looked, ...deployed };
}

/** A field's value as one cell of a table: objects as JSON. */
function setting(value: unknown): CsvCell {
  if (value === undefined || value === null) return null;
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? value
    : JSON.stringify(value);
}

function summaryRows(groups: readonly Group[], axes: readonly string[]): Row[] {
  const cheapFast = new Set(paretoFront(groups, "usd", "seconds"));
  const cheapAccurate = new Set(paretoFront(groups, "usd", "relativeGradientNormSquared"));
  const confirmed = groups.some(({ confirms }) => confirms);
  return groups.map((group) => {
    const settings = Object.fromEntries(axes.map((path) => [path, setting(group.axes[path])]));
    const figures = MEASURES.flatMap((measure) => {
      const { lower, median, upper } = group.figures[measure];
      return [
        [`${measure}.lower`, finite(lower)],
        [`${measure}.median`, finite(median)],
        [`${measure}.upper`, finite(upper)],
      ] as const;
    });
    return {
      label: group.label,
      ...settings,
      ...(confirmed ? { confirms: group.confirms } : {}),
      seeds: group.seeds,
      reached: group.reached,
      diverged: group.diverged,
      ...Object.fromEntries(figures),
      paretoUsdSeconds: cheapFast.has(group),
      paretoUsdAccuracy: cheapAccurate.has(group),
    };
  });
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Of all rows: some runs of a sweep may look at held-out data, and others not. */
function columnsOf(rows: readonly Row[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

function toCsv(rows: readonly Row[]): string {
  const header = columnsOf(rows);
  return csv(
    header,
    rows.map((row) => header.map((name) => row[name] ?? null)),
  );
}

/** One column a field. An axis may hold numbers in one row and words in another: such a column is text. */
function toParquet(rows: readonly Row[]): Uint8Array {
  const columnData = columnsOf(rows).map((name) => {
    const data = rows.map((row) => row[name] ?? null);
    const present = data.filter((value) => value !== null);
    if (present.every((value) => typeof value === "number"))
      return { name, data, type: "DOUBLE" as const, nullable: true };
    if (present.every((value) => typeof value === "boolean"))
      return { name, data, type: "BOOLEAN" as const, nullable: true };
    return {
      name,
      data: data.map((value) => (value === null ? null : String(value))),
      type: "STRING" as const,
      nullable: true,
    };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}
