/** Parquet as a source of rows: flat numeric columns, one of them the labels, all others features in file order. */
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
import { DenseRows, featureColumns } from "./dense-rows.ts";
import type { RowSource } from "./row-source.ts";

export interface ParquetSourceOptions {
  /** What the file is called in errors. */
  readonly name: string;
  readonly labelColumn: string;
}

const HASHED_AT_ONCE_BYTES = 4 * 1024 * 1024;
const NUMERIC = new Set(["BOOLEAN", "INT32", "INT64", "FLOAT", "DOUBLE"]);
/** Annotations under which an integer is still a number. */
const INTEGER = /^U?INT_(8|16|32|64)$/;

/**
 * Parquet is read from its end and by columns, so it must be a file, not a stream. Memory is that of one of its row
 * groups, decoded. Zeros are not stored; nulls and values that are not finite are refused.
 */
export class ParquetSource implements RowSource {
  readonly #file: AsyncBuffer;
  readonly #options: ParquetSourceOptions;
  readonly #hash = createHash("sha256");
  #columns: number | undefined;
  #bytesRead = 0;

  constructor(file: AsyncBuffer, options: ParquetSourceOptions) {
    this.#file = file;
    this.#options = options;
  }

  get columns(): number | undefined {
    return this.#columns;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  contents(): { readonly bytes: number; readonly sha256: string } {
    return { bytes: this.#file.byteLength, sha256: this.#hash.copy().digest("hex") };
  }

  async *rows(): AsyncGenerator<RowBatch> {
    const { name, labelColumn } = this.#options;
    const file = this.#file;
    const metadata = await decoding(name, () => parquetMetadataAsync(file));
    const elements = parquetSchema(metadata).children.map(({ element, children }) => ({
      element,
      nested: children.length > 0,
    }));
    for (const { element, nested } of elements) checkColumn(element, nested, name);
    const names = elements.map(({ element }) => element.name);
    const { label, features } = featureColumns(names, labelColumn, name);
    this.#columns = features.length;
    await this.#hashFile();
    const scan = await decoding(name, () => parquetScan({ file, metadata, compressors }));
    const rows = new DenseRows();
    for (const { rowStart, rowEnd } of scan.ranges) {
      const columns = await decoding(name, () =>
        Promise.all(names.map((column) => scan.readColumn({ column, rowStart, rowEnd }))),
      );
      const number = (column: number, row: number): number =>
        toNumber(
          columns[column]![row],
          () => `${name}: row ${rowStart + row + 1}, column ${JSON.stringify(names[column])}`,
        );
      for (let row = 0; row < rowEnd - rowStart; row++) {
        rows.label(number(label, row));
        for (let j = 0; j < features.length; j++) rows.feature(j, number(features[j]!, row));
        rows.endRow(rowStart + row + 1);
        if (rows.enough) yield rows.take();
      }
      if (rows.count > 0) yield rows.take();
    }
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
      "leave it out of the file, or write it as numbers",
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
  const got = value === null || value === undefined ? "null" : String(value);
  throw new MarinaError(
    "data",
    `${where()}: expected a finite number that a 64-bit float can hold, got ${got}`,
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
