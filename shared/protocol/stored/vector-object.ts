/** One vector as a stored object: iterates that are too large for a task. */
import { MessageError } from "../../base/index.ts";
import { FrameReader, FrameWriter } from "../frames/frame.ts";

export function encodeVector(vector: Float64Array): Uint8Array {
  return new FrameWriter("vector", 32 + vector.byteLength).vector(vector).finish();
}

/**
 * Bodies decoded before. A cloud in this process hands out one memory to all readers of an object, who would each compute
 * the checksum of the whole iterate; the port forbids writing to it. (Fetched over a network, every body is a new one.)
 */
const decoded = new WeakMap<Uint8Array, Float64Array>();

/**
 * The vector, which must not be written to: it may be a view of the bytes.
 * @param dimension undefined where the caller checks it.
 * @throws MessageError, or MarinaError "version".
 */
export function decodeVector(bytes: Uint8Array, dimension: number | undefined, key: string): Float64Array {
  const vector = decoded.get(bytes) ?? readVector(bytes, key);
  if (dimension !== undefined && vector.length !== dimension) {
    throw new MessageError(`${key}: expected ${dimension} entries, got ${vector.length}`);
  }
  return vector;
}

function readVector(bytes: Uint8Array, key: string): Float64Array {
  const reader = new FrameReader("vector", bytes, key);
  const vector = reader.vector();
  reader.end();
  decoded.set(bytes, vector);
  return vector;
}
