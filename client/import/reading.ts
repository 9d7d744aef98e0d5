/** From the options of `marina data import` to how its files are read. */
import { basename } from "node:path";
import { constants, gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { MarinaError } from "../../shared/base/index.ts";
import { looksLikeIdx, looksLikeNpy, type Reading } from "../../shared/data/index.ts";
import type { InputFile } from "./input-file.ts";
import { type PreparationOptions, preparationOf } from "./preparation.ts";

export interface ReadingOptions extends PreparationOptions {
  readonly format?: Reading["format"];
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
  /** Path of the labels of arrays. */
  readonly labelFile?: string;
  /** Names of arrays in one file. */
  readonly array?: string;
  readonly labelArray?: string;
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
  dimension: ["--dimension", ["libsvm", "csv", "parquet"]],
  labelFile: ["--label-file", ["idx", "npy"]],
  array: ["--array", ["npy"]],
  labelArray: ["--label-array", ["npy"]],
} as const satisfies Partial<Record<keyof ReadingOptions, readonly [string, readonly string[]]>>;

/** What formats are recognised by. */
export type Recognisable = Pick<InputFile, "name" | "contentName" | "head" | "arrays">;

/**
 * @param files at least one.
 * @throws MarinaError "usage" for options that the file's format does not have, and for a table without a label column.
 */
export function readingOf(files: readonly Recognisable[], options: ReadingOptions): Reading {
  const format = formatOf(files, options);
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
  if (options.divide !== undefined && options.shape === undefined && format !== "idx" && format !== "npy") {
    throw new MarinaError(
      "usage",
      "--divide: expected --shape with it; sparse data have --scale and --standardize",
    );
  }
  const { labelColumn, drop, columns, missing, header, separator, decimalComma, zeroBased, dimension } =
    options;
  if (format === "idx" || format === "npy") return arrayReading(format, options);
  const common = {
    ...(dimension === undefined ? {} : { dimension }),
    ...preparationOf(options),
  };
  if (format === "libsvm") return { format, ...(zeroBased === true ? { zeroBased } : {}), ...common };
  if (labelColumn === undefined) {
    const columnOf =
      header === false ? "<number>, the column of labels, from 1" : "<name>, the column of labels";
    const begins = format === "csv" ? firstLine(files[0]!) : "";
    throw new MarinaError("usage", `--format ${format}: expected --label-column ${columnOf}${begins}`);
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

/** @throws MarinaError "usage" for IDX without its labels. */
function arrayReading(format: "idx" | "npy", options: ReadingOptions): Reading {
  const { labelFile, array, labelArray } = options;
  const named = labelFile === undefined ? {} : { labelFile: basename(labelFile) };
  if (format === "npy") {
    return {
      format,
      ...(array === undefined ? {} : { array }),
      ...(labelArray === undefined ? {} : { labelArray }),
      ...named,
      ...preparationOf(options),
    };
  }
  if (labelFile === undefined)
    throw new MarinaError("usage", "--format idx: expected --label-file <path>, the file of labels");
  return { format, labelFile: basename(labelFile), ...preparationOf(options) };
}

/** Of lists as CSV, so that a name with a comma can be quoted. @throws MarinaError "usage" for what is none. */
export function namesOf(lists: readonly string[], option: string): string[] {
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

/** What is asked for, or else what the files seem to be. @throws MarinaError "usage" where they differ. */
export function formatOf(files: readonly Recognisable[], options: ReadingOptions): Reading["format"] {
  return options.format ?? recognised(files, options);
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

/** Of a first line. */
const SHOWN_CHARACTERS = 200;
const PARQUET_MAGIC = "PAR1";

/** By the file's bytes (Parquet, arrays) or its name; otherwise a label column tells a table. */
function recognise(
  { name, contentName = name, head, arrays }: Recognisable,
  { labelColumn }: ReadingOptions,
): Reading["format"] {
  if (Buffer.from(head.subarray(0, PARQUET_MAGIC.length)).toString("latin1") === PARQUET_MAGIC)
    return "parquet";
  const content = decompressedHead(head);
  if (arrays !== undefined || looksLikeNpy(content) || /\.npy(\.(gz|zst))?$/i.test(contentName)) return "npy";
  if (looksLikeIdx(content) || /[-.]idx\d(-\w+)?(\.(gz|zst))?$/i.test(contentName)) return "idx";
  if (/\.(csv|tsv)(\.(gz|zst))?$/i.test(contentName) || labelColumn !== undefined) return "csv";
  return "libsvm";
}

/** The first line of a text, as an error shows it to whoever has to name one of its columns; nothing where it is no text. */
function firstLine({ name, head }: Recognisable): string {
  const [line = ""] = Buffer.from(decompressedHead(head)).toString("utf8").split(/\r?\n/, 1);
  const text = line.replace(/^\ufeff/, "");
  // The head may end within a character, but not among those that are shown.
  const shown = text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}...`;
  if (text === "" || hasControl(shown)) return "";
  return `; the first line of ${name} is ${JSON.stringify(shown)}`;
}

/** Tabs separate columns; any other control character, or what is no UTF-8, is a sign of no such text. */
function hasControl(text: string): boolean {
  return [...text].some((character) => (character < " " && character !== "\t") || character === "\ufffd");
}

/** As much as the first bytes of a compressed file tell of its contents. */
function decompressedHead(head: Uint8Array): Uint8Array {
  if (head[0] !== 0x1f || head[1] !== 0x8b) return head;
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    // Whoever reads the file says what is wrong with it.
    return new Uint8Array(0);
  }
}
