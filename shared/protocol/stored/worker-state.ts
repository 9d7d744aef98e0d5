/** What a DIANA or VR-DIANA worker remembers, as an object keyed by (run, worker, round). */

import { MessageError } from "../../base/index.ts";
import type { WorkerMemory } from "../../methods/index.ts";
import { FrameReader, FrameWriter } from "../frames/frame.ts";

export function encodeMemory(memory: WorkerMemory): Uint8Array {
  const { shift, reference, referenceGradient } = memory;
  const writer = new FrameWriter("workerMemory", 64 + 3 * 8 * (shift.length + 1));
  writer.vector(shift);
  if (reference === undefined || referenceGradient === undefined) return writer.u8(0).finish();
  return writer.u8(1).vector(reference).vector(referenceGradient).finish();
}

/** @throws MessageError, or MarinaError "version". */
export function decodeMemory(bytes: Uint8Array, dimension: number, key: string): WorkerMemory {
  const reader = new FrameReader("workerMemory", bytes, key);
  const vector = (name: string): Float64Array => {
    const found = reader.vector();
    if (found.length !== dimension) {
      throw new MessageError(`${key}: ${name} has ${found.length} entries, expected ${dimension}`);
    }
    return found;
  };
  const shift = vector("shift");
  const hasReference = reader.u8();
  const memory =
    hasReference === 0
      ? { shift }
      : { shift, reference: vector("reference"), referenceGradient: vector("gradient") };
  reader.end();
  return memory;
}
