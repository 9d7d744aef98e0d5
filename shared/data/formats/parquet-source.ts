/** Parquet as a source of rows: columns of numbers, or of lists of them; one holds the labels, others are features in file order. */
import { createHash } from "node:crypto";
import { type AsyncBuffer, parquetScan, parquetSchema } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { MarinaError } from "../../base/index.ts";
import type { RowBatch } from "../rows/row-batch.ts";
import type { ClassWords } from "./class-words.ts";
import { type ColumnChoice, planColumns } from "./columns.ts";
import { DenseRows } from "./dense-rows.ts";
import { type MissingCells, MissingCounter } from "./missing-cells.ts";
import { isList, isText } from "./parquet-columns.ts";
import { boundedCompressors, readFooter } from "./parquet-footer.ts";
import { checkPages } from "./parquet-pages.ts";
import type { Contents, RowSource } from "./row-source.ts";
import { savedIndex } from "./saved-index.ts";
import { Table } from "./table.ts";

export interface ParquetSourceOptions extends ColumnChoice {
  /** What the file is called in errors. */
  readonly name: string;
  /** Labels may be words; default: numbers only. Shared by the files of one import. */
  readonly classes?: ClassWords;
  /** Nulls and NaN; default: they are counted and refused. */
  readonly missing?: MissingCells;
}

const HASHED_AT_ONCE_BYTES = 4 * 1024 * 1024;
/**
 * Parquet is read from its end and by columns, so it must be a file, not a stream. Memory is that of one of its row
 * groups, decoded. Zeros are not stored; values that are not finite are refused.
 */
export class ParquetSource implements RowSource {
  readonly #file: AsyncBuffer;
  readonly #options: ParquetSourceOptions;
  readonly #hash = createHash("sha256");
  readonly #missing = new MissingCounter();
  #table: Table | undefined;
  /** How many features a column holds: 1, or the length of its lists, undefined as long as none was seen. By feature column. */
  #widths: (number | undefined)[] = [];
  #isList: boolean[] = [];
  #bytesRead = 0;

  constructor(file: AsyncBuffer, options: ParquetSourceOptions) {
    this.#file = file;
    this.#options = options;
  }

  get columns(): number | undefined {
    return this.features?.length;
  }

  get features(): readonly string[] | undefined {
    const table = this.#table;
    if (table === undefined || this.#widths.includes(undefined)) return undefined;
    return table.features.flatMap((column, j) => {
      const name = table.names[column]!;
      if (!this.#isList[j]) return [name];
      return Array.from({ length: this.#widths[j]! }, (_, k) => elementName(name, k));
    });
  }

  get labelWords(): ReadonlyMap<number, string> | undefined {
    return this.#options.classes?.words;
  }

  get notices(): readonly string[] {
    return [...(this.#table?.notices() ?? []), ...this.#missing.notices(this.#options.missing ?? "refuse")];
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  place(line: number): string {
    return `${this.#options.name}: row ${line}`;
  }

  contents(): Contents {
    return { bytes: this.#file.byteLength, sha256: this.#hash.copy().digest("hex") };
  }

  async *rows(): AsyncGenerator<RowBatch> {
    const { name, classes, missing = "refuse" } = this.#options;
    const file = this.#file;
    const metadata = await decoding(name, () => readFooter(file, name));
    const columns = await decoding(name, async () => parquetSchema(metadata).children);
    const names = columns.map(({ element }) => element.name);
    refuseDoubled(names, name);
    const saved = savedIndex(names, metadata.key_value_metadata);
    const table = new Table(names, planColumns(names, this.#options, saved, name));
    const { label, features } = table;
    const words = classes !== undefined && isText(columns[label]!.element);
    classes?.setKind(words ? "words" : "numbers", `${name}: column ${JSON.stringify(names[label])}`);
    if (!words) isList(columns[label]!, name, false);
    this.#isList = features.map((column) => isList(columns[column]!, name, true));
    this.#widths = this.#isList.map((list) => (list ? undefined : 1));
    this.#table = table;
    await this.#hashFile();
    const scan = await decoding(name, () =>
      parquetScan({ file, metadata, compressors: boundedCompressors(compressors, name) }),
    );
    const used = [label, ...features];
    const read = new Set(used.map((column) => names[column]!));
    await decoding(name, () => checkPages(file, metadata, read, name));
    const rows = new DenseRows();
    let count = 0;
    for (const { rowStart, rowEnd } of scan.ranges) {
      const values = await decoding(name, () =>
        Promise.all(used.map((column) => scan.readColumn({ column: names[column]!, rowStart, rowEnd }))),
      );
      const short = values.findIndex((cells) => cells.length !== rowEnd - rowStart);
      if (short !== -1) {
        throw new MarinaError(
          "data",
          `${name}: column ${JSON.stringify(names[used[short]!])}: expected ${rowEnd - rowStart} values from row ${rowStart + 1} on, as the file's list of row groups has it, got ${values[short]!.length}; the file is damaged`,
        );
      }
      for (let row = 0; row < rowEnd - rowStart; row++) {
        const line = rowStart + row + 1;
        if (this.#addRow((j) => values[j]![row], line, table, rows)) rows.endRow(line);
        else {
          rows.dropRow();
          this.#missing.row();
        }
        // Rows that are to be refused are only counted.
        if (rows.enough && (missing !== "refuse" || this.#missing.rows === 0)) yield rows.take();
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
    const { missing = "refuse" } = this.#options;
    let complete = true;
    /** @param at within a list; of no list: -1. */
    const number = (value: unknown, column: string, at = -1): number => {
      const name = () => (at === -1 ? column : elementName(column, at));
      if (value !== null && value !== undefined && !Number.isNaN(value)) {
        return toNumber(value, () => `${this.#options.name}: row ${row}, column ${JSON.stringify(name())}`);
      }
      complete &&= missing === "mean";
      this.#missing.cell(name(), `row ${row}`, Number.isNaN(value) ? "NaN" : "null");
      return Number.NaN;
    };
    const word = this.#options.classes?.kind === "words" ? cell(0) : undefined;
    const target = typeof word === "string" ? this.#word(word, row) : number(cell(0), names[label]!);
    if (missing === "mean" && Number.isNaN(target)) {
      throw this.#missing.labelError(this.#options.name, `row ${row}`, names[label]!);
    }
    rows.label(target);
    let index = 0;
    for (let j = 0; j < features.length; j++) {
      const value = cell(j + 1);
      const name = names[features[j]!]!;
      if (Array.isArray(value) || ArrayBuffer.isView(value)) {
        const list = value as readonly unknown[];
        this.#checkWidth(j, list.length, row, name);
        for (let k = 0; k < list.length; k++) rows.feature(index++, number(list[k], name, k));
      } else if (this.#isList[j]) {
        const width = this.#widths[j];
        if (width === undefined && missing === "mean") throw this.#noList(row, name);
        for (let k = 0; k < (width ?? 1); k++) rows.feature(index++, number(value, name, k));
      } else {
        const cellValue = number(value, name);
        rows.feature(index++, cellValue);
        if (j === 0) table.lead.numbers.see(cellValue);
      }
    }
    return complete;
  }

  /** Lists are as long as the first one. */
  #checkWidth(j: number, length: number, row: number, column: string): void {
    const width = this.#widths[j];
    if (width === length) return;
    if (width === undefined) this.#widths[j] = length;
    else {
      throw new MarinaError(
        "data",
        `${this.#options.name}: row ${row}, column ${JSON.stringify(column)}: expected a list of ${width} numbers as in the rows before, got ${length}`,
      );
    }
  }

  #noList(row: number, column: string): MarinaError {
    return new MarinaError(
      "data",
      `${this.#options.name}: row ${row}, column ${JSON.stringify(column)}: expected a list in the first row, got null: how many cells to fill is not known`,
    );
  }

  #word(text: string, row: number): number {
    const { name, labelColumn, classes } = this.#options;
    return classes!.code(text, `${name}: row ${row}, column ${JSON.stringify(labelColumn)}`);
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

/** What a number of a list column is called. */
function elementName(column: string, at: number): string {
  return `${column}[${at}]`;
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
    // Errors of the file system are not about the contents. (The engine's own have a code as well.)
    if (error instanceof MarinaError || (error instanceof Error && "syscall" in error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new MarinaError("data", `${name}: expected a Parquet file; ${reason}`, { cause: error });
  }
}
