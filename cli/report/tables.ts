/** A report's numbers as CSV: every run, every round, every item of a bill. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CsvCell, csv } from "../output/csv.ts";
import type { CollectedRun } from "./collect.ts";
import type { ReportData } from "./report-data.ts";

/** Writes runs.csv, bill.csv and, where the rounds are known, rounds.csv (all of them, nothing thinned). */
export function writeTables(data: ReportData, runs: readonly CollectedRun[], folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  const files: [name: string, text: string][] = [
    ["runs.csv", objectsCsv(data.runs)],
    [
      "bill.csv",
      csv(
        ["series", "item", "usd"],
        data.series.flatMap(({ name, usdByItem }) =>
          data.billItems.flatMap((item) => (usdByItem === null ? [] : [[name, item, usdByItem[item] ?? 0]])),
        ),
      ),
    ],
  ];
  if (runs.length > 0) {
    const seriesOf = new Map(
      data.series.flatMap(({ name, runs: members }) => members.map((run) => [run, name])),
    );
    files.push([
      "rounds.csv",
      objectsCsv(
        runs.flatMap(({ stored: { run, spec }, records }) =>
          records.map((record) => ({ run, series: seriesOf.get(run) ?? "", seed: spec.seed, ...record })),
        ),
      ),
    ]);
  }
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
  return files.map(([name]) => name);
}

function objectsCsv(rows: readonly object[]): string {
  const header = Object.keys(rows[0] ?? {});
  return csv(
    header,
    rows.map((row) => Object.values(row) as CsvCell[]),
  );
}
