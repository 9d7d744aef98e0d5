/** A report's numbers as CSV: every run, every round, every item of a bill. */
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CollectedRun, finalRow, type ObjectReader, roundBlocks } from "../client/index.ts";
import { type CsvCell, csv } from "../shared/base/index.ts";
import type { RoundRecord } from "../shared/protocol/index.ts";
import type { ReportData } from "./report-data.ts";

/** A run with all its rounds, nothing thinned. */
export interface TableRun {
  readonly run: string;
  readonly series: string;
  readonly seed: number;
  /** All of them, some at a time. */
  readonly rounds: () => AsyncIterable<readonly RoundRecord[]>;
}

export function tableRuns(
  data: ReportData,
  runs: readonly CollectedRun[],
  objects: ObjectReader,
): TableRun[] {
  const seriesOf = new Map(
    data.series.flatMap(({ name, runs: members }) => members.map((run) => [run, name])),
  );
  return runs.map(({ stored: { run, spec }, result }) => ({
    run,
    series: seriesOf.get(run) ?? "",
    seed: spec.seed,
    rounds: async function* () {
      let last: RoundRecord | undefined;
      for await (const block of roundBlocks(objects, run)) {
        last = block.at(-1);
        yield block;
      }
      const final = finalRow(last, result);
      if (final !== undefined) yield [final];
    },
  }));
}

/** Writes runs.csv, bill.csv and, where rounds are known, rounds.csv; returns their names. */
export async function writeTables(
  data: ReportData,
  runs: readonly TableRun[],
  folder: string,
): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "runs.csv"), objectsCsv(data.runs));
  const bills = data.series.flatMap(({ name, usdByItem }) =>
    usdByItem === null ? [] : data.billItems.map((item) => [name, item, usdByItem[item] ?? 0]),
  );
  writeFileSync(join(folder, "bill.csv"), csv(["series", "item", "usd"], bills));
  const written = ["runs.csv", "bill.csv"];
  const path = join(folder, "rounds.csv");
  let any = false;
  // Some at a time: the rounds of a large sweep, or of a long run, don't fit into memory at once.
  for (const { run, series, seed, rounds } of runs) {
    for await (const block of rounds()) {
      if (block.length === 0) continue;
      const rows = block.map((record) => ({ run, series, seed, ...record }));
      if (any) appendFileSync(path, objectsCsv(rows, { header: false }));
      else writeFileSync(path, objectsCsv(rows));
      any = true;
    }
  }
  return any ? [...written, "rounds.csv"] : written;
}

function objectsCsv(rows: readonly object[], { header = true } = {}): string {
  const text = csv(
    Object.keys(rows[0] ?? {}),
    rows.map((row) => Object.values(row) as CsvCell[]),
  );
  return header ? text : text.slice(text.indexOf("\n") + 1);
}
