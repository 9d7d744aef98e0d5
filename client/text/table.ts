/** Plain tables for terminals and log files. */
import Table from "cli-table3";

/** @param columns header and alignment; rows of as many cells. */
export function table(
  columns: readonly (readonly [header: string, align: "left" | "right"])[],
  rows: readonly (readonly string[])[],
): string {
  const drawn = new Table({
    head: columns.map(([header]) => header),
    colAligns: columns.map(([, align]) => align),
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
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
  for (const row of rows) drawn.push([...row]);
  return drawn
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}
