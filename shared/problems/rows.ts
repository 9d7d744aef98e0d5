/** What holds of rows in either layout. */
import type { Rows } from "./problem.ts";

/** Entries that are stored. */
export function storedEntries(rows: Rows): number {
  return "offsets" in rows ? rows.indices.length : rows.values.length;
}
