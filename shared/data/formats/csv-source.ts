/** CSV text (RFC 4180) as a source of rows: a header line, one column of labels, all others features in file order. */

import { pipeline, Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { MarinaError } from "../../base/index.ts";
import type { RowBatch } from "../rows/row-batch.ts";
import { DECIMAL } from "./decimal.ts";
import { DenseRows, featureColumns } from "./dense-rows.ts";
import { type RowSource, TextReader } from "./row-source.ts";

export interface CsvSourceOptions {
  /** What the text is called in errors. */
  readonly name: string;
  readonly labelColumn: string;
}

/** How much of an offending cell an error shows. */
const SHOWN_CHARACTERS = 60;

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** Cells are decimal numbers; zeros are not stored; missing cells are refused. Gzip is recognised. */
export class CsvSource implements RowSource {
  readonly #reader: TextReader;
  readonly #options: CsvSourceOptions;
  #columns: number | undefined;

  constructor(chunks: AsyncIterable<Uint8Array>, options: CsvSourceOptions) {
    this.#reader = new TextReader(chunks, options.name);
    this.#options = options;
  }

  get columns(): number | undefined {
    return this.#columns;
  }

  get bytesRead(): number {
    return this.#reader.bytesRead;
  }

  contents(): { readonly bytes: number; readonly sha256: string } {
    return this.#reader.contents();
  }

  async *rows(): AsyncGenerator<RowBatch> {
    const { name, labelColumn } = this.#options;
    const parser = parse({ bom: true, trim: true, skip_empty_lines: true, info: true });
    // The pipeline destroys the parser with whatever error happens, and the loop below then throws it.
    pipeline(Readable.from(this.#reader.text()), parser, () => {});
    let names: readonly string[] | undefined;
    let label = 0;
    const rows = new DenseRows();
    let failure: unknown;
    try {
      for await (const item of parser) {
        const { record, info } = item as CsvRecord;
        if (names === undefined) {
          names = record;
          label = featureColumns(names, labelColumn, `${name}: line ${info.lines}`).label;
          this.#columns = names.length - 1;
          continue;
        }
        for (let column = 0; column < record.length; column++) {
          const value = this.#number(record[column]!, names[column]!, info.lines);
          if (column === label) rows.label(value);
          else rows.feature(column < label ? column : column - 1, value);
        }
        rows.endRow(info.lines);
        if (rows.enough) yield rows.take();
      }
    } catch (error) {
      failure = error instanceof CsvError ? asDataError(error, name) : error;
    }
    if (rows.count > 0) yield rows.take();
    if (failure !== undefined) throw failure;
  }

  #number(text: string, column: string, line: number): number {
    const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
    if (Number.isFinite(value)) return value;
    const shown = text === "" ? "nothing" : JSON.stringify(text.slice(0, SHOWN_CHARACTERS));
    throw new MarinaError(
      "data",
      `${this.#options.name}: line ${line}, column ${JSON.stringify(column)}: expected a finite decimal number, got ${shown}`,
    );
  }
}

function asDataError(error: CsvError, name: string): MarinaError {
  return new MarinaError(
    "data",
    `${name}: expected CSV as of RFC 4180 with the same cells in every line; ${error.message}`,
    {
      cause: error,
    },
  );
}
