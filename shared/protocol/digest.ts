/** Digests: what two engines compare to know that they have the same bits. */
import { hash } from "node:crypto";
import { crc32 } from "node:zlib";

/** SHA-256 of bytes, lower-case hexadecimal. */
export function sha256(bytes: Uint8Array | string): string {
  return hash("sha256", bytes);
}

/** SHA-256 of a vector's little-endian float64 bytes. */
export function vectorSha256(vector: Float64Array): string {
  return sha256(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
}

/** Vectors are never written to once they are part of a state: the older of two points is the newer one of the round before. */
const crcs = new WeakMap<Float64Array, number>();

/** CRC-32 of a vector's little-endian float64 bytes. */
export function vectorCrc(vector: Float64Array): number {
  let crc = crcs.get(vector);
  if (crc === undefined) {
    crc = crc32(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
    crcs.set(vector, crc);
  }
  return crc;
}

/** JSON with sorted keys: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}
