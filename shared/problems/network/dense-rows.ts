/** Rows with all entries present, and how they come into a block. */
import { MarinaError } from "../../base/index.ts";
import type { DenseRows } from "../problem.ts";
import type { LabelForm } from "./program.ts";
import type { BlockInput } from "./runner.ts";
import { type Shape, shapeText, sizeOf } from "./shape.ts";

/** Rows of float64 as they are. */
export function plainRows(shape: Shape, values: DenseRows["values"], labels?: ArrayLike<number>): DenseRows {
  const rows = values.length / sizeOf(shape);
  return { rows, shape, values, scale: 1, offset: 0, ...(labels === undefined ? {} : { labels }) };
}

/** @throws MarinaError `data` where rows and labels are not what a program reads. */
export function checkRows(rows: DenseRows, shape: Shape, label: LabelForm): void {
  const size = sizeOf(shape);
  if (sizeOf(rows.shape) !== size) {
    throw new MarinaError(
      "data",
      `rows of shape ${shapeText(rows.shape)} for a network that reads ${shapeText(shape)}: expected ${size} entries a row, got ${sizeOf(rows.shape)}`,
    );
  }
  if (rows.values.length !== rows.rows * size) {
    throw new MarinaError(
      "data",
      `${rows.values.length} entries, expected ${rows.rows} rows of ${size}: ${rows.rows * size}`,
    );
  }
  if (label.kind === "none") return;
  if (rows.labels === undefined || rows.labels.length !== rows.rows) {
    throw new MarinaError(
      "data",
      `${rows.labels?.length ?? 0} labels, expected one for each of ${rows.rows} rows`,
    );
  }
  for (let row = 0; row < rows.rows; row++) checkLabel(rows.labels[row]!, row, label);
}

function checkLabel(y: number, row: number, label: LabelForm): void {
  switch (label.kind) {
    case "classes":
      if (Number.isInteger(y) && y >= 0 && y < label.count) return;
      throw new MarinaError("data", `row ${row}: expected a class, 0 to ${label.count - 1}, got ${y}`);
    case "binary":
      if (y === 1 || y === -1) return;
      throw new MarinaError("data", `row ${row}: expected the label +1 or -1, got ${y}`);
    case "real":
      if (Number.isFinite(y)) return;
      throw new MarinaError("data", `row ${row}: expected a finite number as label, got ${y}`);
    case "none":
  }
}

/** Writes rows into a block one after the other. */
export class RowLoader {
  readonly #rows: DenseRows;
  readonly #size: number;

  constructor(rows: DenseRows) {
    this.#rows = rows;
    this.#size = sizeOf(rows.shape);
  }

  /** Rows first .. first + count - 1. */
  range(first: number, count: number, input: BlockInput): void {
    const [size, { values, scale, offset }] = [this.#size, this.#rows];
    const [from, entries] = [first * size, count * size];
    if (values instanceof Uint8Array) {
      input.kernels.bytes(input.rows, entries).set(values.subarray(from, from + entries));
      input.kernels.decode(input.rows, entries, scale, offset);
    } else this.#copy(values, from, entries, input.memory, input.rows);
    if (input.labels === undefined) return;
    for (let i = 0; i < count; i++) input.memory[input.labels + i] = this.#rows.labels![first + i]!;
  }

  /** The rows that batch[first .. first + count - 1] names. */
  batch(batch: Uint32Array, first: number, count: number, input: BlockInput): void {
    const [size, { values, scale, offset }] = [this.#size, this.#rows];
    if (values instanceof Uint8Array) {
      const bytes = input.kernels.bytes(input.rows, count * size);
      for (let i = 0; i < count; i++) {
        const from = batch[first + i]! * size;
        bytes.set(values.subarray(from, from + size), i * size);
      }
      input.kernels.decode(input.rows, count * size, scale, offset);
    } else {
      for (let i = 0; i < count; i++) {
        this.#copy(values, batch[first + i]! * size, size, input.memory, input.rows + i * size);
      }
    }
    if (input.labels === undefined) return;
    for (let i = 0; i < count; i++) {
      input.memory[input.labels + i] = this.#rows.labels![batch[first + i]!]!;
    }
  }

  #copy(
    values: Float64Array | Float32Array,
    from: number,
    count: number,
    memory: Float64Array | Float32Array,
    to: number,
  ): void {
    const { scale, offset } = this.#rows;
    if (scale === 1 && offset === 0) {
      memory.set(values.subarray(from, from + count), to);
    } else {
      for (let i = 0; i < count; i++) memory[to + i] = scale * values[from + i]! + offset;
    }
  }
}
