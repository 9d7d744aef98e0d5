/** One worker's rows with all their entries, from either layout. */
import type { ByteRange } from "../../cloud/index.ts";
import type { DenseRows, Shard } from "../../problems/index.ts";
import type { Manifest } from "../manifest.ts";
import { filled, openDenseValues } from "./dense-shard.ts";
import { mapLabels } from "./map-labels.ts";
import { openShard } from "./shard.ts";

/** The rows of a shard with all their entries. @param shape of a row; @throws MarinaError "limit" as `openDenseRows`. */
export function withAllEntries(shard: Shard, shape: readonly number[], source: string): DenseRows {
  const values = filled(shard, shard.features, source);
  return { rows: shard.rows, shape, values, scale: 1, offset: 0, labels: shard.labels };
}

/**
 * Rows first .. first + count - 1: of dense row groups as they are stored, of sparse ones with the zeros between their
 * entries; the shape of a row is then [d].
 *
 * @param bytes the bytes `range` of the data object: `shardRange`, or any range that includes it.
 * @throws MarinaError as `openShard`; "limit" for sparse rows that would take more than 2 GiB with all entries.
 */
export function openDenseRows(
  manifest: Manifest,
  first: number,
  count: number,
  bytes: Uint8Array,
  range: ByteRange,
): DenseRows {
  const { dense } = manifest;
  if (dense !== undefined) {
    const { labels, values } = openDenseValues(manifest, dense, first, count, bytes, range);
    const { shape, scale, offset } = dense;
    return { rows: count, shape, values, scale, offset, labels: mapLabels(manifest, labels) };
  }
  const { featureCount, object } = manifest;
  return withAllEntries(openShard(manifest, first, count, bytes, range), [featureCount], object.key);
}
