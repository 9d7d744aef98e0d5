/**
 * A delta: all that whoever holds the server's state S_t needs to make S_{t+1} of it, and the checksums of what must come out.
 * Immutable: two that are of the same run, membership epoch and round are the same bytes.
 */
import { MessageError } from "../../base/index.ts";
import { type MadeStep, REQUESTS } from "../../methods/index.ts";
import { FrameReader, FrameWriter } from "../frames/frame.ts";

export interface Delta extends MadeStep {
  readonly runDigest: string;
  /** Number of the membership epoch. */
  readonly phase: number;
  /** CRC-32 of each vector of S_{t+1}, in the order of `serverStateNames`. */
  readonly next: readonly number[];
}

const REFRESH = 1;
const MEAN = 2;
const WEIGHTS = 4;

export function encodeDelta(delta: Delta): Uint8Array {
  const { sum, refresh } = delta;
  const content =
    sum.kind === "mean"
      ? 16 + sum.mean.byteLength
      : sum.payloads.reduce((bytes, payload) => bytes + 12 + payload.length, 0);
  const weights = sum.kind === "messages" ? sum.weights : undefined;
  const writer = new FrameWriter("delta", 256 + content)
    .text(delta.runDigest)
    .u32(delta.phase)
    .u32(delta.round)
    .u32(delta.workers)
    .text(delta.request)
    .f64(delta.stepSize)
    .f64(delta.shiftStep)
    .u8((refresh ? REFRESH : 0) | (sum.kind === "mean" ? MEAN : 0) | (weights === undefined ? 0 : WEIGHTS))
    .u8(delta.next.length);
  for (const crc of delta.next) writer.u32(crc);
  if (sum.kind === "mean") return writer.vector(sum.mean).finish();
  writer.u32(sum.payloads.length);
  for (const payload of sum.payloads) writer.bytes(payload);
  if (weights !== undefined) writer.vector(weights);
  return writer.finish();
}

/** @throws MessageError, or MarinaError "version". */
export function decodeDelta(bytes: Uint8Array, dimension: number, where: string): Delta {
  const reader = new FrameReader("delta", bytes, where);
  const runDigest = reader.text();
  const [phase, round, workers] = [reader.u32(), reader.u32(), reader.u32()];
  const request = reader.text();
  if (!REQUESTS.has(request)) throw new MessageError(`${where}: no method asks for ${request}`);
  const [stepSize, shiftStep] = [reader.f64(), reader.f64()];
  const flags = reader.u8();
  const next: number[] = [];
  for (let left = reader.u8(); left > 0; left--) next.push(reader.u32());
  const known = {
    ...{ runDigest, phase, round, workers, request, stepSize, shiftStep, next },
    refresh: (flags & REFRESH) !== 0,
  };
  if ((flags & MEAN) !== 0) {
    const mean = reader.vector();
    reader.end();
    if (mean.length !== dimension)
      throw new MessageError(`${where}: expected ${dimension} entries, got ${mean.length}`);
    return { ...known, sum: { kind: "mean", mean } };
  }
  const payloads: Uint8Array[] = [];
  for (let left = reader.u32(); left > 0; left--) payloads.push(reader.bytes());
  const weights = (flags & WEIGHTS) === 0 ? undefined : reader.vector();
  reader.end();
  if (weights !== undefined && weights.length !== payloads.length)
    throw new MessageError(`${where}: expected ${payloads.length} weights, got ${weights.length}`);
  return { ...known, sum: { kind: "messages", payloads, ...(weights === undefined ? {} : { weights }) } };
}
