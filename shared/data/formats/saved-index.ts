/** Which columns of a Parquet file hold the index of the data frame that it was written from. */
import type { KeyValue } from "hyparquet";

/** How pandas names the levels of an index that has no name. */
const LEVEL = /^__index_level_\d+__$/;

/**
 * The footer's `pandas` metadata names them; without it (other programs drop it when they write the file again) only
 * nameless ones are known.
 * @returns columns by position.
 */
export function savedIndex(names: readonly string[], footer: readonly KeyValue[] | undefined): number[] {
  const pandas = footer?.find(({ key }) => key === "pandas")?.value;
  const named = pandas === undefined ? [] : indexColumns(pandas);
  return names.flatMap((name, column) => (LEVEL.test(name) || named.includes(name) ? [column] : []));
}

/** Stored levels are strings; a range that is not stored is an object. */
function indexColumns(metadata: string): unknown[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(metadata);
  } catch {
    // What pandas writes is JSON; of anything else there is nothing to learn.
    return [];
  }
  const levels = (parsed as { index_columns?: unknown } | null)?.index_columns;
  return Array.isArray(levels) ? levels : [];
}
