/** Parquet as a source of rows: flat numeric columns, one of them the labels, others features in file order. */
import { createHash } from "node:crypto";
import {
  type AsyncBuffer,
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
  type SchemaElement,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { MarinaError } from "../../base/index.ts";
import type { RowBatch } from "../rows/row-batch.ts";
import { ClassWords } from "./class-words.ts";
import { type ColumnChoice, planColumns } from "./columns.ts";
import { DenseRows } from "./dense-rows.ts";
import { type MissingCells, MissingCounter } from "./missing-cells.ts";
import type { RowSource } from "./row-source.ts";
import { savedIndex } from "./saved-index.ts";
import { Table } from "./table.ts";

export interface ParquetSourceOptions extends ColumnChoice {
  /** What the file is called in errors. */
  readonly name: string;
  /** Labels may be two words; default: numbers only. */
  readonly classes?: boolean;
  /** Nulls and NaN; default: they are counted and refused. */
  readonly missing?: MissingCells;
}

const HASHED_AT_ONCE_BYTES = 4 * 1024 * 1024;
const NUMERIC = new Set(["BOOLEAN", "INT32", "INT64", "FLOAT", "DOUBLE"]);
/** Annotations under which an integer is still a number. */
const INTEGER = /^U?INT_(8|16|32|64)$/;

/**
 * Parquet is read from its end and by columns, so it must be a file, not a stream. Memory is that of one of its row
 * groups, decoded. Zeros are not stored; values that are not finite are refused.
 */
export class ParquetSource implements RowSource {
  readonly #file: AsyncBuffer;
  readonly #options: ParquetSourceOptions;
  readonly #hash = createHash("sha256");
  readonly #words = new ClassWords();
  readonly #missing = new MissingCounter();
  #table: Table | undefined;
  #labelsAreWords = false;
  #bytesRead = 0;

  constructor(file: AsyncBuffer, options: ParquetSourceOptions) {
    this.#file = file;
    this.#options = options;
  }

  get columns(): number | undefined {
    return this.#table?.features.length;
  }

  get labelWords(): ReadonlyMap<number, string> | undefined {
    return this.#labelsAreWords ? this.#words.words : undefined;
  }

  get notices(): readonly string[] {
    return [...(this.#table?.notices() ?? []), ...this.#missing.notices];
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  place(line: number): string {
    return `${this.#options.name}: row ${line}`;
  }

  contents(): { readonly bytes: number; readonly sha256: string } {
    return { bytes: this.#file.byteLength, sha256: this.#hash.copy().digest("hex") };
  }

  async *rows(): AsyncGenerator<RowBatch> {
    const { name, classes = false, missing = "refuse" } = this.#options;
    const file = this.#file;
    const metadata = await decoding(name, () => parquetMetadataAsync(file));
    const elements = parquetSchema(metadata).children.map(({ element, children }) => ({
      element,
      nested: children.length > 0,
    }));
    const names = elements.map(({ element }) => element.name);
    refuseDoubled(names, name);
    const saved = savedIndex(names, metadata.key_value_metadata);
    const table = new Table(names, planColumns(names, this.#options, saved, name));
    const { label, features } = table;
    this.#labelsAreWords = classes && isText(elements[label]!.element);
    for (const column of this.#labelsAreWords ? features : [label, ...features]) {
      const { element, nested } = elements[column]!;
      checkColumn(element, nested, name);
    }
    this.#table = table;
    await this.#hashFile();
    const scan = await decoding(name, () => parquetScan({ file, metadata, compressors }));
    const used = [label, ...features];
    const rows = new DenseRows();
    let count = 0;
    for (const { rowStart, rowEnd } of scan.ranges) {
      const values = await decoding(name, () =>
        Promise.all(used.map((column) => scan.readColumn({ column: names[column]!, rowStart, rowEnd }))),
      );
      for (let row = 0; row < rowEnd - rowStart; row++) {
        const line = rowStart + row + 1;
        if (this.#addRow((j) => values[j]![row], line, table, rows)) rows.endRow(line);
        else {
          rows.dropRow();
          this.#missing.row();
        }
        // Rows that are to be refused are only counted.
        if (rows.enough && (missing === "drop-rows" || this.#missing.rows === 0)) yield rows.take();
        else if (rows.enough) rows.take();
      }
      count += rowEnd - rowStart;
      if (rows.count > 0) yield rows.take();
    }
    if (missing === "refuse" && this.#missing.rows > 0) throw this.#missing.error(name, count);
  }

  /** @param cell the label for 0, then the features. @returns false when something is missing. */
  #addRow(cell: (at: number) => unknown, row: number, table: Table, rows: DenseRows): boolean {
    const { names, label, features } = table;
    let complete = true;
    const number = (at: number, column: number): number => {
      const value = cell(at);
      if (value === null || value === undefined || Number.isNaN(value)) {
        complete = false;
        this.#missing.cell(
          names[column]!,
          `row ${row}`,
          value === null || value === undefined ? "null" : "NaN",
        );
        return 0;
      }
      return toNumber(
        value,
        () => `${this.#options.name}: row ${row}, column ${JSON.stringify(names[column])}`,
      );
    };
    const word = this.#labelsAreWords ? cell(0) : undefined;
    rows.label(typeof word === "string" ? this.#word(word, row) : number(0, label));
    for (let j = 0; j < features.length; j++) {
      const value = number(j + 1, features[j]!);
      rows.feature(j, value);
      if (j === 0) table.lead.numbers.see(value);
    }
    return complete;
  }

  #word(text: string, row: number): number {
    return this.#words.code(
      text,
      `${this.#options.name}: row ${row}, column ${JSON.stringify(this.#options.labelColumn)}`,
    );
  }

  /** The file as a whole: the columns are read in another order. */
  async #hashFile(): Promise<void> {
    const { byteLength } = this.#file;
    for (let at = 0; at < byteLength; at += HASHED_AT_ONCE_BYTES) {
      const end = Math.min(byteLength, at + HASHED_AT_ONCE_BYTES);
      this.#hash.update(new Uint8Array(await this.#file.slice(at, end)));
      this.#bytesRead = end;
    }
  }
}

/** Columns are read by their names. */
function refuseDoubled(names: readonly string[], source: string): void {
  const doubled = names.find((name, column) => names.indexOf(name) !== column);
  if (doubled === undefined) return;
  throw new MarinaError(
    "data",
    `${source}: expected columns with different names, got several named ${JSON.stringify(doubled)}; rename them`,
  );
}

function isText({ type, converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  return type === "BYTE_ARRAY" && (converted === "UTF8" || logical?.type === "STRING");
}

function checkColumn(element: SchemaElement, nested: boolean, name: string): void {
  const { type, converted_type: converted, logical_type: logical, repetition_type: repetition } = element;
  const plain = converted === undefined || INTEGER.test(converted);
  const numeric = logical === undefined || logical.type === "INTEGER";
  if (!nested && repetition !== "REPEATED" && type !== undefined && NUMERIC.has(type) && plain && numeric)
    return;
  const got = nested
    ? "a nested one"
    : [type, converted ?? logical?.type, repetition].filter(Boolean).join(" ");
  throw new MarinaError(
    "data",
    `${name}: column ${JSON.stringify(element.name)}: expected a flat column of numbers or booleans, got ${got}; ` +
      `leave it out (--drop '${element.name}'), or write it as numbers`,
  );
}

function toNumber(value: unknown, where: () => string): number {
  const number = typeof value === "boolean" || typeof value === "bigint" ? Number(value) : value;
  if (
    typeof number === "number" &&
    Number.isFinite(number) &&
    !(typeof value === "bigint" && !Number.isSafeInteger(number))
  ) {
    return number;
  }
  throw new MarinaError(
    "data",
    `${where()}: expected a finite number that a 64-bit float can hold, got ${String(value)}`,
  );
}

/** What the reader throws is about the file. */
async function decoding<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    // Errors of the file system are not about the contents.
    if (error instanceof Error && "code" in error) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new MarinaError("data", `${name}: expected a Parquet file; ${reason}`, { cause: error });
  }
}
