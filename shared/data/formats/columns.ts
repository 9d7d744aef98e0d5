/** Which columns of a table are what: the labels, the features, and a saved row number that is neither. */
import { MarinaError } from "../../base/index.ts";

export interface ColumnChoice {
  readonly labelColumn: string;
  /** Columns left out, by name; every column of that name. */
  readonly drop?: readonly string[];
  /** The only columns that are features, by name, whatever their order; not together with `drop`. */
  readonly columns?: readonly string[];
}

/** Columns by position, from 0. */
export interface ColumnPlan {
  readonly label: number;
  /** In the file's order. */
  readonly features: readonly number[];
  /** The saved index of a data frame: left out though nothing was said of it. */
  readonly index: readonly number[];
}

/** How many names an error shows. */
const SHOWN_NAMES = 20;

/**
 * @param names of all columns, in the file's order.
 * @param saved columns that hold a data frame's index, should they not be asked for by name.
 * @param source what the table is called in errors.
 * @param hint what a name that is not there may come from, for the error.
 * @throws MarinaError "usage" when a name that was given is not there, or stands for several columns; "data" when no
 *   feature is left.
 */
export function planColumns(
  names: readonly string[],
  { labelColumn, drop = [], columns }: ColumnChoice,
  saved: readonly number[],
  source: string,
  hint = "",
): ColumnPlan {
  if (drop.length > 0 && columns !== undefined) {
    throw new MarinaError("usage", "--drop and --columns: expected one of them, not both");
  }
  const single = (name: string, option: string): number => {
    const column = names.indexOf(name);
    if (column !== -1 && names.indexOf(name, column + 1) === -1) return column;
    throw notFound(names, name, option, source, "one column", hint);
  };
  const label = single(labelColumn, "--label-column");
  if (drop.includes(labelColumn)) {
    throw new MarinaError("usage", `--drop: ${JSON.stringify(labelColumn)} is the column of labels`);
  }
  for (const name of drop) {
    if (!names.includes(name)) throw notFound(names, name, "--drop", source, "a column", hint);
  }
  const wanted = columns === undefined ? undefined : new Set(columns);
  for (const name of wanted ?? []) single(name, "--columns");
  const dropped = new Set(drop);
  const unasked = (column: number) => wanted === undefined && !dropped.has(names[column]!);
  const index = saved.filter((column) => column !== label && unasked(column));
  const features = names
    .map((_, column) => column)
    .filter((column) => column !== label && !index.includes(column))
    .filter((column) => (wanted === undefined ? unasked(column) : wanted.has(names[column]!)));
  if (features.length === 0) {
    throw new MarinaError(
      "data",
      `${source}: expected at least one column beside the labels ${JSON.stringify(labelColumn)}` +
        (index.length > 0 ? " and the saved row numbers" : "") +
        (dropped.size > 0 ? " that is not dropped" : ""),
    );
  }
  return { label, features, index };
}

function notFound(
  names: readonly string[],
  name: string,
  option: string,
  source: string,
  expected: string,
  hint: string,
): MarinaError {
  const shown = names.slice(0, SHOWN_NAMES).map((known) => JSON.stringify(known));
  const more = names.length > SHOWN_NAMES ? `, and ${names.length - SHOWN_NAMES} more` : "";
  return new MarinaError(
    "usage",
    `${source}: expected ${expected} named ${JSON.stringify(name)} (${option}) among ${shown.join(", ")}${more}${hint}`,
  );
}

/** A column as a sentence names it. */
export function columnName(name: string): string {
  return name === "" ? "the column without a name" : `column ${JSON.stringify(name)}`;
}
