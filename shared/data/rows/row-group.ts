/**
 * The stored form of rows. A data object is a concatenation of row groups, each of which can be read by itself, so that
 * an import needs the memory of one group, and neighbouring rows are one byte range.
 *
 * A group is little-endian, begins at a multiple of 8 bytes and has such a length:
 *
 * | part | type | length |
 * | --- | --- | --- |
 * | magic "MARINARG" | bytes | 8 |
 * | version 1, rows, nonZeros, bytes an index, bytes a value, 0 | uint32 each | 24 |
 * | labels as imported | float64 | rows |
 * | offsets: row l has the entries offsets[l] .. offsets[l + 1] | uint32 | rows + 1 |
 * | indices, 0-based, strictly increasing within a row | uint16 if the largest fits, else uint32 | nonZeros |
 * | values; left out when all are 1 | float32 if every value is one exactly, else float64 | nonZeros |
 *
 * Each part begins at a multiple of 8 bytes (zeros fill the gap). Big-endian processors are out of scope.
 */
import { MarinaError } from "../../base/index.ts";
import type { ByteRange } from "../../cloud/index.ts";
import { isWithinRange, labelTooLarge, sumOfSquares, tooLarge } from "./squares.ts";

export type IndexType = "uint16" | "uint32";
export type ValueType = "ones" | "float32" | "float64";

/** What must be known of a group to read it. */
export interface RowGroupShape {
  readonly rows: number;
  /** Stored entries. */
  readonly nonZeros: number;
  readonly indexType: IndexType;
  readonly valueType: ValueType;
}

/** A group's arrays: views of the stored bytes. */
export interface RowGroup {
  readonly rows: number;
  readonly nonZeros: number;
  readonly labels: Float64Array;
  /** Length rows + 1, from 0 to nonZeros. */
  readonly offsets: Uint32Array;
  readonly indices: Uint16Array | Uint32Array;
  /** null when all are 1. */
  readonly values: Float32Array | Float64Array | null;
}

/** Rows to be stored, in the widest types. */
export interface RowGroupInput {
  readonly labels: Float64Array;
  readonly offsets: Uint32Array;
  readonly indices: Uint32Array;
  /** null: all are 1. */
  readonly values: Float64Array | null;
}

export interface EncodedRowGroup extends RowGroupShape {
  readonly bytes: Uint8Array;
}

const MAGIC = new TextEncoder().encode("MARINARG");
const VERSION = 1;
const HEADER_BYTES = 32;
const INDEX_BYTES: Readonly<Record<IndexType, number>> = { uint16: 2, uint32: 4 };
const VALUE_BYTES: Readonly<Record<ValueType, number>> = { ones: 0, float32: 4, float64: 8 };

interface Layout {
  readonly labels: number;
  readonly offsets: number;
  readonly indices: number;
  readonly values: number;
  readonly end: number;
}

function layout({ rows, nonZeros, indexType, valueType }: RowGroupShape): Layout {
  const labels = HEADER_BYTES;
  const offsets = labels + 8 * rows;
  const indices = align(offsets + 4 * (rows + 1));
  const values = align(indices + INDEX_BYTES[indexType] * nonZeros);
  return { labels, offsets, indices, values, end: align(values + VALUE_BYTES[valueType] * nonZeros) };
}

/** Where the next part begins. */
export function align(position: number): number {
  return Math.ceil(position / 8) * 8;
}

/** Length of a stored group in bytes, a multiple of 8. */
export function rowGroupBytes(shape: RowGroupShape): number {
  return layout(shape).end;
}

/** Where a group's labels lie within its bytes. */
export function labelsRange(shape: RowGroupShape): ByteRange {
  const { labels, offsets } = layout(shape);
  return { start: labels, end: offsets };
}

/** Stores rows in the narrowest types that hold them exactly. The input must obey the format's rules. */
export function encodeRowGroup(input: RowGroupInput): EncodedRowGroup {
  const { labels, offsets, indices, values } = input;
  const shape: RowGroupShape = {
    rows: labels.length,
    nonZeros: indices.length,
    indexType: narrowestIndex(offsets, indices),
    valueType: values === null ? "ones" : narrowestValue(values),
  };
  const at = layout(shape);
  const bytes = new Uint8Array(at.end);
  bytes.set(MAGIC);
  new Uint32Array(bytes.buffer, MAGIC.length, 6).set(headerWords(shape));
  new Float64Array(bytes.buffer, at.labels, shape.rows).set(labels);
  new Uint32Array(bytes.buffer, at.offsets, shape.rows + 1).set(offsets);
  indexView(bytes.buffer, at.indices, shape).set(indices);
  if (values !== null) valueView(bytes.buffer, at.values, shape)?.set(values);
  return { ...shape, bytes };
}

export interface OpenOptions {
  /** Numbers of a row: every index must be below it. */
  readonly features: number;
  /** The rows whose contents are checked, and only these may be used; default all. */
  readonly first?: number;
  readonly count?: number;
  /** What the bytes are called in errors. */
  readonly source?: string;
  /** The data set's row that the group begins with, for errors; default 0. */
  readonly firstRow?: number;
  /** Labels are squared, too: by a quadratic loss. Default false. */
  readonly squaresLabels?: boolean;
}

/**
 * The arrays of a stored group as views of the bytes (a copy is made only if the bytes are not aligned to 8).
 *
 * Bytes are not trusted: whatever they hold, the result obeys the format's rules (for the rows asked for) or a
 * MarinaError is thrown.
 * @throws MarinaError "corrupt" that says which row is wrong and how; "data" where squares of values overflow: data sets
 * that were imported before the import looked for such values may have them.
 */
export function openRowGroup(bytes: Uint8Array, shape: RowGroupShape, options: OpenOptions): RowGroup {
  const source = options.source ?? "row group";
  const at = layout(shape);
  if (bytes.length !== at.end) throw corrupt(source, `${at.end} bytes`, `${bytes.length} bytes`);
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  const { buffer, byteOffset } = aligned;
  checkHeader(aligned, shape, source);
  const group: RowGroup = {
    rows: shape.rows,
    nonZeros: shape.nonZeros,
    labels: new Float64Array(buffer, byteOffset + at.labels, shape.rows),
    offsets: new Uint32Array(buffer, byteOffset + at.offsets, shape.rows + 1),
    indices: indexView(buffer, byteOffset + at.indices, shape),
    values: valueView(buffer, byteOffset + at.values, shape),
  };
  const first = options.first ?? 0;
  const count = options.count ?? shape.rows - first;
  checkRows(group, first, count, options.features, source);
  checkSquares(group, first, count, options, source);
  return group;
}

function headerWords(shape: RowGroupShape): number[] {
  return [VERSION, shape.rows, shape.nonZeros, INDEX_BYTES[shape.indexType], VALUE_BYTES[shape.valueType], 0];
}

function checkHeader(bytes: Uint8Array, shape: RowGroupShape, source: string): void {
  for (let i = 0; i < MAGIC.length; i++) {
    if (bytes[i] !== MAGIC[i]) throw corrupt(source, 'the mark "MARINARG" at its beginning', "other bytes");
  }
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + MAGIC.length, 6);
  if (words[0] !== VERSION) {
    throw new MarinaError(
      "version",
      `${source}: expected format version ${VERSION}, got ${words[0]}; import the data set again with this program`,
    );
  }
  const names = ["version", "rows", "non-zeros", "bytes an index", "bytes a value", "zero"];
  for (const [i, expected] of headerWords(shape).entries()) {
    if (words[i] !== expected) throw corrupt(source, `${names[i]} ${expected} in its header`, `${words[i]}`);
  }
}

function checkRows(group: RowGroup, first: number, count: number, features: number, source: string): void {
  const { labels, offsets, indices, nonZeros } = group;
  if (offsets[0] !== 0 || offsets[group.rows] !== nonZeros) {
    throw corrupt(source, `offsets from 0 to ${nonZeros}`, `from ${offsets[0]} to ${offsets[group.rows]}`);
  }
  let end = offsets[first]!;
  for (let row = first; row < first + count; row++) {
    const begin = end;
    end = offsets[row + 1]!;
    if (end < begin || end > nonZeros) {
      throw corrupt(source, `offset ${row + 1} in ${begin} .. ${nonZeros}`, `${end}`);
    }
    const label = labels[row]!;
    if (label - label !== 0) throw corrupt(source, `a finite label of row ${row}`, `${label}`);
    if (end > begin) checkIndices(indices, begin, end, features, row, source);
  }
}

/** One sum for all: it is finite only if every value is. */
function checkSquares(
  { labels, offsets, indices, values }: RowGroup,
  first: number,
  count: number,
  { firstRow = 0, squaresLabels = false }: OpenOptions,
  source: string,
): void {
  const rows = { first, count, before: 0 };
  const place = (row: number): string => `${source}: row ${firstRow + row}`;
  if (values !== null) {
    const [from, end] = [offsets[first]!, offsets[first + count]!];
    if (!isWithinRange(sumOfSquares(values, from, end))) {
      const at = values.subarray(from, end).findIndex((value) => !Number.isFinite(value));
      if (at !== -1) throw corrupt(source, `a finite value at entry ${from + at}`, `${values[from + at]}`);
      throw tooLarge({ offsets, indices, values }, rows, place);
    }
  }
  if (squaresLabels && !isWithinRange(sumOfSquares(labels, first, first + count)))
    throw labelTooLarge(labels, rows, place);
}

/** Strictly increasing and the last one below d: then all are. */
function checkIndices(
  indices: Uint16Array | Uint32Array,
  begin: number,
  end: number,
  features: number,
  row: number,
  source: string,
): void {
  let previous = indices[begin]!;
  for (let at = begin + 1; at < end; at++) {
    const index = indices[at]!;
    if (index <= previous)
      throw corrupt(source, `indices of row ${row} to increase`, `${index} after ${previous}`);
    previous = index;
  }
  if (previous >= features) throw corrupt(source, `indices of row ${row} below ${features}`, `${previous}`);
}

export function corrupt(source: string, expected: string, got: string): MarinaError {
  return new MarinaError(
    "corrupt",
    `${source}: expected ${expected}, got ${got}; the stored data are damaged, import them again`,
  );
}

function indexView(buffer: ArrayBufferLike, at: number, shape: RowGroupShape): Uint16Array | Uint32Array {
  return shape.indexType === "uint16"
    ? new Uint16Array(buffer, at, shape.nonZeros)
    : new Uint32Array(buffer, at, shape.nonZeros);
}

function valueView(
  buffer: ArrayBufferLike,
  at: number,
  shape: RowGroupShape,
): Float32Array | Float64Array | null {
  switch (shape.valueType) {
    case "ones":
      return null;
    case "float32":
      return new Float32Array(buffer, at, shape.nonZeros);
    case "float64":
      return new Float64Array(buffer, at, shape.nonZeros);
  }
}

/** Looks at the last entry of each row, its largest. */
function narrowestIndex(offsets: Uint32Array, indices: Uint32Array): IndexType {
  let largest = 0;
  for (let row = 1; row < offsets.length; row++) {
    const end = offsets[row]!;
    // For an empty row the entry before it: another row's last, or none.
    if (end > 0) largest = Math.max(largest, indices[end - 1]!);
  }
  return largest < 2 ** 16 ? "uint16" : "uint32";
}

function narrowestValue(values: Float64Array): ValueType {
  let ones = true;
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (value !== 1) {
      ones = false;
      if (Math.fround(value) !== value) return "float64";
    }
  }
  return ones ? "ones" : "float32";
}
