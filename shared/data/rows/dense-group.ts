/**
 * The stored form of rows with all their entries: images, embeddings, standardised tables. As sparse row groups
 * (`row-group.ts`), these follow one another in one object, and each can be read by itself.
 *
 * A group is little-endian, begins at a multiple of 8 bytes and has such a length:
 *
 * | part | type | length |
 * | --- | --- | --- |
 * | magic "MARINADG" | bytes | 8 |
 * | version 1, rows, bytes a value, axes of a row | uint32 each | 16 |
 * | lengths of the axes, then zeros | uint32 each | 16 |
 * | scale, offset | float64 each | 16 |
 * | labels as the manifest means them | float64 | rows |
 * | values, row by row, each row-major: an entry is scale * value + offset | uint8 if all are, else float32 if every value is one exactly, else float64 | rows * size |
 *
 * Zeros fill the end. What decides the entries is in the bytes, so that the object's SHA-256, by which a run knows its data,
 * covers it.
 */
import { MarinaError } from "../../base/index.ts";
import type { ByteRange } from "../../cloud/index.ts";
import { align, corrupt } from "./row-group.ts";
import { isWithinRange, sumOfSquares } from "./squares.ts";

export const DENSE_VALUE_TYPES = ["uint8", "float32", "float64"] as const;
export type DenseValueType = (typeof DENSE_VALUE_TYPES)[number];
export type DenseValues = Uint8Array | Float32Array | Float64Array;

/** Axes of a row at most. */
export const MOST_AXES = 4;

/** How a data set's dense rows are to be read. */
export interface DenseForm {
  readonly shape: readonly number[];
  readonly scale: number;
  readonly offset: number;
}

/** What must be known of a group to read it. */
export interface DenseGroupShape {
  readonly rows: number;
  readonly valueType: DenseValueType;
}

/** A group's arrays: views of the stored bytes. */
export interface OpenedDenseGroup {
  readonly labels: Float64Array;
  readonly values: DenseValues;
}

export interface EncodedDenseGroup extends DenseGroupShape {
  readonly bytes: Uint8Array;
}

const MAGIC = new TextEncoder().encode("MARINADG");
const VERSION = 1;
const SCALE_AT = MAGIC.length + 4 * (4 + MOST_AXES);
const HEADER_BYTES = SCALE_AT + 16;
const VALUE_ARRAYS = { uint8: Uint8Array, float32: Float32Array, float64: Float64Array };

/** Entries of a row. */
export function sizeOfRow({ shape }: Pick<DenseForm, "shape">): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Length of a stored group in bytes, a multiple of 8. @param size entries of a row */
export function denseGroupBytes({ rows, valueType }: DenseGroupShape, size: number): number {
  return align(HEADER_BYTES + 8 * rows + VALUE_ARRAYS[valueType].BYTES_PER_ELEMENT * rows * size);
}

/** Where a group's labels lie within its bytes. */
export function denseLabelsRange({ rows }: DenseGroupShape): ByteRange {
  return { start: HEADER_BYTES, end: HEADER_BYTES + 8 * rows };
}

/** Stores rows in the narrowest type that holds all values exactly. */
export function encodeDenseGroup(
  labels: Float64Array,
  values: Float64Array,
  form: DenseForm,
): EncodedDenseGroup {
  const group = { rows: labels.length, valueType: narrowest(values) };
  const bytes = new Uint8Array(denseGroupBytes(group, sizeOfRow(form)));
  bytes.set(header(group, form));
  new Float64Array(bytes.buffer, HEADER_BYTES, group.rows).set(labels);
  new VALUE_ARRAYS[group.valueType](bytes.buffer, HEADER_BYTES + 8 * group.rows, values.length).set(values);
  return { ...group, bytes };
}

/**
 * The arrays of a stored group as views of the bytes (a copy is made only if the bytes are not aligned to 8).
 * @param first, count of the rows whose contents are checked, and only these may be used.
 * @throws MarinaError "corrupt" where the bytes are not such a group.
 */
export function openDenseGroup(
  bytes: Uint8Array,
  group: DenseGroupShape,
  form: DenseForm,
  { first, count, source }: { readonly first: number; readonly count: number; readonly source: string },
): OpenedDenseGroup {
  const size = sizeOfRow(form);
  const length = denseGroupBytes(group, size);
  if (bytes.length !== length) throw corrupt(source, `${length} bytes`, `${bytes.length} bytes`);
  const { buffer, byteOffset } = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  checkHeader(new Uint8Array(buffer, byteOffset, HEADER_BYTES), group, form, source);
  const at = byteOffset + HEADER_BYTES;
  const labels = new Float64Array(buffer, at, group.rows);
  const values: DenseValues = viewOf(group.valueType, buffer, at + 8 * group.rows, group.rows * size);
  for (let row = first; row < first + count; row++) {
    const label = labels[row]!;
    if (label - label !== 0) throw corrupt(source, `a finite label of row ${row}`, `${label}`);
  }
  if (!(values instanceof Uint8Array)) {
    const end = (first + count) * size;
    // One sum for all: it is finite only if every value is; an import refuses what is finite and makes it overflow.
    if (!isWithinRange(sumOfSquares(values, first * size, end))) {
      throw corrupt(
        source,
        `values of rows ${first} .. ${first + count - 1} whose squares are numbers`,
        "others",
      );
    }
  }
  return { labels, values };
}

function viewOf(type: DenseValueType, buffer: ArrayBufferLike, at: number, length: number): DenseValues {
  switch (type) {
    case "uint8":
      return new Uint8Array(buffer, at, length);
    case "float32":
      return new Float32Array(buffer, at, length);
    case "float64":
      return new Float64Array(buffer, at, length);
  }
}

function header({ rows, valueType }: DenseGroupShape, { shape, scale, offset }: DenseForm): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  bytes.set(MAGIC);
  const words = [VERSION, rows, VALUE_ARRAYS[valueType].BYTES_PER_ELEMENT, shape.length, ...shape];
  new Uint32Array(bytes.buffer, MAGIC.length, words.length).set(words);
  new Float64Array(bytes.buffer, SCALE_AT, 2).set([scale, offset]);
  return bytes;
}

function checkHeader(got: Uint8Array, group: DenseGroupShape, form: DenseForm, source: string): void {
  const expected = header(group, form);
  const at = expected.findIndex((byte, i) => byte !== got[i]);
  if (at === -1) return;
  if (at < MAGIC.length) throw corrupt(source, 'the mark "MARINADG" at its beginning', "other bytes");
  const version = new DataView(got.buffer, got.byteOffset).getUint32(MAGIC.length, true);
  if (version !== VERSION) {
    throw new MarinaError(
      "version",
      `${source}: expected format version ${VERSION}, got ${version}; import the data set again with this program`,
    );
  }
  const { rows, valueType } = group;
  const what = `a header of ${rows} rows of ${form.shape.join(" x ")} ${valueType}, ${form.scale} * value + ${form.offset}`;
  throw corrupt(source, what, `another byte ${at}`);
}

function narrowest(values: Float64Array): DenseValueType {
  let bytes = true;
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (bytes && !(value >= 0 && value <= 255 && Number.isInteger(value))) bytes = false;
    if (!bytes && Math.fround(value) !== value) return "float64";
  }
  return bytes ? "uint8" : "float32";
}
