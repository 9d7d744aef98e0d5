/** Which row groups hold the rows that are wanted, and where their bytes are. */
import { MarinaError } from "../../base/index.ts";
import type { ByteRange } from "../../cloud/index.ts";
import type { Manifest, ManifestGroup } from "../manifest.ts";

/** A group and those of its rows that are wanted. */
export interface Piece {
  readonly group: ManifestGroup;
  /** Within the group. */
  readonly first: number;
  readonly count: number;
}

/** @throws RangeError when the data set has no such rows: a defect of the caller. */
export function piecesOf(manifest: Manifest, first: number, count: number): Piece[] {
  const end = first + count;
  if (
    !(Number.isInteger(first) && Number.isInteger(count) && first >= 0 && count >= 1 && end <= manifest.rows)
  ) {
    throw new RangeError(`rows ${first} .. ${end - 1}: expected at least one of 0 .. ${manifest.rows - 1}`);
  }
  const groups: readonly ManifestGroup[] = manifest.groups;
  return groups.flatMap((group) => {
    const from = Math.max(first, group.firstRow);
    const to = Math.min(end, group.firstRow + group.rows);
    return from < to ? [{ group, first: from - group.firstRow, count: to - from }] : [];
  });
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
 * A group's bytes among those of a range of the data object.
 * @throws MarinaError "corrupt" where the range came with fewer or more bytes. RangeError when the group is not within it.
 */
export function bytesOf(
  group: ManifestGroup,
  bytes: Uint8Array,
  range: ByteRange,
  source: string,
): Uint8Array {
  if (bytes.length !== range.end - range.start) {
    throw new MarinaError(
      "corrupt",
      `${source}: expected ${range.end - range.start} bytes from ${range.start}, got ${bytes.length}`,
    );
  }
  const start = group.byteOffset - range.start;
  const end = start + group.byteLength;
  if (start < 0 || end > bytes.length) {
    throw new RangeError(
      `row group at byte ${group.byteOffset} is not within bytes ${range.start} .. ${range.end}`,
    );
  }
  return bytes.subarray(start, end);
}

/** How errors name a group. */
export function nameOf({ firstRow, rows }: ManifestGroup, source: string): string {
  return `${source}, rows ${firstRow} .. ${firstRow + rows - 1}`;
}
