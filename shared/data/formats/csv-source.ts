/** CSV text (RFC 4180) as a source of rows: a header line or none, one column of labels, others features in file order. */

import { pipeline, Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { MarinaError } from "../../base/index.ts";
import type { RowBatch } from "../rows/row-batch.ts";
import type { ClassWords } from "./class-words.ts";
import { type ColumnChoice, columnName, planColumns } from "./columns.ts";
import { hintAt, isMissing, otherSeparator, readNumber } from "./csv-cells.ts";
import { DenseRows } from "./dense-rows.ts";
import { type MissingCells, MissingCounter } from "./missing-cells.ts";
import { type Contents, type RowSource, TextReader } from "./row-source.ts";
import { Table } from "./table.ts";

export interface CsvSourceOptions extends ColumnChoice {
  /** What the text is called in errors. */
  readonly name: string;
  /**
   * false: the first line is data, and columns are named by number, from 1; true: it names the columns, whatever it looks
   * like; default: it names them, and a line of numbers only is refused.
   */
  readonly header?: boolean;
  /** One character; default a comma. */
  readonly separator?: string;
  /** 0,5 rather than 0.5. */
  readonly decimalComma?: boolean;
  /** Labels may be words; default: numbers only. Shared by the files of one import. */
  readonly classes?: ClassWords;
  /** Not the first file of an import: a saved index may go on from the one before. */
  readonly continued?: boolean;
  /** Default: they are counted and refused. */
  readonly missing?: MissingCells;
}

/** How much of an offending cell or line an error shows. */
const SHOWN_CHARACTERS = 60;
/** So long a record is none: a quote that is never closed makes one cell of all that follows. */
const LONGEST_RECORD = 64 * 1024 * 1024;
/** What pandas calls a column without a name when it reads a saved index back. */
const UNNAMED = /^(Unnamed: 0(\.\d+)*)?$/;

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** Cells are decimal numbers, or True and False; zeros are not stored. Gzip is recognised. */
export class CsvSource implements RowSource {
  readonly #reader: TextReader;
  readonly #options: CsvSourceOptions;
  readonly #separator: string;
  readonly #missing = new MissingCounter();
  #table: Table | undefined;

  constructor(chunks: AsyncIterable<Uint8Array>, options: CsvSourceOptions) {
    this.#reader = new TextReader(chunks, options.name);
    this.#options = options;
    this.#separator = options.separator ?? ",";
  }

  get columns(): number | undefined {
    return this.#table?.features.length;
  }

  get features(): readonly string[] | undefined {
    const table = this.#table;
    return table?.features.map((column) => table.names[column]!);
  }

  get bytesRead(): number {
    return this.#reader.bytesRead;
  }

  get labelWords(): ReadonlyMap<number, string> | undefined {
    return this.#options.classes?.words;
  }

  get notices(): readonly string[] {
    return [...(this.#table?.notices() ?? []), ...this.#missing.notices(this.#options.missing ?? "refuse")];
  }

  place(line: number): string {
    return `${this.#options.name}: line ${line}`;
  }

  contents(): Contents {
    return this.#reader.contents();
  }

  async *rows(): AsyncGenerator<RowBatch> {
    const { name, missing = "refuse" } = this.#options;
    let lastLine = 0;
    const parser = parse({
      trim: true,
      skip_empty_lines: true,
      info: true,
      // A record that is read may still wait in the stream when a later one fails.
      on_record: (record, { lines }) => {
        lastLine = lines;
        return record;
      },
      delimiter: this.#separator,
      max_record_size: LONGEST_RECORD,
      // Its lengths are checked here: the parser's error would overtake what is to be said of the first line.
      relax_column_count: true,
    });
    // The pipeline destroys the parser with whatever error happens, and the loop below then throws it.
    pipeline(Readable.from(this.#reader.text()), parser, () => {});
    const rows = new DenseRows();
    let records = 0;
    let failure: unknown;
    try {
      for await (const item of parser) {
        const { record, info } = item as CsvRecord;
        const line = info.lines;
        if (this.#table === undefined) {
          this.#table = this.#begin(record, line);
          if (this.#options.header !== false) continue;
        }
        records++;
        if (!this.#addRow(record, line, this.#table, rows)) {
          this.#missing.row();
          continue;
        }
        // Rows that are to be refused are only counted.
        if (rows.enough && (missing !== "refuse" || this.#missing.rows === 0)) yield rows.take();
        else if (rows.enough) rows.take();
      }
      if (missing === "refuse" && this.#missing.rows > 0) throw this.#missing.error(name, records);
    } catch (error) {
      failure = error instanceof CsvError ? asDataError(error, name, lastLine) : error;
    }
    if (rows.count > 0) yield rows.take();
    if (failure !== undefined) throw failure;
  }

  /** What the first line tells. */
  #begin(record: readonly string[], line: number): Table {
    const { name, header } = this.#options;
    const where = `${name}: line ${line}`;
    const other = record.length === 1 ? otherSeparator(record[0]!, this.#separator) : undefined;
    if (other !== undefined) {
      const separator = this.#separator === "\t" ? "tab" : this.#separator;
      throw new MarinaError(
        "usage",
        `${where}: expected columns separated by ${separator}, got ${shown(record[0]!)}; ` +
          `for another separator give --separator ${other} (and --decimal-comma where numbers are written like 0,5)`,
      );
    }
    if (record.length === 1 && /^\S+\s+\d+:\S/.test(record[0]!)) {
      throw new MarinaError(
        "usage",
        `${where}: expected CSV, got ${shown(record[0]!)}, which looks like LIBSVM; give --format libsvm`,
      );
    }
    const isNumber = (cell: string) => !Number.isNaN(readNumber(cell, this.#options.decimalComma === true));
    if (header === undefined && record.some(isNumber) && record.every((c) => isNumber(c) || isMissing(c))) {
      throw new MarinaError(
        "usage",
        `${where}: expected the names of the columns, but the first line looks like data: ${shown(record.join(this.#separator))}; ` +
          "if it is data, give --no-header (columns then go by number: --label-column 1 is the first); if these are names, --header",
      );
    }
    const names = header === false ? record.map((_, column) => String(column + 1)) : record;
    const hint =
      header === undefined && record.some(isNumber)
        ? "; if the first line is data, give --no-header: columns then go by number, from 1"
        : "";
    const named = names.findIndex((column) => !UNNAMED.test(column));
    const saved = names.map((_, column) => column).slice(0, Math.max(0, named));
    const plan = planColumns(names, this.#options, saved, where, hint);
    return new Table(names, plan, this.#options.continued);
  }

  /** @returns false when cells are missing: then nothing of the row is left. */
  #addRow(record: readonly string[], line: number, table: Table, rows: DenseRows): boolean {
    const { names, features } = table;
    const { decimalComma = false, missing = "refuse" } = this.#options;
    if (record.length !== names.length) {
      throw new MarinaError(
        "data",
        `${this.#options.name}: expected CSV with ${names.length} cells in every line, got ${record.length} on line ${line}`,
      );
    }
    for (const { column, numbers } of table.index) {
      const { expected } = numbers;
      if (!numbers.see(Number(record[column]!.replace(/^$/, "-")))) {
        throw new MarinaError(
          "data",
          `${this.#options.name}: line ${line}, ${columnName(names[column]!)}: expected ${expected}, got ${shown(record[column]!)}: ` +
            "it is taken for the index that a data frame was saved with; " +
            `to leave it out whatever it holds, give --drop '${names[column]}'; to keep it, give it a name`,
        );
      }
    }
    let complete = true;
    const number = (column: number): number => {
      const text = record[column]!;
      const value = readNumber(text, decimalComma);
      if (!Number.isNaN(value)) return value;
      if (isMissing(text)) {
        if (missing === "mean" && column === table.label) {
          throw this.#missing.labelError(this.#options.name, `line ${line}`, names[column]!);
        }
        complete &&= missing === "mean";
        this.#missing.cell(names[column]!, `line ${line}`, shown(text));
        return Number.NaN;
      }
      throw this.#notANumber(text, names[column]!, line);
    };
    for (let j = 0; j < features.length; j++) rows.feature(j, number(features[j]!));
    rows.label(
      this.#readsWord(record[table.label]!) ? this.#word(record[table.label]!, line) : number(table.label),
    );
    if (!complete) {
      rows.dropRow();
      return false;
    }
    table.lead.numbers.see(readNumber(record[table.lead.column]!, decimalComma));
    rows.endRow(line);
    return true;
  }

  /** The first label decides. */
  #readsWord(text: string): boolean {
    const { classes, decimalComma = false, name } = this.#options;
    if (classes === undefined || isMissing(text)) return false;
    if (classes.kind === undefined) {
      classes.setKind(Number.isNaN(readNumber(text, decimalComma)) ? "words" : "numbers", name);
    }
    return classes.kind === "words";
  }

  #word(text: string, line: number): number {
    const { name, header, labelColumn, classes } = this.#options;
    const where = `${name}: line ${line}, column ${JSON.stringify(labelColumn)}`;
    if (text === labelColumn && header === undefined) {
      throw new MarinaError(
        "data",
        `${where}: got the label ${shown(text)}, which is the column's name; if the first line is data, give --no-header; ` +
          "if the header comes again here, take it out",
      );
    }
    return classes!.code(text, where);
  }

  #notANumber(text: string, column: string, line: number): MarinaError {
    const hint = hintAt(text, this.#separator, this.#options.decimalComma === true);
    return new MarinaError(
      "data",
      `${this.#options.name}: line ${line}, column ${JSON.stringify(column)}: expected a finite decimal number, got ${shown(text)}${hint}`,
    );
  }
}

function shown(text: string): string {
  if (text === "") return "nothing";
  return JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text);
}

/** @param lastLine where the last whole record ended. */
function asDataError(error: CsvError, name: string, lastLine: number): MarinaError {
  const record = `the record that begins at line ${lastLine + 1}`;
  const told: Readonly<Record<string, string>> = {
    CSV_MAX_RECORD_SIZE: `${record} is longer than ${LONGEST_RECORD} characters; is a quote there never closed?`,
    CSV_QUOTE_NOT_CLOSED: `${record} has a quote that is never closed`,
  };
  const message = told[error.code] ?? `expected CSV as of RFC 4180; ${error.message}`;
  return new MarinaError("data", `${name}: ${message}`, { cause: error });
}
