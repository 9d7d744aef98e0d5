/** All rows of a data set, a piece at a time, as a problem reads them. */
import { MarinaError } from "../../shared/base/index.ts";
import type { ObjectStore } from "../../shared/cloud/index.ts";
import { type Manifest, openDenseRows, openShard } from "../../shared/data/index.ts";
import type { Problem, Rows } from "../../shared/problems/index.ts";

/** Cells of the rows that are in hand at one time, should all of them become entries. */
const CELLS_AT_ONCE = 4_000_000;

export interface Piece {
  /** Number of its first row in the data set, from 0. */
  readonly first: number;
  readonly rows: Rows;
  /** What the data set says of each row. */
  readonly labels: ArrayLike<number>;
}

/**
 * The rows in order, each once.
 * @throws MarinaError "corrupt" where they are not those that were imported.
 */
export async function* rowsOf(
  objects: Pick<ObjectStore, "get">,
  manifest: Manifest,
  layout: Problem["rows"],
): AsyncGenerator<Piece, void, undefined> {
  const { key, etag } = manifest.object;
  const most = Math.max(1, Math.floor(CELLS_AT_ONCE / manifest.featureCount));
  for (const { firstRow, rows, byteOffset, byteLength } of manifest.groups) {
    const range = { start: byteOffset, end: byteOffset + byteLength };
    const { body } = await objects.get(key, { ifMatch: etag, range }).catch((error: unknown) => {
      throw changed(manifest, error);
    });
    for (let first = firstRow; first < firstRow + rows; first += most) {
      const count = Math.min(most, firstRow + rows - first);
      if (layout === "dense") {
        const dense = openDenseRows(manifest, first, count, body, range);
        yield { first, rows: dense, labels: dense.labels ?? [] };
        continue;
      }
      const shard = openShard(manifest, first, count, body, range);
      yield { first, rows: shard, labels: shard.labels };
    }
  }
}

function changed({ name, object }: Manifest, error: unknown): unknown {
  const gone =
    error instanceof MarinaError && (error.code === "precondition-failed" || error.code === "not-found");
  if (!gone) return error;
  return new MarinaError(
    "corrupt",
    `${object.key}: the rows of data set "${name}" are gone or not those that were imported (expected ETag ${object.etag}); import it again with --replace`,
    { cause: error },
  );
}
