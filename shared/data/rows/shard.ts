/** From stored bytes to one worker's rows. */

import { MarinaError } from "../../base/index.ts";
import type { ByteRange } from "../../cloud/index.ts";
import type { Shard } from "../../problems/index.ts";
import type { Manifest } from "../manifest.ts";
import { nonZerosOf, openDenseValues } from "./dense-shard.ts";
import { mapLabels } from "./map-labels.ts";
import { bytesOf, nameOf, type Piece, piecesOf } from "./pieces.ts";
import { openRowGroup, type RowGroup } from "./row-group.ts";

/**
 * Rows first .. first + count - 1 as a shard. Rows of one sparse row group are views of the bytes; rows of several are copied
 * together, in the widest types among them. Of dense rows the entries that are not 0 become the shard's, as if the rows had
 * been imported from a table.
 *
 * Labels: of a data set with two classes the larger label is +1 and the other -1, whatever they are used for; real
 * labels are as imported; of classes they are their numbers.
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
  const { dense, featureCount } = manifest;
  const rows =
    dense === undefined
      ? openSparse(manifest, first, count, bytes, range)
      : nonZerosOf(openDenseValues(manifest, dense, first, count, bytes, range), dense, source);
  return {
    rows: count,
    features: featureCount,
    offsets: rows.offsets,
    indices: rows.indices,
    values: rows.values,
    labels: mapLabels(manifest, rows.labels),
  };
}

function openSparse(
  manifest: Manifest,
  first: number,
  count: number,
  bytes: Uint8Array,
  range: ByteRange,
): Rows {
  const source = manifest.object.key;
  const opened = piecesOf(manifest, first, count).map((piece) => {
    const { group } = piece;
    if (!("indexType" in group)) throw new RangeError(`row group at byte ${group.byteOffset} is dense`);
    const content = openRowGroup(bytesOf(group, bytes, range, source), group, {
      features: manifest.featureCount,
      first: piece.first,
      count: piece.count,
      source: nameOf(group, source),
      firstRow: group.firstRow,
      squaresLabels: manifest.labels.kind === "real",
    });
    return cut(content, piece);
  });
  return opened.length === 1 ? opened[0]! : join(opened, source);
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
