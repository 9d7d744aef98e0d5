/** What comes back on a run's own queue: contributions of workers, their errors, and commands of the user. */
import { MessageError } from "../../base/index.ts";
import {
  beginningOf,
  beginningOfFrame,
  bodyCharacters,
  FRAME_HEADER_BYTES,
  FrameReader,
  FrameWriter,
  firstNumbersOf,
  fromBody,
  type NumberReader,
  unlessCutOff,
} from "../frames/frame.ts";

/** Which answer of which run this is. */
interface Address {
  readonly runDigest: string;
  readonly round: number;
  /** As in the task: an answer of another phase's membership does not count. */
  readonly phase: number;
  readonly slot: number;
  readonly worker: number;
}

/** How long the worker took, by its own clock. */
export interface Timing {
  readonly computeMilliseconds: number;
  /** The environment had never been invoked before. */
  readonly cold: boolean;
  /** Bytes of objects that its points or the server's state were read from; absent: they came in the task, or nothing is told. */
  readonly bytesRead?: number;
  /** Objects that it had to read as its caches lacked them (run, manifest, rows); 3 means 3 or more; absent: none. */
  readonly reads?: number;
}

type Contribution = Extract<RunMessage, { kind: "contribution" }>;

export type RunMessage =
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
      /** Where it lies instead, as a vector object, when it is too large to travel with the rest; `evaluation` is null then. */
      readonly evaluationKey?: string;
      /** The dense payload lies in the store, to be read by ranges: the checksum of each. `payload` is empty then. */
      readonly payloadRanges?: Uint32Array;
      /** The same of the exact gradient; `evaluation` is null then. */
      readonly evaluationRanges?: Uint32Array;
      /** The worker still held grad f_i(x^{t-1}), or found it in the store, and had to compute grad f_i(x^t) alone. */
      readonly reused: boolean;
    } & Address &
      Timing)
  /** The contribution lies in the object store: it did not fit into a message. */
  | ({
      readonly kind: "stored";
      readonly key: string;
      /** All of it is outside the method. */
      readonly outside: boolean;
    } & Address)
  | ({
      readonly kind: "error";
      readonly code: string;
      readonly message: string;
      /** Repeating the task may help (a service was unavailable), or can't (bad data, a non-finite number). */
      readonly retryable: boolean;
    } & Address)
  /** The environment can't make the server's state of what the task says. No failure: the task is sent again with all of it. */
  | ({
      readonly kind: "need-state";
      /** Of deltas that it has read all the same. */
      readonly bytesRead: number;
    } & Address)
  | ({ readonly kind: "answer"; readonly payload: Uint8Array } & Address & Timing)
  /** A reducer's sum of one range of coordinates lies in the store. */
  | ({
      readonly kind: "reduced";
      /** The CRC-32 of its bytes; without meaning where something was lost. */
      readonly checksum: number;
      /** Slots whose vectors are gone, or not what their workers have told of: nothing was added. */
      readonly lost: readonly number[];
      /** The sum is of exact gradients, for the record. */
      readonly outside: boolean;
    } & Address &
      Timing)
  /** What a worker's part of the held-out data says of x. */
  | ({
      readonly kind: "held-out";
      readonly rows: number;
      /** Sum over the rows, without regulariser. */
      readonly loss: number;
      /** Rows that are predicted right; null where that has no meaning. */
      readonly correct: number | null;
    } & Address &
      Timing)
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

const KINDS = [
  ...([
    "contribution",
    "stored",
    "error",
    "answer",
    "stop",
    "pack",
    "scale",
    "held-out",
    "need-state",
  ] as const),
  /** A contribution whose payload, and one whose exact gradient alone, lies in the store to be read by ranges. */
  ...(["ranges", "observed-ranges"] as const),
  "reduced",
  /** A contribution whose dense payload is its exact gradient, rounded to the wire: it travels once. */
  "exact",
] as const;
type KindOnWire = (typeof KINDS)[number];

function kindOnWire(message: RunMessage): KindOnWire {
  if (message.kind !== "contribution") return message.kind;
  if (message.payloadRanges !== undefined) return "ranges";
  if (message.evaluationRanges !== undefined) return "observed-ranges";
  return roundedEntryBytes(message) === undefined ? "contribution" : "exact";
}

/**
 * Bytes of a number of the payload, where that is nothing but the exact gradient in numbers of 4 or 8 bytes: a dense message over all
 * rows in a round that is watched. By its bytes, whatever method or request has made it.
 */
function roundedEntryBytes({ payload, evaluation }: Contribution): 4 | 8 | undefined {
  if (evaluation === null || evaluation.length === 0) return undefined;
  const entryBytes = payload.length / evaluation.length;
  if (entryBytes !== 4 && entryBytes !== 8) return undefined;
  return Buffer.compare(payload, rounded(evaluation, entryBytes)) === 0 ? entryBytes : undefined;
}

function rounded(vector: Float64Array, entryBytes: 4 | 8): Uint8Array {
  const numbers = entryBytes === 4 ? Float32Array.from(vector) : Float64Array.from(vector);
  return new Uint8Array(numbers.buffer);
}

const NO_PAYLOAD = new Uint8Array(0);
const NO_VECTOR = new Float64Array(0);
const HAS_LOSS = 1;
const HAS_EVALUATION = 2;
const COLD = 4;
/** Of an error: */
const RETRYABLE = 8;
/** of a contribution. */
const REUSED = 8;
const EVALUATION_ONLY = 16;
const EVALUATION_APART = 32;
/** Of a command: */
const NOW = 32;
/** The two highest flags: how many objects were read. */
const READS_SHIFT = 6;
const MOST_READS = 3;

/** Bytes of a frame that hold its timing, and more. */
const TIMING_BYTES = FRAME_HEADER_BYTES + 80;

/** Bytes of a contribution's frame beyond its payload and evaluation, at most: the stated header. */
export const CONTRIBUTION_OVERHEAD_BYTES = 104;

/** A contribution as a frame: the body of a message, or (when too long for one) a stored object. */
export function frameRunMessage(message: RunMessage): Uint8Array {
  return writeRunMessage(message).finish();
}

/** The frame of a contribution, still to be finished as bytes or as the text of a message. */
export function writeRunMessage(message: RunMessage): FrameWriter {
  const writer = new FrameWriter("contribution", CONTRIBUTION_OVERHEAD_BYTES + contentBytes(message));
  const kind = kindOnWire(message);
  const evaluationBytesAt = writeOpening(writer, kind, message);
  writer.text(message.runDigest);
  if (message.kind === "stop") return writer.u32(message.generation);
  if (message.kind === "scale")
    return writer
      .u32(message.generation)
      .f64(message.request)
      .u32(message.workers ?? 0)
      .u32(message.participants ?? 0);
  writer.u32(message.phase).u32(message.round).u32(message.slot).u32(message.worker);
  switch (message.kind) {
    case "contribution":
      writer
        .f64(message.computeMilliseconds)
        .f64(message.bits)
        .f64(message.loss ?? 0)
        .bytes(kind === "exact" ? NO_PAYLOAD : message.payload);
      if (kind === "exact") {
        const before = writer.length;
        const { evaluation, payload } = message;
        writer.vector(evaluation!).u8(payload.length / evaluation!.length);
        // The method's share is as long as it is unwatched.
        writer.setU32(evaluationBytesAt, writer.length - before - payload.length);
      } else if (message.evaluation !== null) {
        const before = writer.length;
        writer.vector(message.evaluation);
        writer.setU32(evaluationBytesAt, writer.length - before);
      } else if (message.evaluationKey !== undefined) {
        const before = writer.length;
        writer.text(message.evaluationKey);
        writer.setU32(evaluationBytesAt, writer.length - before);
      }
      if (message.payloadRanges !== undefined) writeList(writer, message.payloadRanges);
      if (message.evaluationRanges !== undefined) {
        const before = writer.length;
        writeList(writer, message.evaluationRanges);
        writer.setU32(evaluationBytesAt, writer.length - before);
      }
      if (message.bytesRead !== undefined) writer.f64(message.bytesRead);
      break;
    case "reduced":
      writeList(writer.f64(message.computeMilliseconds).u32(message.checksum), message.lost);
      break;
    case "answer":
      writer.f64(message.computeMilliseconds).bytes(message.payload);
      break;
    case "held-out":
      writer
        .f64(message.computeMilliseconds)
        .f64(message.rows)
        .f64(message.loss)
        .f64(message.correct ?? -1);
      break;
    case "stored":
      writer.text(message.key);
      break;
    case "need-state":
      writer.f64(message.bytesRead);
      break;
    case "pack": {
      let outside = 0;
      for (const part of message.parts) outside += evaluationBytesOfFrame(part);
      writer.setU32(evaluationBytesAt, outside);
      writer.f64(message.computeMilliseconds).u32(message.parts.length);
      for (const part of message.parts) writer.bytes(part);
      if (message.bytesRead !== undefined) writer.f64(message.bytesRead);
      break;
    }
    case "error":
      writer.text(message.code).text(message.message);
      break;
  }
  return writer;
}

function writeList(writer: FrameWriter, values: Uint32Array | readonly number[]): void {
  writer.u32(values.length);
  for (const value of values) writer.u32(value);
}

function readList(reader: FrameReader): number[] {
  const values: number[] = [];
  for (let left = reader.u32(); left > 0; left--) values.push(reader.u32());
  return values;
}

/** What every message begins with: all that accounting has to know of it but its timing. */
interface Opening {
  readonly kind: KindOnWire;
  readonly flags: number;
  /** How many of the frame's bytes the evaluation takes: its vector with length and alignment. */
  readonly evaluationBytes: number;
}

/** @returns where the number of evaluation bytes stands, which is not known yet */
function writeOpening(writer: FrameWriter, kind: KindOnWire, message: RunMessage): number {
  writer.u8(KINDS.indexOf(kind)).u8(flagsOf(message));
  const evaluationBytesAt = writer.length;
  writer.u32(0);
  return evaluationBytesAt;
}

/** @throws MessageError */
function readOpening(reader: NumberReader): Opening {
  const kind = KINDS[reader.u8()];
  if (kind === undefined) throw new MessageError("contribution: unknown kind");
  return { kind, flags: reader.u8(), evaluationBytes: reader.u32() };
}

/** Bytes of payload, evaluation and parts. */
function contentBytes(message: RunMessage): number {
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

function flagsOf(message: RunMessage): number {
  const timing = "cold" in message ? (message.cold ? COLD : 0) | readsFlag(message.reads) : 0;
  switch (message.kind) {
    case "contribution":
      return (
        timing |
        (message.loss === null ? 0 : HAS_LOSS) |
        (message.evaluation === null ? 0 : HAS_EVALUATION) |
        (message.evaluationKey === undefined && message.evaluationRanges === undefined
          ? 0
          : EVALUATION_APART) |
        (message.reused ? REUSED : 0) |
        (message.payload.length === 0 && message.payloadRanges === undefined ? EVALUATION_ONLY : 0)
      );
    case "reduced":
      return timing | (message.outside ? EVALUATION_ONLY : 0);
    case "answer":
    case "held-out":
      return timing;
    case "pack": {
      const outside = message.parts.every((part) => evaluationBytesOfFrame(part) === part.length);
      return timing | (outside ? EVALUATION_ONLY : 0);
    }
    case "error":
      return message.retryable ? RETRYABLE : 0;
    case "stored":
      return message.outside ? EVALUATION_ONLY : 0;
    case "need-state":
      return 0;
    case "stop":
    case "scale":
      return message.now ? NOW : 0;
  }
}

function readsFlag(reads = 0): number {
  return Math.min(MOST_READS, reads) << READS_SHIFT;
}

export function encodeRunMessage(message: RunMessage): string {
  return writeRunMessage(message).finishBody();
}

/** @throws MessageError, or MarinaError "version". */
export function decodeRunMessage(body: string): RunMessage {
  return parseRunMessage(fromBody(body, "contribution"));
}

/** @throws MessageError, or MarinaError "version". */
export function parseRunMessage(bytes: Uint8Array): RunMessage {
  const reader = new FrameReader("contribution", bytes, "contribution");
  const { kind, flags } = readOpening(reader);
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
  const address = readAddress(reader, runDigest);
  const message = ((): RunMessage => {
    switch (kind) {
      case "contribution":
      case "ranges":
      case "observed-ranges":
      case "exact":
        return readContribution(reader, address, kind, flags);
      case "reduced": {
        const timing = readTiming(reader, flags);
        const checksum = reader.u32();
        const outside = (flags & EVALUATION_ONLY) !== 0;
        return { kind, ...address, ...timing, checksum, lost: readList(reader), outside };
      }
      case "answer":
        return { kind, ...address, ...readTiming(reader, flags), payload: reader.bytes() };
      case "held-out":
        return { kind, ...address, ...readTiming(reader, flags), ...readHeldOut(reader) };
      case "stored":
        return { kind, ...address, key: reader.text(), outside: (flags & EVALUATION_ONLY) !== 0 };
      case "pack": {
        const timing = readTiming(reader, flags);
        const parts: Uint8Array[] = [];
        for (let left = reader.u32(); left > 0; left--) parts.push(reader.bytes());
        return { kind, ...address, ...timing, ...readBytesRead(reader), parts };
      }
      case "need-state":
        return { kind, ...address, bytesRead: readBytes(reader) };
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

/** @throws MessageError */
function readHeldOut(reader: FrameReader): { rows: number; loss: number; correct: number | null } {
  const [rows, loss, correct] = [reader.f64(), reader.f64(), reader.f64()];
  const whole = (count: number): boolean => Number.isSafeInteger(count) && count >= 0;
  if (!whole(rows) || !((whole(correct) && correct <= rows) || correct === -1)) {
    throw new MessageError(`held-out: expected at most all of so many rows right, got ${correct} of ${rows}`);
  }
  return { rows, loss, correct: correct === -1 ? null : correct };
}

/** Comes after the run's digest in every message of a worker. */
function readAddress(reader: FrameReader, runDigest: string): Address {
  return {
    runDigest,
    phase: reader.u32(),
    round: reader.u32(),
    slot: reader.u32(),
    worker: reader.u32(),
  };
}

/** Comes after the address of contributions, answers and packs. */
function readTiming(reader: FrameReader, flags: number): Timing {
  const computeMilliseconds = reader.f64();
  const reads = flags >> READS_SHIFT;
  return { computeMilliseconds, cold: (flags & COLD) !== 0, ...(reads === 0 ? {} : { reads }) };
}

/** The last field of all, of contributions and packs to tasks whose points were objects. @throws MessageError */
function readBytesRead(reader: FrameReader): { readonly bytesRead?: number } {
  return reader.atEnd ? {} : { bytesRead: readBytes(reader) };
}

/** @throws MessageError */
function readBytes(reader: FrameReader): number {
  const bytes = reader.f64();
  if (Number.isSafeInteger(bytes) && bytes >= 0) return bytes;
  throw new MessageError(`contribution: expected a number of bytes, got ${bytes}`);
}

/** @throws MessageError */
function readEntryBytes(reader: FrameReader): 4 | 8 {
  const bytes = reader.u8();
  if (bytes === 4 || bytes === 8) return bytes;
  throw new MessageError(`contribution: expected numbers of 4 or 8 bytes, got ${bytes}`);
}

function readContribution(
  reader: FrameReader,
  { runDigest, phase, round, slot, worker }: Address,
  kind: "contribution" | "ranges" | "observed-ranges" | "exact",
  flags: number,
): RunMessage {
  const { computeMilliseconds, cold, reads } = readTiming(reader, flags);
  const bits = reader.f64();
  const loss = reader.f64();
  const sent = reader.bytes();
  const evaluation = (flags & HAS_EVALUATION) !== 0 ? reader.vector() : null;
  const payload = kind === "exact" ? rounded(evaluation ?? NO_VECTOR, readEntryBytes(reader)) : sent;
  const apart = (flags & EVALUATION_APART) !== 0;
  const evaluationKey = apart && kind === "contribution" ? reader.text() : undefined;
  const payloadRanges = kind === "ranges" ? Uint32Array.from(readList(reader)) : undefined;
  const evaluationRanges = apart && kind !== "contribution" ? Uint32Array.from(readList(reader)) : undefined;
  const { bytesRead } = readBytesRead(reader);
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
    ...(bytesRead === undefined ? {} : { bytesRead }),
    ...(evaluationKey === undefined ? {} : { evaluationKey }),
    ...(payloadRanges === undefined ? {} : { payloadRanges }),
    ...(evaluationRanges === undefined ? {} : { evaluationRanges }),
  };
}

/**
 * How many of a body's bytes are outside the method (as they travel: base64): exact gradients sent for the record,
 * and the whole of an answer to calibration or of a contribution without a payload, or of the message that names one. What is left is the length that
 * the body would have without them.
 */
export function evaluationBytesOfContribution(body: string): number {
  const opening = openingIn(firstNumbersOf("contribution", body));
  if (opening === undefined) return 0;
  const { whole, bytes } = evaluationOf(opening);
  if (whole) return body.length;
  if (bytes === 0) return 0;
  return body.length - bodyCharacters(Math.max(0, Buffer.byteLength(body, "base64") - bytes));
}

/** The same of a whole frame, as it lies in the object store. */
export function evaluationBytesOfFrame(frame: Uint8Array): number {
  const opening = openingIn(beginningOfFrame("contribution", frame));
  if (opening === undefined) return 0;
  const { whole, bytes } = evaluationOf(opening);
  return whole ? frame.length : Math.min(frame.length, bytes);
}

/** Is this body a command of the user, and no worker's message? */
export function isCommandBody(body: string): boolean {
  const kind = openingIn(firstNumbersOf("contribution", body))?.kind;
  return kind === "stop" || kind === "scale";
}

/** Is all of it outside the method, or how many of the frame's bytes? */
function evaluationOf({ kind, flags, evaluationBytes }: Opening): {
  readonly whole: boolean;
  readonly bytes: number;
} {
  if (kind === "answer" || kind === "held-out") return { whole: true, bytes: 0 };
  if (kind === "error" || kind === "stop" || kind === "scale") return { whole: false, bytes: 0 };
  return { whole: (flags & EVALUATION_ONLY) !== 0, bytes: evaluationBytes };
}

function openingIn(reader: NumberReader | undefined): Opening | undefined {
  return reader === undefined ? undefined : unlessCutOff(() => readOpening(reader));
}

/**
 * How long the worker took, from the frame of a contribution or of an answer, or from its beginning; undefined for
 * everything else. Its checksum is not looked at.
 */
export function timingOfFrame(frame: Uint8Array): Timing | undefined {
  return timingIn(beginningOfFrame("contribution", frame));
}

/** The same for the text of a message. */
export function timingOfBody(body: string): Timing | undefined {
  return timingIn(beginningOf("contribution", body, TIMING_BYTES));
}

/** Messages that tell of no computing. */
const UNTIMED: ReadonlySet<KindOnWire> = new Set(["error", "stop", "scale", "stored", "need-state"]);

function timingIn(reader: FrameReader | undefined): Timing | undefined {
  if (reader === undefined) return undefined;
  return unlessCutOff(() => {
    const { kind, flags } = readOpening(reader);
    if (UNTIMED.has(kind)) return undefined;
    readAddress(reader, reader.text());
    return readTiming(reader, flags);
  });
}
