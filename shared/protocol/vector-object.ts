/** One vector as a stored object: iterates that are too large for a task. */
import { MessageError } from "../math/errors.ts";
import { FrameReader, FrameWriter } from "./frame.ts";

export function encodeVector(vector: Float64Array): Uint8Array {
  return new FrameWriter("vector", 32 + vector.byteLength).vector(vector).finish();
}

/** @throws MessageError, or MarinaError "version". */
export function decodeVector(bytes: Uint8Array, dimension: number, key: string): Float64Array {
  const reader = new FrameReader("vector", bytes, key);
  const vector = reader.vector();
  reader.end();
  if (vector.length !== dimension) {
    throw new MessageError(`${key}: expected ${dimension} entries, got ${vector.length}`);
  }
  return vector;
}
