/** From stored bytes to one worker's rows with all their entries. */
import { MarinaError } from "../../base/index.ts";
import type { ByteRange } from "../../cloud/index.ts";
import type { Shard } from "../../problems/index.ts";
import type { Manifest } from "../manifest.ts";
import {
  type DenseForm,
  type DenseValues,
  type OpenedDenseGroup,
  openDenseGroup,
  sizeOfRow,
} from "./dense-group.ts";
import { bytesOf, nameOf, piecesOf } from "./pieces.ts";
import { isWithinRange, sumOfSquares, tooLarge } from "./squares.ts";

/** Rows first .. first + count - 1 of a data set with dense row groups, as stored: views where they lie in one group. */
export function openDenseValues(
  manifest: Manifest,
  dense: DenseForm,
  first: number,
  count: number,
  bytes: Uint8Array,
  range: ByteRange,
): OpenedDenseGroup {
  const source = manifest.object.key;
  const size = sizeOfRow(dense);
  const parts = piecesOf(manifest, first, count).map(({ group, ...rows }) => {
    if ("indexType" in group) throw new RangeError(`row group at byte ${group.byteOffset} is sparse`);
    const name = nameOf(group, source);
    const opened = openDenseGroup(bytesOf(group, bytes, range, source), group, dense, {
      ...rows,
      source: name,
    });
    const end = rows.first + rows.count;
    return {
      labels: opened.labels.subarray(rows.first, end),
      values: opened.values.subarray(rows.first * size, end * size),
    };
  });
  if (parts.length === 1) return parts[0]!;
  const labels = new Float64Array(count);
  const values = widest(parts, count * size);
  let row = 0;
  for (const part of parts) {
    labels.set(part.labels, row);
    values.set(part.values, row * size);
    row += part.labels.length;
  }
  return { labels, values };
}

function widest(parts: readonly OpenedDenseGroup[], length: number): DenseValues {
  if (parts.some(({ values }) => values instanceof Float64Array)) return new Float64Array(length);
  if (parts.some(({ values }) => values instanceof Float32Array)) return new Float32Array(length);
  return new Uint8Array(length);
}

/**
 * The entries that are not 0, as compressed sparse rows.
 * @throws MarinaError "limit" for 2^32 entries or more, "data" where squares of scaled values overflow.
 */
export function nonZerosOf(
  { labels, values }: OpenedDenseGroup,
  form: DenseForm,
  source: string,
): Pick<Shard, "offsets" | "indices" | "values" | "labels"> {
  const { scale, offset } = form;
  const size = sizeOfRow(form);
  const rows = labels.length;
  const counts = countsByRow(values, form, rows);
  const nonZeros = counts[rows]!;
  if (nonZeros >= 2 ** 32) {
    throw new MarinaError(
      "limit",
      `${source}: a shard has ${nonZeros} entries, expected less than 2^32; use more workers`,
    );
  }
  const indices = size <= 2 ** 16 ? new Uint16Array(nonZeros) : new Uint32Array(nonZeros);
  // Unscaled bytes are float32 exactly.
  const wide = values instanceof Float64Array || scale !== 1 || offset !== 0;
  const entries = wide ? new Float64Array(nonZeros) : new Float32Array(nonZeros);
  let to = 0;
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < size; j++) {
      const entry = scale * values[row * size + j]! + offset;
      if (entry === 0) continue;
      indices[to] = j;
      entries[to++] = entry;
    }
  }
  const shard = { offsets: Uint32Array.from(counts), indices, values: entries, labels };
  if (!isWithinRange(sumOfSquares(entries))) {
    throw tooLarge(
      shard,
      { first: 0, count: rows, before: 0 },
      (row) => `${source}: row ${row} of the shard`,
    );
  }
  return shard;
}

/** Where each row's entries begin, as float64: there may be too many for 32 bits. */
function countsByRow(values: DenseValues, form: DenseForm, rows: number): Float64Array {
  const { scale, offset } = form;
  const size = sizeOfRow(form);
  const counts = new Float64Array(rows + 1);
  let nonZeros = 0;
  for (let row = 0; row < rows; row++) {
    for (let at = row * size; at < (row + 1) * size; at++) if (scale * values[at]! + offset !== 0) nonZeros++;
    counts[row + 1] = nonZeros;
  }
  return counts;
}

/** A shard with all its entries may take so many bytes. */
const MOST_FILLED_BYTES = 2 ** 31;

/** The rows of a shard with all their entries, those that it does not store being 0. @throws MarinaError "limit" */
export function filled(
  { rows, offsets, indices, values }: Omit<Shard, "labels" | "features">,
  features: number,
  source: string,
): DenseValues {
  const wide = values instanceof Float64Array;
  const bytes = (wide ? 8 : 4) * rows * features;
  if (bytes > MOST_FILLED_BYTES) {
    throw new MarinaError(
      "limit",
      `${source}: ${rows} rows with all ${features} entries take ${Math.ceil(bytes / 1e6)} MB, expected at most ${Math.floor(MOST_FILLED_BYTES / 1e6)} MB; use more workers`,
    );
  }
  const all = wide ? new Float64Array(rows * features) : new Float32Array(rows * features);
  const base = offsets[0]!;
  for (let row = 0; row < rows; row++) {
    for (let at = offsets[row]! - base; at < offsets[row + 1]! - base; at++) {
      all[row * features + indices[at]!] = values === null ? 1 : values[at]!;
    }
  }
  return all;
}
