/** The stored table, and what differs from it. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Figures } from "./run.ts";

export type Table = Readonly<Record<string, Figures>>;

const TABLE = fileURLToPath(new URL("../trajectories.json", import.meta.url));

export function readTable(): Table {
  return JSON.parse(readFileSync(TABLE, "utf8")) as Table;
}

/** One line a row, so that a change of it can be read. */
export function saveTable(table: Table): void {
  const lines = Object.entries(table).map(
    ([name, figures]) => `  ${JSON.stringify(name)}: ${JSON.stringify(figures)}`,
  );
  writeFileSync(TABLE, `{\n${lines.join(",\n")}\n}\n`);
}

/** A line for each figure of a row that is not the stored one. */
export function differences(name: string, expected: Figures | undefined, found: Figures): string[] {
  if (expected === undefined) return [`${name}: is not in the table`];
  const keys = new Set([...Object.keys(expected), ...Object.keys(found)]) as Set<keyof Figures>;
  return [...keys]
    .filter((key) => !Object.is(expected[key], found[key]))
    .map((key) => `${name}: ${key}: expected ${String(expected[key])}, got ${String(found[key])}`);
}
