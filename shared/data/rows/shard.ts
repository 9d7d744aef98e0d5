/** From stored bytes to one worker's rows. */

import { MarinaError } from "../../base/index.ts";
import type { ByteRange } from "../../cloud/index.ts";
import type { Shard } from "../../problems/index.ts";
import type { Manifest, ManifestGroup } from "../manifest.ts";
import { openRowGroup, type RowGroup } from "./row-group.ts";

/** A group and those of its rows that are wanted. */
interface Piece {
  readonly group: ManifestGroup;
  /** Within the group. */
  readonly first: number;
  readonly count: number;
}

/**
 * The bytes of the data object that hold these rows: the row groups that cover them.
 * @throws RangeError when the data set has no such rows: a defect of the caller.
 */
export function shardRange(manifest: Manifest, first: number, count: number): ByteRange {
  const pieces = piecesOf(manifest, first, count);
  const last = pieces.at(-1)!.group;
  return { start: pieces[0]!.group.byteOffset, end: last.byteOffset + last.byteLength };
}

/**
 * Rows first .. first + count - 1 as a shard. Rows of one row group are views of the bytes; rows of several are copied
 * together, in the widest types among them.
 *
 * Labels: of a data set with two classes the larger label is +1 and the other -1, whatever they are used for; real
 * labels are as imported.
 *
 * @param bytes the bytes `range` of the data object: `shardRange`, or any range that includes it.
 * @throws MarinaError "corrupt" when the bytes are not what the manifest says; "data" for squares that overflow; "limit" when the rows have 2^32 entries or more. RangeError as `shardRange`.
 */
export function openShard(
  manifest: Manifest,
  first: number,
  count: number,
  bytes: Uint8Array,
  range: ByteRange,
): Shard {
  const source = manifest.object.key;
  if (bytes.length !== range.end - range.start) {
    throw new MarinaError(
      "corrupt",
      `${source}: expected ${range.end - range.start} bytes from ${range.start}, got ${bytes.length}`,
    );
  }
  const opened = piecesOf(manifest, first, count).map((piece) => {
    const { group } = piece;
    const start = group.byteOffset - range.start;
    const end = start + group.byteLength;
    if (start < 0 || end > bytes.length) {
      throw new RangeError(
        `row group at byte ${group.byteOffset} is not within bytes ${range.start} .. ${range.end}`,
      );
    }
    const name = `${source}, rows ${group.firstRow} .. ${group.firstRow + group.rows - 1}`;
    const content = openRowGroup(bytes.subarray(start, end), group, {
      features: manifest.featureCount,
      first: piece.first,
      count: piece.count,
      source: name,
      firstRow: group.firstRow,
      squaresLabels: manifest.labels.kind === "real",
    });
    return cut(content, piece);
  });
  const rows = opened.length === 1 ? opened[0]! : join(opened, source);
  return {
    rows: count,
    features: manifest.featureCount,
    offsets: rows.offsets,
    indices: rows.indices,
    values: rows.values,
    labels: mapLabels(manifest, rows.labels, source),
  };
}

function piecesOf(manifest: Manifest, first: number, count: number): Piece[] {
  const end = first + count;
  if (
    !(Number.isInteger(first) && Number.isInteger(count) && first >= 0 && count >= 1 && end <= manifest.rows)
  ) {
    throw new RangeError(`rows ${first} .. ${end - 1}: expected at least one of 0 .. ${manifest.rows - 1}`);
  }
  return manifest.groups.flatMap((group) => {
    const from = Math.max(first, group.firstRow);
    const to = Math.min(end, group.firstRow + group.rows);
    return from < to ? [{ group, first: from - group.firstRow, count: to - from }] : [];
  });
}

/** Arrays of a shard, before its labels have their meaning. */
type Rows = Pick<Shard, "offsets" | "indices" | "values" | "labels">;

function cut(content: RowGroup, { first, count }: Piece): Rows {
  const from = content.offsets[first]!;
  const to = content.offsets[first + count]!;
  return {
    offsets: content.offsets.subarray(first, first + count + 1),
    indices: content.indices.subarray(from, to),
    values: content.values === null ? null : content.values.subarray(from, to),
    labels: content.labels.subarray(first, first + count),
  };
}

function join(parts: readonly Rows[], source: string): Rows {
  const rows = parts.reduce((sum, part) => sum + part.labels.length, 0);
  const nonZeros = parts.reduce((sum, part) => sum + part.indices.length, 0);
  if (nonZeros >= 2 ** 32) {
    throw new MarinaError(
      "limit",
      `${source}: a shard has ${nonZeros} entries, expected less than 2^32; use more workers`,
    );
  }
  const wide = parts.some((part) => part.indices instanceof Uint32Array);
  const indices = wide ? new Uint32Array(nonZeros) : new Uint16Array(nonZeros);
  const values = widestValues(parts, nonZeros);
  const offsets = new Uint32Array(rows + 1);
  const labels = new Float64Array(rows);
  let row = 0;
  let entry = 0;
  for (const part of parts) {
    indices.set(part.indices, entry);
    labels.set(part.labels, row);
    if (values !== null) {
      if (part.values === null) values.fill(1, entry, entry + part.indices.length);
      else values.set(part.values, entry);
    }
    const base = part.offsets[0]!;
    for (let l = 0; l < part.labels.length; l++) offsets[row + l] = entry + part.offsets[l]! - base;
    row += part.labels.length;
    entry += part.indices.length;
  }
  offsets[rows] = nonZeros;
  return { offsets, indices, values, labels };
}

function widestValues(parts: readonly Rows[], nonZeros: number): Float32Array | Float64Array | null {
  if (parts.some((part) => part.values instanceof Float64Array)) return new Float64Array(nonZeros);
  if (parts.some((part) => part.values !== null)) return new Float32Array(nonZeros);
  return null;
}

function mapLabels(manifest: Manifest, raw: Float64Array, source: string): Float64Array {
  const { labels } = manifest;
  if (labels.kind === "real") return raw;
  return raw.map((label, row) => {
    if (label === labels.positive) return 1;
    if (label === labels.negative) return -1;
    throw new MarinaError(
      "corrupt",
      `${source}: expected label ${labels.negative} or ${labels.positive} at row ${row} of the shard, got ${label}`,
    );
  });
}
