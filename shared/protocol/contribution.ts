/** What comes back on a run's own queue: contributions of workers, their errors, and commands of the user. */
import { MessageError } from "../math/errors.ts";
import { byteOfBody, FRAME_HEADER_BYTES, FrameReader, FrameType, FrameWriter, fromBody, toBody } from "./frame.ts";

/** Which answer of which run this is. */
interface Address {
  readonly runDigest: string;
  readonly round: number;
  readonly slot: number;
  readonly worker: number;
}

/** How long the worker took, by its own clock. */
export interface Timing {
  readonly computeMilliseconds: number;
  /** The environment had never been invoked before. */
  readonly cold: boolean;
}

export type Incoming =
  | ({
      readonly kind: "contribution";
      /** The compressed vector as its compressor encoded it; empty for an evaluation. */
      readonly payload: Uint8Array;
      /** The paper's count of the payload's bits. */
      readonly bits: number;
      /** f_i(x^t), exact over all rows; null when only a batch was looked at. */
      readonly loss: number | null;
      /** grad f_i(x^t), exact, when the task asked for an evaluation; else null. Not the method's traffic. */
      readonly evaluation: Float64Array | null;
    } & Address &
      Timing)
  /** The contribution lies in the object store: it did not fit into a message. */
  | ({ readonly kind: "stored"; readonly key: string } & Address)
  | ({
      readonly kind: "error";
      readonly code: string;
      readonly message: string;
      /** Repeating the task may help (a service was unavailable), or can't (bad data, a non-finite number). */
      readonly retryable: boolean;
    } & Address)
  | ({ readonly kind: "answer"; readonly payload: Uint8Array } & Address & Timing)
  /**
   * The user asks the run to stop at the next round boundary. Counts only for the generation that it names: one that
   * is delivered late must not stop a run that was resumed since.
   */
  | { readonly kind: "stop"; readonly runDigest: string; readonly generation: number };

const KINDS = ["contribution", "stored", "error", "answer", "stop"] as const;
const HAS_LOSS = 1;
const HAS_EVALUATION = 2;
const COLD = 4;
const RETRYABLE = 8;
const EVALUATION_ONLY = 16;

/** Base64 of a frame's beginning, up to its timing and some more. */
const TIMING_HEAD_CHARACTERS = 128;

/** Bytes of a contribution's frame beyond its payload and evaluation, at most: the stated header. */
export const CONTRIBUTION_OVERHEAD_BYTES = 96;

/** A contribution as a frame: the body of a message, or (when too long for one) a stored object. */
export function frameIncoming(message: Incoming): Uint8Array {
  const size = message.kind === "contribution" || message.kind === "answer" ? message.payload.length : 0;
  const evaluation =
    message.kind === "contribution" && message.evaluation ? message.evaluation.byteLength : 0;
  const writer = new FrameWriter("contribution", CONTRIBUTION_OVERHEAD_BYTES + size + evaluation);
  writer.u8(KINDS.indexOf(message.kind));
  if (message.kind === "stop")
    return writer.u8(0).u32(0).text(message.runDigest).u32(message.generation).finish();
  writer.u8(flagsOf(message)).u32(evaluation).text(message.runDigest);
  writer.u32(message.round).u32(message.slot).u32(message.worker);
  switch (message.kind) {
    case "contribution":
      writer
        .f64(message.computeMilliseconds)
        .f64(message.bits)
        .f64(message.loss ?? 0)
        .bytes(message.payload);
      if (message.evaluation !== null) writer.vector(message.evaluation);
      break;
    case "answer":
      writer.f64(message.computeMilliseconds).bytes(message.payload);
      break;
    case "stored":
      writer.text(message.key);
      break;
    case "error":
      writer.text(message.code).text(message.message);
      break;
  }
  return writer.finish();
}

function flagsOf(message: Exclude<Incoming, { kind: "stop" }>): number {
  switch (message.kind) {
    case "contribution":
      return (
        (message.loss === null ? 0 : HAS_LOSS) |
        (message.evaluation === null ? 0 : HAS_EVALUATION) |
        (message.cold ? COLD : 0) |
        (message.payload.length === 0 ? EVALUATION_ONLY : 0)
      );
    case "answer":
      return message.cold ? COLD : 0;
    case "error":
      return message.retryable ? RETRYABLE : 0;
    case "stored":
      return 0;
  }
}

export function encodeIncoming(message: Incoming): string {
  return toBody(frameIncoming(message));
}

/** @throws MessageError, or MarinaError "version". */
export function decodeIncoming(body: string): Incoming {
  return parseIncoming(fromBody(body, "contribution"));
}

/** @throws MessageError, or MarinaError "version". */
export function parseIncoming(bytes: Uint8Array): Incoming {
  const reader = new FrameReader("contribution", bytes, "contribution");
  const kind = KINDS[reader.u8()];
  if (kind === undefined) throw new MessageError("contribution: unknown kind");
  const flags = reader.u8();
  reader.u32(); // evaluation bytes, for `evaluationBytesOf`
  const runDigest = reader.text();
  if (kind === "stop") {
    const generation = reader.u32();
    reader.end();
    return { kind, runDigest, generation };
  }
  const address = { runDigest, round: reader.u32(), slot: reader.u32(), worker: reader.u32() };
  const message = ((): Incoming => {
    switch (kind) {
      case "contribution": {
        const computeMilliseconds = reader.f64();
        const bits = reader.f64();
        const loss = reader.f64();
        const payload = reader.bytes();
        return {
          kind,
          ...address,
          computeMilliseconds,
          bits,
          loss: (flags & HAS_LOSS) !== 0 ? loss : null,
          payload,
          evaluation: (flags & HAS_EVALUATION) !== 0 ? reader.vector() : null,
          cold: (flags & COLD) !== 0,
        };
      }
      case "answer":
        return {
          kind,
          ...address,
          computeMilliseconds: reader.f64(),
          payload: reader.bytes(),
          cold: (flags & COLD) !== 0,
        };
      case "stored":
        return { kind, ...address, key: reader.text() };
      case "error":
        return {
          kind,
          ...address,
          code: reader.text(),
          message: reader.text(),
          retryable: (flags & RETRYABLE) !== 0,
        };
    }
  })();
  reader.end();
  return message;
}

/**
 * How many of a body's bytes are outside the method (as they travel: base64): exact gradients sent for the record,
 * and the whole of an answer to calibration or of a contribution without a payload. Cheap: looks at a few bytes.
 */
export function evaluationBytesOfContribution(body: string): number {
  if (byteOfBody(body, 3) !== FrameType.contribution) return 0;
  const at = FRAME_HEADER_BYTES;
  const kind = KINDS[byteOfBody(body, at) ?? -1];
  if (kind === "answer") return body.length;
  if (kind !== "contribution") return 0;
  if (((byteOfBody(body, at + 1) ?? 0) & EVALUATION_ONLY) !== 0) return body.length;
  let evaluation = 0;
  for (let i = 3; i >= 0; i--) evaluation = 256 * evaluation + (byteOfBody(body, at + 2 + i) ?? 0);
  return Math.ceil((evaluation * 4) / 3);
}

/**
 * How long the worker took, from the frame of a contribution or of an answer, or from its beginning; undefined for
 * everything else. Cheap: looks at a few bytes, and checks nothing.
 */
export function timingOfFrame(frame: Uint8Array): Timing | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const digestAt = FRAME_HEADER_BYTES + 6;
  if (frame.length < digestAt + 4 || frame[3] !== FrameType.contribution) return undefined;
  const kind = KINDS[frame[FRAME_HEADER_BYTES]!];
  if (kind !== "contribution" && kind !== "answer") return undefined;
  // After the digest: round, slot and worker.
  const at = digestAt + 4 + view.getUint32(digestAt, true) + 12;
  if (at + 8 > frame.length) return undefined;
  const computeMilliseconds = view.getFloat64(at, true);
  return { computeMilliseconds, cold: (frame[FRAME_HEADER_BYTES + 1]! & COLD) !== 0 };
}

/** The same for the text of a message. */
export function timingOfBody(body: string): Timing | undefined {
  return timingOfFrame(Buffer.from(body.slice(0, TIMING_HEAD_CHARACTERS), "base64"));
}
