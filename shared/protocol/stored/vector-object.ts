/** One vector as a stored object: iterates that are too large for a task. */
import { MessageError } from "../../base/index.ts";
import { bytesOf, type IteratePrecision } from "../../methods/index.ts";
import { FrameReader, FrameType, FrameWriter } from "../frames/frame.ts";

/** The frame's type says how its entries are written. */
const FRAMES = { float64: "vector", float32: "floats" } as const satisfies Record<
  IteratePrecision,
  FrameType
>;

/** @param precision float32: of an iterate that is kept so. */
export function encodeVector(vector: Float64Array, precision: IteratePrecision = "float64"): Uint8Array {
  const writer = new FrameWriter(FRAMES[precision], 32 + bytesOf(precision) * vector.length);
  return (precision === "float32" ? writer.floats(vector) : writer.vector(vector)).finish();
}

/**
 * Bodies decoded before. A cloud in this process hands out one memory to all readers of an object, who would each compute
 * the checksum of the whole iterate; the port forbids writing to it. (Fetched over a network, every body is a new one.)
 */
const decoded = new WeakMap<Uint8Array, Float64Array>();

/**
 * The vector, which must not be written to: it may be a view of the bytes.
 * @param dimension undefined where the caller checks it.
 * @param precision of its entries: one of the other is refused.
 * @throws MessageError, or MarinaError "version".
 */
export function decodeVector(
  bytes: Uint8Array,
  dimension: number | undefined,
  key: string,
  precision: IteratePrecision = "float64",
): Float64Array {
  const other = precision === "float64" ? "float32" : "float64";
  if (bytes[3] === FrameType[FRAMES[other]])
    throw new MessageError(`${key}: expected a vector of ${precision}, got one of ${other}`);
  const vector = decoded.get(bytes) ?? readVector(bytes, key, precision);
  if (dimension !== undefined && vector.length !== dimension) {
    throw new MessageError(`${key}: expected ${dimension} entries, got ${vector.length}`);
  }
  return vector;
}

function readVector(bytes: Uint8Array, key: string, precision: IteratePrecision): Float64Array {
  const reader = new FrameReader(FRAMES[precision], bytes, key);
  const vector = precision === "float32" ? reader.floats() : reader.vector();
  reader.end();
  decoded.set(bytes, vector);
  return vector;
}
