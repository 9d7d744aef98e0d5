/** What comes back on a run's own queue: contributions of workers, their errors, and commands of the user. */
import { MessageError } from "../math/errors.ts";
import {
  byteOfBody,
  FRAME_HEADER_BYTES,
  FrameReader,
  FrameType,
  FrameWriter,
  fromBody,
  toBody,
} from "./frame.ts";

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
  /** The contributions or answers of a packed task, as frames; addressed as its first one. */
  | ({ readonly kind: "pack"; readonly parts: readonly Uint8Array[] } & Address & Timing)
  /**
   * The user asks the run to stop at the next round boundary, or now. Counts only for the generation that it names: one
   * that is delivered late must not stop a run that was resumed since.
   */
  | { readonly kind: "stop"; readonly runDigest: string; readonly generation: number; readonly now: boolean };

const KINDS = ["contribution", "stored", "error", "answer", "stop", "pack"] as const;
const HAS_LOSS = 1;
const HAS_EVALUATION = 2;
const COLD = 4;
const RETRYABLE = 8;
const EVALUATION_ONLY = 16;
const NOW = 32;

/** Base64 of a frame's beginning, up to its timing and some more. */
const TIMING_HEAD_CHARACTERS = 128;

/** Where a frame says how many of its bytes the evaluation takes: its vector with length and alignment. */
const EVALUATION_BYTES_AT = FRAME_HEADER_BYTES + 2;

/** Bytes of a contribution's frame beyond its payload and evaluation, at most: the stated header. */
export const CONTRIBUTION_OVERHEAD_BYTES = 96;

/** A contribution as a frame: the body of a message, or (when too long for one) a stored object. */
export function frameIncoming(message: Incoming): Uint8Array {
  const size = message.kind === "contribution" || message.kind === "answer" ? message.payload.length : 0;
  const evaluation =
    message.kind === "contribution" && message.evaluation ? message.evaluation.byteLength : 0;
  const writer = new FrameWriter("contribution", CONTRIBUTION_OVERHEAD_BYTES + size + evaluation);
  // Kind and flags, then how many of the frame's bytes the evaluation takes: all that accounting has to look at.
  writer.u8(KINDS.indexOf(message.kind));
  if (message.kind === "stop")
    return writer
      .u8(message.now ? NOW : 0)
      .u32(0)
      .text(message.runDigest)
      .u32(message.generation)
      .finish();
  writer.u8(flagsOf(message)).u32(0).text(message.runDigest);
  writer.u32(message.round).u32(message.slot).u32(message.worker);
  switch (message.kind) {
    case "contribution":
      writer
        .f64(message.computeMilliseconds)
        .f64(message.bits)
        .f64(message.loss ?? 0)
        .bytes(message.payload);
      if (message.evaluation !== null) {
        const before = writer.length;
        writer.vector(message.evaluation);
        writer.setU32(EVALUATION_BYTES_AT, writer.length - before);
      }
      break;
    case "answer":
      writer.f64(message.computeMilliseconds).bytes(message.payload);
      break;
    case "stored":
      writer.text(message.key);
      break;
    case "pack": {
      let outside = 0;
      for (const part of message.parts) outside += evaluationBytesOfFrame(part);
      writer.setU32(EVALUATION_BYTES_AT, outside);
      writer.f64(message.computeMilliseconds).u32(message.parts.length);
      for (const part of message.parts) writer.bytes(part);
      break;
    }
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
    case "pack": {
      const outside = message.parts.every((part) => evaluationBytesOfFrame(part) === part.length);
      return (message.cold ? COLD : 0) | (outside ? EVALUATION_ONLY : 0);
    }
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
  reader.u32(); // evaluation bytes: see `evaluationBytesOfContribution`
  const runDigest = reader.text();
  if (kind === "stop") {
    const generation = reader.u32();
    reader.end();
    return { kind, runDigest, generation, now: (flags & NOW) !== 0 };
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
      case "pack": {
        const computeMilliseconds = reader.f64();
        const parts: Uint8Array[] = [];
        for (let left = reader.u32(); left > 0; left--) parts.push(reader.bytes());
        return { kind, ...address, computeMilliseconds, parts, cold: (flags & COLD) !== 0 };
      }
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
 * and the whole of an answer to calibration or of a contribution without a payload. What is left is the length that
 * the body would have without them. Cheap: looks at a few bytes.
 */
export function evaluationBytesOfContribution(body: string): number {
  if (byteOfBody(body, 3) !== FrameType.contribution) return 0;
  const kind = KINDS[byteOfBody(body, FRAME_HEADER_BYTES) ?? -1];
  if (kind === "answer") return body.length;
  if (kind !== "contribution" && kind !== "pack") return 0;
  if (((byteOfBody(body, FRAME_HEADER_BYTES + 1) ?? 0) & EVALUATION_ONLY) !== 0) return body.length;
  let evaluation = 0;
  for (let i = 3; i >= 0; i--)
    evaluation = 256 * evaluation + (byteOfBody(body, EVALUATION_BYTES_AT + i) ?? 0);
  if (evaluation === 0) return 0;
  const others = Math.max(0, Buffer.byteLength(body, "base64") - evaluation);
  return body.length - 4 * Math.ceil(others / 3);
}

/** The same of a whole frame, as it lies in the object store. */
export function evaluationBytesOfFrame(frame: Uint8Array): number {
  if (frame.length < EVALUATION_BYTES_AT + 4 || frame[3] !== FrameType.contribution) return 0;
  const kind = KINDS[frame[FRAME_HEADER_BYTES]!];
  if (kind === "answer") return frame.length;
  if (kind !== "contribution" && kind !== "pack") return 0;
  if ((frame[FRAME_HEADER_BYTES + 1]! & EVALUATION_ONLY) !== 0) return frame.length;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  return Math.min(frame.length, view.getUint32(EVALUATION_BYTES_AT, true));
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
  if (kind !== "contribution" && kind !== "answer" && kind !== "pack") return undefined;
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
