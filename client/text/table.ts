/** Plain tables for terminals and log files. */
import Table from "cli-table3";

/**
 * A column's header and alignment, and its rank: of those that have one the column of the highest rank is the first to go
 * where there is no room. One without a rank stays.
 */
export type Column = readonly [header: string, align: "left" | "right", rank?: number];

export interface TableOptions {
  /** Characters of a line at most; by default as many as there are. */
  readonly width?: number | undefined;
  /** How the line of headers is set off. */
  readonly heading?: (line: string) => string;
}

/** Between columns. */
const GAP = 2;
/** A cell is cut down to so many characters at most. */
const LEAST_CELL = 8;

/**
 * No line is longer than the width: columns are left out by rank, which a last line says; where that is not enough the widest
 * columns of text are cut.
 * @param rows of as many cells as there are columns
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { width = Number.POSITIVE_INFINITY, heading = (line) => line }: TableOptions = {},
): string {
  const widths = columns.map(([header], i) =>
    Math.max(...[header, ...rows.map((row) => row[i]!)].map(length)),
  );
  const kept = keptColumns(columns, widths, width);
  const cut = cutTo(width, kept, columns, widths);
  const [head = "", ...lines] = drawn(
    kept.map((i) => columns[i]!),
    rows.map((row) => kept.map((i, at) => shortened(row[i]!, cut[at]!))),
  ).split("\n");
  const left = columns.flatMap(([header], i) => (kept.includes(i) ? [] : [header]));
  const note = left.length === 0 ? [] : [leftOut(left, width)];
  return [heading(head), ...lines, ...note].join("\n");
}

/** In as many lines as it takes. */
function leftOut(headers: readonly string[], width: number): string {
  const lines: string[] = [""];
  for (const word of `(no room for: ${headers.join(", ")})`.split(" ")) {
    const longer = `${lines.at(-1)!} ${word}`.trimStart();
    if (length(longer) <= width || lines.at(-1) === "") lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.join("\n");
}

function keptColumns(columns: readonly Column[], widths: readonly number[], width: number): number[] {
  let kept = columns.map((_, i) => i);
  while (total(kept.map((i) => widths[i]!)) > width) {
    const ranked = kept.filter((i) => columns[i]![2] !== undefined);
    if (ranked.length === 0) break;
    const last = ranked.reduce((a, b) => (columns[b]![2]! >= columns[a]![2]! ? b : a));
    kept = kept.filter((i) => i !== last);
  }
  return kept;
}

/** The widths that the kept columns may have. */
function cutTo(
  width: number,
  kept: readonly number[],
  columns: readonly Column[],
  widths: readonly number[],
): number[] {
  const cut = kept.map((i) => widths[i]!);
  while (total(cut) > width) {
    const texts = cut.flatMap((size, at) =>
      columns[kept[at]!]![1] === "left" && size > LEAST_CELL ? [at] : [],
    );
    if (texts.length === 0) break;
    const widest = texts.reduce((a, b) => (cut[b]! > cut[a]! ? b : a));
    cut[widest]! -= 1;
  }
  return cut;
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, size) => sum + size + GAP, -GAP);
}

function length(text: string): number {
  return [...text].length;
}

function shortened(text: string, width: number): string {
  return length(text) <= width ? text : `${[...text].slice(0, width - 1).join("")}…`;
}

function drawn(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = new Table({
    head: columns.map(([header]) => header),
    colAligns: columns.map(([, align]) => align),
    style: { head: [], border: [], "padding-left": 0, "padding-right": GAP },
    chars: {
      top: "",
      "top-mid": "",
      "top-left": "",
      "top-right": "",
      bottom: "",
      "bottom-mid": "",
      "bottom-left": "",
      "bottom-right": "",
      left: "",
      "left-mid": "",
      mid: "",
      "mid-mid": "",
      right: "",
      "right-mid": "",
      middle: "",
    },
  });
  for (const row of rows) lines.push([...row]);
  return lines
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}
