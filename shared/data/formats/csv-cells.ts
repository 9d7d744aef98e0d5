/** What a cell of CSV text may hold, and what an error says of one that holds something else. */
import { DECIMAL } from "./decimal.ts";

/** As spreadsheets, pandas, R and SQL write a value that is not there. */
const MISSING = /^(|-?nan|n\/?a|<na>|#n\/a|null|none|\?)$/i;
const DECIMAL_COMMA = /^[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d+)?$/;
const SEPARATORS = [",", ";", "\t", "|"] as const;

export function isMissing(text: string): boolean {
  return MISSING.test(text);
}

/** NaN for what is no finite number. */
export function readNumber(text: string, decimalComma: boolean): number {
  if (decimalComma) {
    if (DECIMAL_COMMA.test(text)) return finite(Number(text.replace(",", ".")));
  } else if (DECIMAL.test(text)) return finite(Number(text));
  if (/^true$/i.test(text)) return 1;
  return /^false$/i.test(text) ? 0 : Number.NaN;
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN;
}

/** The separator that this text, read as one cell, seems to have inside, as `--separator` takes it. */
export function otherSeparator(text: string, separator: string): string | undefined {
  const found = SEPARATORS.find((other) => other !== separator && text.includes(other));
  return found === "\t" ? "tab" : found === undefined ? undefined : `'${found}'`;
}

/** How a cell that is no number may have come about; nothing where that can't be told. */
export function hintAt(text: string, separator: string, decimalComma: boolean): string {
  if (!decimalComma && DECIMAL_COMMA.test(text)) {
    return separator === ","
      ? "; a comma for the decimals (--decimal-comma), or for thousands (take it out)?"
      : "; for a comma before the decimals give --decimal-comma";
  }
  if (decimalComma && DECIMAL.test(text)) return "; --decimal-comma: a dot is none";
  const other = otherSeparator(text, separator);
  return other === undefined ? "" : `; for another separator give --separator ${other}`;
}
