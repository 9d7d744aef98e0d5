/** From the options of `marina data import` to how its files are read. */
import { parse } from "csv-parse/sync";
import { MarinaError } from "../../shared/base/index.ts";
import type { Reading } from "../../shared/data/index.ts";
import type { InputFile } from "./input-file.ts";
import { type PreparationOptions, preparationOf } from "./preparation.ts";

export interface ReadingOptions extends PreparationOptions {
  readonly format?: "libsvm" | "csv" | "parquet";
  readonly labelColumn?: string;
  /** Lists of names. */
  readonly drop?: readonly string[];
  readonly columns?: readonly string[];
  readonly missing?: "refuse" | "drop-rows" | "mean";
  /** Absent: neither --header nor --no-header. */
  readonly header?: boolean;
  readonly separator?: string;
  readonly decimalComma?: boolean;
  readonly zeroBased?: boolean;
  readonly dimension?: number;
}

/** What an option is called, and the formats that have it. */
const FLAGS = {
  labelColumn: ["--label-column", ["csv", "parquet"]],
  drop: ["--drop", ["csv", "parquet"]],
  columns: ["--columns", ["csv", "parquet"]],
  missing: ["--missing", ["csv", "parquet"]],
  header: ["--header and --no-header", ["csv"]],
  separator: ["--separator", ["csv"]],
  decimalComma: ["--decimal-comma", ["csv"]],
  zeroBased: ["--zero-based", ["libsvm"]],
} as const satisfies Partial<Record<keyof ReadingOptions, readonly [string, readonly string[]]>>;

/** What formats are recognised by. */
export type Recognisable = Pick<InputFile, "name" | "contentName" | "head">;

/**
 * @param files at least one.
 * @throws MarinaError "usage" for options that the file's format does not have, and for a table without a label column.
 */
export function readingOf(files: readonly Recognisable[], options: ReadingOptions): Reading {
  const format = options.format ?? recognised(files, options);
  for (const [option, [flag, formats]] of Object.entries(FLAGS)) {
    if (
      options[option as keyof typeof FLAGS] === undefined ||
      (formats as readonly string[]).includes(format)
    )
      continue;
    const why = format === "libsvm" ? "; LIBSVM has no columns" : "";
    throw new MarinaError(
      "usage",
      `${flag}: expected --format ${formats.join(" or ")} with it, the format is ${format}${formats.length > 1 ? why : ""}`,
    );
  }
  const { labelColumn, drop, columns, missing, header, separator, decimalComma, zeroBased, dimension } =
    options;
  const common = {
    ...(dimension === undefined ? {} : { dimension }),
    ...preparationOf(options),
  };
  if (format === "libsvm") return { format, ...(zeroBased === true ? { zeroBased } : {}), ...common };
  if (labelColumn === undefined) {
    const columnOf =
      header === false ? "<number>, the column of labels, from 1" : "<name>, the column of labels";
    throw new MarinaError("usage", `--format ${format}: expected --label-column ${columnOf}`);
  }
  return {
    format,
    labelColumn,
    ...(drop === undefined ? {} : { drop: namesOf(drop, "--drop") }),
    ...(columns === undefined ? {} : { columns: namesOf(columns, "--columns") }),
    ...(missing === undefined || missing === "refuse" ? {} : { missing }),
    ...(header === undefined ? {} : { header }),
    ...(separator === undefined ? {} : { separator: separatorOf(separator) }),
    ...(decimalComma === true ? { decimalComma } : {}),
    ...common,
  };
}

/** Of lists as CSV, so that a name with a comma can be quoted. @throws MarinaError "usage" for what is none. */
function namesOf(lists: readonly string[], option: string): string[] {
  return lists.flatMap((list) => {
    try {
      return list.trim() === "" ? [""] : parse(list, { trim: true, relax_column_count: true }).flat();
    } catch (error) {
      throw new MarinaError(
        "usage",
        `${option}: expected names separated by commas, one with a comma in double quotes, got ${JSON.stringify(list)}`,
        { cause: error },
      );
    }
  });
}

/** @throws MarinaError "usage" for what is no single character. */
function separatorOf(text: string): string {
  const separator = text === "tab" || text === "\\t" ? "\t" : text;
  if (separator.length === 1 && !/["\r\n]/.test(separator)) return separator;
  throw new MarinaError("usage", `--separator: expected one character, or tab, got ${JSON.stringify(text)}`);
}

/** The format of all files. @throws MarinaError "usage" where they differ. */
function recognised(files: readonly Recognisable[], options: ReadingOptions): Reading["format"] {
  const [first, ...others] = files;
  const format = recognise(first!, options);
  for (const other of others) {
    const its = recognise(other, options);
    if (its === format) continue;
    throw new MarinaError(
      "usage",
      `${other.name}: expected ${format} as ${first!.name} is, it seems to be ${its}; import files of one format, or give --format`,
    );
  }
  return format;
}

const PARQUET_MAGIC = "PAR1";

/** By the file's bytes (Parquet) or its name; otherwise a label column tells a table. */
function recognise(
  { name, contentName = name, head }: Recognisable,
  { labelColumn }: ReadingOptions,
): Reading["format"] {
  if (Buffer.from(head.subarray(0, PARQUET_MAGIC.length)).toString("latin1") === PARQUET_MAGIC)
    return "parquet";
  if (/\.(csv|tsv)(\.(gz|zst))?$/i.test(contentName) || labelColumn !== undefined) return "csv";
  return "libsvm";
}
