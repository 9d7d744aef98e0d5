/** Are bytes of a data object those that were imported? */
import { crc32 } from "node:zlib";
import { MarinaError } from "../../base/index.ts";
import type { ByteRange } from "../../cloud/index.ts";
import type { Manifest, ManifestGroup } from "../manifest.ts";
import { bytesOf, nameOf } from "./pieces.ts";

/**
 * Every row group that lies within the range is held against its CRC-32, where the manifest knows it.
 * @throws MarinaError "corrupt" for fewer or more bytes than the range has, and for a group that was changed.
 */
export function checkRange(manifest: Manifest, bytes: Uint8Array, range: ByteRange): void {
  const { key } = manifest.object;
  if (bytes.length !== range.end - range.start) {
    throw new MarinaError(
      "corrupt",
      `${key}: expected ${range.end - range.start} bytes from byte ${range.start}, got ${bytes.length}`,
    );
  }
  const groups: readonly ManifestGroup[] = manifest.groups;
  for (const group of groups) {
    if (group.crc32 === undefined) continue;
    if (group.byteOffset < range.start || group.byteOffset + group.byteLength > range.end) continue;
    const found = crc32(bytesOf(group, bytes, range, key));
    if (found === group.crc32) continue;
    throw new MarinaError(
      "corrupt",
      `${nameOf(group, key)}: expected CRC-32 ${hexadecimal(group.crc32)} of ${group.byteLength} bytes, got ${hexadecimal(found)}; import the data set again with --replace`,
    );
  }
}

function hexadecimal(checksum: number): string {
  return checksum.toString(16).padStart(8, "0");
}
