/** What comes back on a run's own queue: contributions of workers, their errors, and commands of the user. */
import { MessageError } from "../../base/index.ts";
import {
  byteOfBody,
  FRAME_HEADER_BYTES,
  FrameReader,
  FrameType,
  FrameWriter,
  fromBody,
} from "../frames/frame.ts";

/** Which answer of which run this is. */
interface Address {
  readonly runDigest: string;
  readonly round: number;
  /** As in the task: an answer of another phase's cohort does not count. */
  readonly phase: number;
  readonly slot: number;
  readonly worker: number;
}

/** How long the worker took, by its own clock. */
export interface Timing {
  readonly computeMilliseconds: number;
  /** The environment had never been invoked before. */
  readonly cold: boolean;
  /** Objects that it had to read as its caches lacked them (run, manifest, rows); 3 means 3 or more; absent: none. */
  readonly reads?: number;
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
      /** The worker still held grad f_i(x^{t-1}) and had to compute grad f_i(x^t) alone. */
      readonly reused: boolean;
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
  | { readonly kind: "stop"; readonly runDigest: string; readonly generation: number; readonly now: boolean }
  /** The user asks for another number of workers or slots; for the generation that it names, as `stop`. */
  | ({ readonly kind: "scale"; readonly runDigest: string; readonly generation: number } & ScaleRequest);

/** What `marina scale` asks for. */
export interface ScaleRequest {
  /** Tells requests apart and orders them: a later one has a larger number. */
  readonly request: number;
  /** n; null: as it is. */
  readonly workers: number | null;
  /** r; null: as it is. */
  readonly participants: number | null;
  /** Force a dense round, rather than wait for the next one. */
  readonly now: boolean;
}

const KINDS = ["contribution", "stored", "error", "answer", "stop", "pack", "scale"] as const;
const HAS_LOSS = 1;
const HAS_EVALUATION = 2;
const COLD = 4;
/** Of an error: */
const RETRYABLE = 8;
/** of a contribution. */
const REUSED = 8;
const EVALUATION_ONLY = 16;
const NOW = 32;
/** The two highest flags: how many objects were read. */
const READS_SHIFT = 6;
const MOST_READS = 3;

/** Base64 of a frame's beginning, up to its timing and some more. */
const TIMING_HEAD_CHARACTERS = 128;

/** Where a frame says how many of its bytes the evaluation takes: its vector with length and alignment. */
const EVALUATION_BYTES_AT = FRAME_HEADER_BYTES + 2;

/** Bytes of a contribution's frame beyond its payload and evaluation, at most: the stated header. */
export const CONTRIBUTION_OVERHEAD_BYTES = 104;

/** A contribution as a frame: the body of a message, or (when too long for one) a stored object. */
export function frameIncoming(message: Incoming): Uint8Array {
  return writeIncoming(message).finish();
}

/** The frame of a contribution, still to be finished as bytes or as the text of a message. */
export function writeIncoming(message: Incoming): FrameWriter {
  const writer = new FrameWriter("contribution", CONTRIBUTION_OVERHEAD_BYTES + contentBytes(message));
  // Kind and flags, then how many of the frame's bytes the evaluation takes: all that accounting has to look at.
  writer.u8(KINDS.indexOf(message.kind));
  if (message.kind === "stop")
    return writer
      .u8(message.now ? NOW : 0)
      .u32(0)
      .text(message.runDigest)
      .u32(message.generation);
  if (message.kind === "scale")
    return writer
      .u8(message.now ? NOW : 0)
      .u32(0)
      .text(message.runDigest)
      .u32(message.generation)
      .f64(message.request)
      .u32(message.workers ?? 0)
      .u32(message.participants ?? 0);
  writer.u8(flagsOf(message)).u32(0).text(message.runDigest);
  writer.u32(message.phase).u32(message.round).u32(message.slot).u32(message.worker);
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
  return writer;
}

/** Bytes of payload, evaluation and parts. */
function contentBytes(message: Incoming): number {
  switch (message.kind) {
    case "contribution":
      return message.payload.length + (message.evaluation?.byteLength ?? 0);
    case "answer":
      return message.payload.length;
    case "pack":
      return message.parts.reduce((sum, part) => sum + 4 + part.length, 0);
    default:
      return 0;
  }
}

function flagsOf(message: Exclude<Incoming, { kind: "stop" | "scale" }>): number {
  const timing = "cold" in message ? (message.cold ? COLD : 0) | readsFlag(message.reads) : 0;
  switch (message.kind) {
    case "contribution":
      return (
        timing |
        (message.loss === null ? 0 : HAS_LOSS) |
        (message.evaluation === null ? 0 : HAS_EVALUATION) |
        (message.reused ? REUSED : 0) |
        (message.payload.length === 0 ? EVALUATION_ONLY : 0)
      );
    case "answer":
      return timing;
    case "pack": {
      const outside = message.parts.every((part) => evaluationBytesOfFrame(part) === part.length);
      return timing | (outside ? EVALUATION_ONLY : 0);
    }
    case "error":
      return message.retryable ? RETRYABLE : 0;
    case "stored":
      return 0;
  }
}

function readsFlag(reads = 0): number {
  return Math.min(MOST_READS, reads) << READS_SHIFT;
}

/** What the flags say of a worker's timing. */
function coldAndReads(flags: number): Omit<Timing, "computeMilliseconds"> {
  const reads = flags >> READS_SHIFT;
  return { cold: (flags & COLD) !== 0, ...(reads === 0 ? {} : { reads }) };
}

export function encodeIncoming(message: Incoming): string {
  return writeIncoming(message).finishBody();
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
  if (kind === "scale") {
    const message = {
      kind,
      runDigest,
      generation: reader.u32(),
      request: reader.f64(),
      workers: reader.u32() || null,
      participants: reader.u32() || null,
      now: (flags & NOW) !== 0,
    } as const;
    reader.end();
    return message;
  }
  const address = {
    runDigest,
    phase: reader.u32(),
    round: reader.u32(),
    slot: reader.u32(),
    worker: reader.u32(),
  };
  const message = ((): Incoming => {
    switch (kind) {
      case "contribution":
        return readContribution(reader, address, flags);
      case "answer":
        return {
          kind,
          ...address,
          computeMilliseconds: reader.f64(),
          payload: reader.bytes(),
          ...coldAndReads(flags),
        };
      case "stored":
        return { kind, ...address, key: reader.text() };
      case "pack": {
        const computeMilliseconds = reader.f64();
        const parts: Uint8Array[] = [];
        for (let left = reader.u32(); left > 0; left--) parts.push(reader.bytes());
        return { kind, ...address, computeMilliseconds, parts, ...coldAndReads(flags) };
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

function readContribution(
  reader: FrameReader,
  { runDigest, phase, round, slot, worker }: Address,
  flags: number,
): Incoming {
  const computeMilliseconds = reader.f64();
  const bits = reader.f64();
  const loss = reader.f64();
  const payload = reader.bytes();
  const evaluation = (flags & HAS_EVALUATION) !== 0 ? reader.vector() : null;
  const { cold, reads } = coldAndReads(flags);
  // Field by field: there are as many of these as tasks, and spreading takes several times as long.
  return {
    kind: "contribution",
    runDigest,
    phase,
    round,
    slot,
    worker,
    computeMilliseconds,
    bits,
    loss: (flags & HAS_LOSS) !== 0 ? loss : null,
    payload,
    evaluation,
    reused: (flags & REUSED) !== 0,
    cold,
    ...(reads === undefined ? {} : { reads }),
  };
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

/** Is this body a command of the user, and no worker's message? Looks at a few bytes. */
export function isCommandBody(body: string): boolean {
  if (byteOfBody(body, 3) !== FrameType.contribution) return false;
  const kind = KINDS[byteOfBody(body, FRAME_HEADER_BYTES) ?? -1];
  return kind === "stop" || kind === "scale";
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
  // After the digest: phase, round, slot and worker.
  const at = digestAt + 4 + view.getUint32(digestAt, true) + 16;
  if (at + 8 > frame.length) return undefined;
  const computeMilliseconds = view.getFloat64(at, true);
  return { computeMilliseconds, ...coldAndReads(frame[FRAME_HEADER_BYTES + 1]!) };
}

/** The same for the text of a message. */
export function timingOfBody(body: string): Timing | undefined {
  return timingOfFrame(Buffer.from(body.slice(0, TIMING_HEAD_CHARACTERS), "base64"));
}
