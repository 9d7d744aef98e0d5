/** Rows as CSV (RFC 4180, lines ended by a line feed). */
export type CsvCell = string | number | boolean | null;

export function csv(header: readonly string[], rows: readonly (readonly CsvCell[])[]): string {
  return [header, ...rows].map(csvLine).join("");
}

export function csvLine(row: readonly CsvCell[]): string {
  return `${row.map(cell).join(",")}\n`;
}

function cell(value: CsvCell): string {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
