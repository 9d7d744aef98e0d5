/**
 * Vectors that are stored to be read by ranges of coordinates: who adds many of them need not read any of them whole. Range s
 * of S of a vector of R^d holds the coordinates from floor(s d / S) up to floor((s + 1) d / S). Such an object is nothing but
 * the numbers, so whoever stores it again stores the same bytes, and each range has a checksum of its own.
 */
import { crc32 } from "node:zlib";

/** Into how many ranges the vectors of a task's answer are cut; 0: that vector is not stored so. */
export interface Ranges {
  /** The method's message, dense. */
  readonly message: number;
  /** The exact gradient for the record. */
  readonly evaluation: number;
}

/** What one reducer adds: a range of coordinates of the vectors that some slots have stored. */
export interface Reduction {
  /** d */
  readonly dimension: number;
  /** Bytes of one number. */
  readonly entryBytes: 4 | 8;
  /** S, 1 <= S <= d */
  readonly ranges: number;
  /** s, 0 <= s < S */
  readonly range: number;
  /** In the order in which their vectors are added. */
  readonly slots: Uint32Array;
  /** The CRC-32 of the range in the vector of each. */
  readonly checksums: Uint32Array;
}

/** The first coordinate of a range; that of range S is d. */
export function rangeStart(dimension: number, ranges: number, range: number): number {
  return Math.floor((range * dimension) / ranges);
}

/** Where the bytes of a range lie in the object, end exclusive. */
export function bytesOfRange({
  dimension,
  entryBytes,
  ranges,
  range,
}: Pick<Reduction, "dimension" | "entryBytes" | "ranges" | "range">): {
  readonly start: number;
  readonly end: number;
} {
  return {
    start: entryBytes * rangeStart(dimension, ranges, range),
    end: entryBytes * rangeStart(dimension, ranges, range + 1),
  };
}

/** The CRC-32 of each range of a vector's bytes. @param dimension d: numbers of 4 or of 8 bytes */
export function checksumsOf(bytes: Uint8Array, dimension: number, ranges: number): Uint32Array {
  const entryBytes = bytes.length === 4 * dimension ? 4 : 8;
  return Uint32Array.from({ length: ranges }, (_, range) => {
    const { start, end } = bytesOfRange({ dimension, entryBytes, ranges, range });
    return crc32(bytes.subarray(start, end));
  });
}
