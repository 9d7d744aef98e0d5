/** What a worker of a method with state remembers, as an object keyed by (run, worker, round). */

import { MessageError } from "../../base/index.ts";
import type { Vectors, WorkerStateDefinition } from "../../methods/index.ts";
import { FrameReader, FrameWriter } from "../frames/frame.ts";

/** The definition's names, in whose order the vectors are written; they themselves are not. */
type Layout = Pick<WorkerStateDefinition, "vectors" | "spare">;

export function encodeWorkerState(state: Vectors, { vectors, spare }: Layout): Uint8Array {
  const whole = spare.length > 0 && spare.every((name) => state[name] !== undefined);
  const names = whole ? [...vectors, ...spare] : vectors;
  const bytes = names.reduce((sum, name) => sum + 8 + state[name]!.byteLength, 64);
  const writer = new FrameWriter("workerMemory", bytes);
  for (const name of vectors) writer.vector(state[name]!);
  writer.u8(whole ? 1 : 0);
  if (whole) for (const name of spare) writer.vector(state[name]!);
  return writer.finish();
}

/** @throws MessageError, or MarinaError "version". */
export function decodeWorkerState(
  bytes: Uint8Array,
  { vectors, spare }: Layout,
  dimension: number,
  key: string,
): Vectors {
  const reader = new FrameReader("workerMemory", bytes, key);
  const vector = (name: string): [string, Float64Array] => {
    const found = reader.vector();
    if (found.length !== dimension) {
      throw new MessageError(`${key}: ${name} has ${found.length} entries, expected ${dimension}`);
    }
    return [name, found];
  };
  const state = vectors.map(vector);
  const whole = reader.u8();
  if (whole !== 0) state.push(...spare.map(vector));
  reader.end();
  return Object.fromEntries(state);
}
