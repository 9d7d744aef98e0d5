/** A file of one array of numbers as a source of rows: its first axis counts the rows, the others are a row's shape. */
import { MarinaError } from "../../base/index.ts";
import { MOST_AXES } from "../rows/dense-group.ts";
import type { RowBatch } from "../rows/row-batch.ts";
import type { ByteReader } from "./byte-reader.ts";
import { DenseRows } from "./dense-rows.ts";
import type { NumberType } from "./number-type.ts";
import { type Contents, contentsOf, type DenseSource, type RowSource } from "./row-source.ts";

/** What an array's header tells. */
export interface ArrayForm {
  readonly type: NumberType;
  readonly littleEndian: boolean;
  /** Rows first. */
  readonly shape: readonly number[];
  /** The first axis is the one that changes fastest. */
  readonly fortranOrder: boolean;
}

/** A file with one array: its header, and then its numbers. */
export interface ArrayFile {
  /** What it is called in errors. */
  readonly name: string;
  readonly bytes: ByteReader;
  /** @throws MarinaError "data" for what is no such header, and for what is more than can be read. */
  readHeader(): Promise<ArrayForm>;
}

/** The labels of all rows. */
export interface ArrayLabels {
  readonly values: Float64Array;
  /** What they stand for, where they are words. */
  readonly words: ReadonlyMap<number, string> | undefined;
}

const MOST_ROWS = 2 ** 32 - 1;
/** Of a row: groups are put together in memory. */
const MOST_ROW_ENTRIES = 2 ** 24;
/** Of an array whose rows are not neighbours and that is therefore held as a whole. */
const MOST_HELD_BYTES = 2 ** 30;
/** Rows are read together, up to so many bytes. */
const READ_BYTES = 1024 * 1024;

export class ArraySource implements RowSource {
  readonly features = undefined;
  readonly notices: readonly string[];
  readonly #file: ArrayFile;
  readonly #labelFile: ArrayFile;
  readonly #readLabels: () => Promise<ArrayLabels>;
  #form: ArrayForm | undefined;
  #words: ReadonlyMap<number, string> | undefined;

  /**
   * @param readLabels reads all of `labelFile`.
   * @param notices what is to be said of how the files were chosen.
   */
  constructor(
    file: ArrayFile,
    labelFile: ArrayFile,
    readLabels: () => Promise<ArrayLabels>,
    notices: readonly string[] = [],
  ) {
    this.#file = file;
    this.#labelFile = labelFile;
    this.#readLabels = readLabels;
    this.notices = notices;
  }

  get columns(): number | undefined {
    return this.#form === undefined ? undefined : sizeOf(this.#form);
  }

  get dense(): DenseSource | undefined {
    if (this.#form === undefined) return undefined;
    const { shape, type } = this.#form;
    // A list of bytes may be anything; rows and columns of bytes are pixels, of one channel where no axis says otherwise.
    const image = type.name === "uint8" && shape.length > 2;
    return { shape: image && shape.length === 3 ? [...rowShape(shape), 1] : rowShape(shape), image };
  }

  get labelWords(): ReadonlyMap<number, string> | undefined {
    return this.#words;
  }

  get bytesRead(): number {
    return this.#file.bytes.bytesRead + this.#labelFile.bytes.bytesRead;
  }

  place(line: number): string {
    return `${this.#file.name}: row ${line}`;
  }

  contents(): Contents {
    const files = [this.#file, this.#labelFile].map(({ name, bytes }) => ({ name, ...bytes.contents() }));
    return contentsOf(files);
  }

  async *rows(): AsyncGenerator<RowBatch> {
    const { name, bytes } = this.#file;
    try {
      const form = await this.#file.readHeader();
      checkForm(form, name);
      const labels = await this.#readLabels();
      const count = form.shape[0]!;
      if (labels.values.length !== count) {
        throw new MarinaError(
          "data",
          `${this.#labelFile.name}: expected ${count} labels, one for each row of ${name}, got ${labels.values.length}`,
        );
      }
      this.#form = form;
      this.#words = labels.words;
      yield* form.fortranOrder && sizeOf(form) > 1
        ? this.#byColumns(form, labels.values)
        : this.#byRows(form, labels.values);
      if ((await bytes.left()) > 0) {
        throw new MarinaError("data", `${name}: expected its end after ${sizeText(form)}, got more bytes`);
      }
    } finally {
      await bytes.close();
      await this.#labelFile.bytes.close();
    }
  }

  async *#byRows(form: ArrayForm, labels: Float64Array): AsyncGenerator<RowBatch> {
    const { type, littleEndian } = form;
    const size = sizeOf(form);
    const rowBytes = size * type.bytes;
    const together = Math.max(1, Math.floor(READ_BYTES / rowBytes));
    const rows = new DenseRows();
    for (let row = 0; row < labels.length; ) {
      const wanted = Math.min(together, labels.length - row);
      const block = await this.#file.bytes.read(wanted * rowBytes);
      if (block.length < wanted * rowBytes)
        throw this.#cutOff(form, row + Math.floor(block.length / rowBytes));
      const view = new DataView(block.buffer);
      for (let at = 0; at < block.length; row++, at += rowBytes) {
        this.#fill(rows, form, row, labels[row]!, (j) => type.read(view, at + j * type.bytes, littleEndian));
        if (rows.enough) yield rows.take();
      }
    }
    if (rows.count > 0) yield rows.take();
  }

  /** Entry j of all rows, then entry j + 1: entries in the order in which their last axis is the slowest. */
  async *#byColumns(form: ArrayForm, labels: Float64Array): AsyncGenerator<RowBatch> {
    const { type, littleEndian, shape } = form;
    const size = sizeOf(form);
    const bytes = labels.length * size * type.bytes;
    if (bytes > MOST_HELD_BYTES) {
      throw new MarinaError(
        "limit",
        `${this.#file.name}: expected at most ${MOST_HELD_BYTES} bytes in Fortran order, got ${bytes}; save it in C order: numpy.save(FILE, numpy.ascontiguousarray(x))`,
      );
    }
    const block = await this.#file.bytes.read(bytes);
    if (block.length < bytes) throw this.#cutOff(form, 0);
    const view = new DataView(block.buffer);
    const places = columnMajorPlaces(rowShape(shape));
    const rows = new DenseRows();
    for (let row = 0; row < labels.length; row++) {
      const entry = (j: number): number =>
        type.read(view, (places[j]! * labels.length + row) * type.bytes, littleEndian);
      this.#fill(rows, form, row, labels[row]!, entry);
      if (rows.enough) yield rows.take();
    }
    if (rows.count > 0) yield rows.take();
  }

  /** One row, entry by entry, as `entry` reads them. */
  #fill(rows: DenseRows, form: ArrayForm, row: number, label: number, entry: (j: number) => number): void {
    const size = sizeOf(form);
    for (let j = 0; j < size; j++) {
      const value = entry(j);
      if (value - value !== 0) throw this.#notFinite(form, row, j, value);
      rows.feature(j, value);
    }
    rows.label(label);
    rows.endRow(row + 1);
  }

  #cutOff(form: ArrayForm, rows: number): MarinaError {
    return new MarinaError(
      "data",
      `${this.#file.name}: expected ${sizeText(form)}, but it ends in row ${rows + 1}; the file is cut off, fetch it again`,
    );
  }

  #notFinite({ type }: ArrayForm, row: number, entry: number, value: number): MarinaError {
    const large = Number.isNaN(value) && (type.name === "int64" || type.name === "uint64");
    const got = large ? `an ${type.name} beyond 2^53` : `${value}`;
    return new MarinaError(
      "data",
      `${this.place(row + 1)}, entry ${entry}: expected a finite number that a 64-bit float can hold, got ${got}`,
    );
  }
}

/** A list of numbers is rows of one. */
function rowShape(shape: readonly number[]): readonly number[] {
  return shape.length === 1 ? [1] : shape.slice(1);
}

function sizeOf({ shape }: ArrayForm): number {
  return rowShape(shape).reduce((product, length) => product * length, 1);
}

function sizeText({ shape, type }: ArrayForm): string {
  return `${shape.join(" x ")} numbers (${type.name})`;
}

function checkForm(form: ArrayForm, name: string): void {
  const { shape } = form;
  const [rows = 0] = shape;
  if (shape.length === 0 || shape.length > MOST_AXES + 1) {
    throw new MarinaError(
      "data",
      `${name}: expected an array of 1 to ${MOST_AXES + 1} axes, rows first, got ${shape.length}`,
    );
  }
  if (shape.includes(0)) {
    throw new MarinaError(
      "data",
      `${name}: expected rows with entries, got an array of ${shape.join(" x ")}`,
    );
  }
  if (!(rows <= MOST_ROWS && sizeOf(form) <= MOST_ROW_ENTRIES)) {
    throw new MarinaError(
      "limit",
      `${name}: expected at most ${MOST_ROWS} rows of at most ${MOST_ROW_ENTRIES} entries, got ${shape.join(" x ")}`,
    );
  }
}

/** Of each entry in row-major order: where it comes when the first axis changes fastest. */
function columnMajorPlaces(shape: readonly number[]): Uint32Array {
  const size = shape.reduce((product, length) => product * length, 1);
  const strides = shape.map((_, axis) =>
    shape.slice(0, axis).reduce((product, length) => product * length, 1),
  );
  return Uint32Array.from({ length: size }, (_, entry) => {
    let rest = entry;
    let place = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += (rest % shape[axis]!) * strides[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    return place;
  });
}
