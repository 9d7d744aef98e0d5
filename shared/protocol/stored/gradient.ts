/**
 * A worker's gradient over all its rows, as a stored object: computed in one round, needed again in the next one. It says whose it
 * is and at which point, so that whoever reads it can tell that it is the one that it would compute, to the last bit.
 */
import { MessageError } from "../../base/index.ts";
import { FRAME_HEADER_BYTES, FrameReader, FrameWriter } from "../frames/frame.ts";

/** Which gradient it is: grad f_i(x^t), i the worker, t the round, among the n workers of one membership epoch of one run. */
export interface GradientIdentity {
  readonly runDigest: string;
  /** Number of the membership epoch. */
  readonly phase: number;
  /** n: among how many workers the rows are split. */
  readonly workers: number;
  /** The round whose iterate the point is. */
  readonly round: number;
  readonly worker: number;
  /** CRC-32 of the point (`vectorCrc`). */
  readonly point: number;
}

/** Bytes of the object: its header, the digest with its length, five numbers, and the vector with its own, aligned to 8 bytes. */
export function storedGradientBytes(runDigest: string, dimension: number): number {
  const before = FRAME_HEADER_BYTES + 4 + runDigest.length + 20 + 4;
  return Math.ceil(before / 8) * 8 + 8 * dimension;
}

/** @param vector float64, as it was computed. */
export function encodeGradient(
  { runDigest, phase, workers, round, worker, point }: GradientIdentity,
  vector: Float64Array,
): Uint8Array {
  return new FrameWriter("gradient", storedGradientBytes(runDigest, vector.length))
    .text(runDigest)
    .u32(phase)
    .u32(workers)
    .u32(round)
    .u32(worker)
    .u32(point)
    .vector(vector)
    .finish();
}

/**
 * The vector, which must not be written to: it may be a view of the bytes.
 * @throws MessageError for bytes that were changed or cut off, and for the gradient of another run, epoch, round, worker or point;
 *   MarinaError "version".
 */
export function decodeGradient(
  bytes: Uint8Array,
  expected: GradientIdentity,
  dimension: number,
  key: string,
): Float64Array {
  const reader = new FrameReader("gradient", bytes, key);
  const runDigest = reader.text();
  const [phase, workers, round] = [reader.u32(), reader.u32(), reader.u32()];
  const [worker, point] = [reader.u32(), reader.u32()];
  const found: GradientIdentity = { runDigest, phase, workers, round, worker, point };
  for (const name of ["runDigest", "phase", "workers", "round", "worker", "point"] as const) {
    if (found[name] !== expected[name])
      throw new MessageError(`${key}: expected ${name} ${expected[name]}, got ${found[name]}`);
  }
  const vector = reader.vector();
  reader.end();
  if (vector.length !== dimension)
    throw new MessageError(`${key}: expected ${dimension} entries, got ${vector.length}`);
  return vector;
}
