/** A zip archive of one uncompressed file: what Lambda takes for a function's code. */
import { crc32 } from "node:zlib";

export function zipOf(name: string, text: string): Uint8Array {
  const path = Buffer.from(name);
  const content = Buffer.from(text);
  /** What the local and the central header share, from "version needed" to "extra field length". */
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0); // version 2.0
  common.writeUInt32LE(crc32(content), 10);
  common.writeUInt32LE(content.length, 14);
  common.writeUInt32LE(content.length, 18);
  common.writeUInt16LE(path.length, 22);
  const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, path, content]);
  const madeBy = Buffer.alloc(2);
  madeBy.writeUInt16LE((3 << 8) | 20, 0); // Unix
  const attributes = Buffer.alloc(14);
  attributes.writeUInt32LE((0o100644 << 16) >>> 0, 6); // a regular file that everybody may read; header at offset 0
  const central = Buffer.concat([Buffer.from("PK\x01\x02"), madeBy, common, attributes, path]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, central, Buffer.from("PK\x05\x06"), end]);
}
