/**
 * Frames: the binary form of everything that the functions send and store. A frame is
 *
 *   "MRN" | type u8 | version u8 | 3 zero bytes | crc32 u32 of all that follows | length u32 of all that follows | fields
 *
 * little-endian, fields in the order of their writing, vectors aligned to 8 bytes so that they can be read in place.
 * A reader checks bounds before it allocates, so arbitrary bytes can cost no more than their own length.
 */
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { LRUCache } from "lru-cache";
import { MarinaError, MessageError } from "../../base/index.ts";

/** What a frame holds. The numbers are part of the protocol. */
export const FrameType = {
  task: 1,
  contribution: 2,
  checkpoint: 3,
  workerMemory: 4,
  rounds: 5,
  vector: 6,
  powerProgress: 7,
  delta: 8,
  /** A vector whose entries are float32. */
  floats: 9,
  gradient: 10,
} as const;
export type FrameType = keyof typeof FrameType;

/** Version of the protocol: frames of another are refused. */
export const PROTOCOL_VERSION = 2;

const MAGIC = [0x4d, 0x52, 0x4e] as const; // "MRN"
/** Bytes before the first field. */
export const FRAME_HEADER_BYTES = 16;

const encoder = new TextEncoder();
/** Short texts (run names, digests, queue addresses) come again in every message of a run. */
const encodedTexts = new LRUCache<string, Uint8Array>({ max: 64 });
const decoder = new TextDecoder("utf-8", { fatal: true });
/** The text of each length that was decoded last, by its bytes: the digest in every contribution is the same one. */
const decodedTexts: ({ readonly bytes: Uint8Array; readonly text: string } | undefined)[] = [];
const SHORT_TEXT = 128;

/** Frames that fit are written here and copied when finished, at their exact length: most are messages of a few hundred bytes. */
const desk = Buffer.alloc(16 * 1024);
let deskIsFree = true;

/** A float64 and its bytes. */
const float = new Float64Array(1);
const floatBytes = new Uint8Array(float.buffer);

export class FrameWriter {
  #bytes: Buffer;
  #length = FRAME_HEADER_BYTES;

  constructor(type: FrameType, capacity = 256) {
    if (deskIsFree && capacity <= desk.length) {
      deskIsFree = false;
      this.#bytes = desk;
    } else this.#bytes = Buffer.alloc(Math.max(capacity, FRAME_HEADER_BYTES));
    const bytes = this.#bytes;
    bytes[0] = MAGIC[0];
    bytes[1] = MAGIC[1];
    bytes[2] = MAGIC[2];
    bytes[3] = FrameType[type];
    bytes[4] = PROTOCOL_VERSION;
    bytes.fill(0, 5, 8);
  }

  #reserve(bytes: number): number {
    const at = this.#length;
    this.#length += bytes;
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, at));
      if (this.#bytes === desk) deskIsFree = true;
      this.#bytes = larger;
    }
    return at;
  }

  /** Zeros up to the next multiple of so many bytes, a power of two. */
  #align(bytes: number): void {
    const padding = -this.#length & (bytes - 1);
    const from = this.#reserve(padding);
    this.#bytes.fill(0, from, from + padding);
  }

  /** Bytes of the frame so far, header included. */
  get length(): number {
    return this.#length;
  }

  /** Writes over an earlier u32, whose value was not known when its place came. */
  setU32(at: number, value: number): this {
    putU32(this.#bytes, at, value);
    return this;
  }

  u8(value: number): this {
    const at = this.#reserve(1); // first: it may move the memory
    this.#bytes[at] = value;
    return this;
  }

  u32(value: number): this {
    const at = this.#reserve(4);
    putU32(this.#bytes, at, value);
    return this;
  }

  f64(value: number): this {
    const at = this.#reserve(8);
    const bytes = this.#bytes;
    float[0] = value;
    for (let i = 0; i < 8; i++) bytes[at + i] = floatBytes[i]!;
    return this;
  }

  /** UTF-8 text, preceded by its length in bytes. */
  text(value: string): this {
    if (value.length > SHORT_TEXT) {
      const length = Buffer.byteLength(value);
      this.u32(length);
      const at = this.#reserve(length);
      this.#bytes.write(value, at, "utf8");
      return this;
    }
    let bytes = encodedTexts.get(value);
    if (bytes === undefined) {
      bytes = encoder.encode(value);
      encodedTexts.set(value, bytes);
    }
    return this.bytes(bytes);
  }

  bytes(value: Uint8Array): this {
    this.u32(value.length);
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  vector(value: Float64Array): this {
    this.u32(value.length);
    this.#align(8);
    const at = this.#reserve(8 * value.length);
    this.#bytes.set(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), at);
    return this;
  }

  /**
   * The same as little-endian float32, which all entries must be already.
   * @throws RangeError for one that rounding would change: whoever reads it would have another vector.
   */
  floats(value: Float64Array): this {
    this.u32(value.length);
    this.#align(4);
    const at = this.#reserve(4 * value.length);
    const written = new Float32Array(this.#bytes.buffer, this.#bytes.byteOffset + at, value.length);
    written.set(value);
    for (let j = 0; j < value.length; j++) {
      if (written[j] === value[j] || Number.isNaN(value[j])) continue;
      if (this.#bytes === desk) deskIsFree = true;
      throw new RangeError(`entry ${j} of a float32 vector is ${value[j]}, which is none`);
    }
    return this;
  }

  /** The finished frame, in memory of its own. The writer must not be used any more. */
  finish(): Uint8Array {
    const frame = this.#seal();
    if (this.#bytes !== desk) return frame;
    deskIsFree = true;
    return new Uint8Array(frame);
  }

  /** The same for a frame that is soon to be part of another: in memory that it shares, and would keep alive. */
  finishPart(): Uint8Array {
    const frame = this.#seal();
    if (this.#bytes !== desk) return frame;
    deskIsFree = true;
    return Buffer.from(frame);
  }

  /** The finished frame as the text of a message. The writer must not be used any more. */
  finishBody(): string {
    const frame = this.#seal();
    if (this.#bytes === desk) deskIsFree = true;
    return frame.toString("base64");
  }

  #seal(): Buffer {
    const frame = this.#bytes.subarray(0, this.#length);
    putU32(frame, 8, crc32(frame.subarray(FRAME_HEADER_BYTES)));
    putU32(frame, 12, frame.length - FRAME_HEADER_BYTES);
    return frame;
  }
}

/** Little-endian. */
export function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** Little-endian. */
export function getU32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

export class FrameReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #at = FRAME_HEADER_BYTES;

  /**
   * Of a whole frame, or (`beginningOf`) of the first bytes of one.
   * @param what what these bytes should be and where they came from, for error messages.
   * @throws MarinaError "version" for a frame of another protocol version, MessageError for anything else amiss.
   */
  constructor(type: FrameType, bytes: Uint8Array, what: string, extent: "whole" | "beginning" = "whole") {
    this.#bytes = bytes;
    this.#what = what;
    if (extent === "beginning") return;
    if (bytes.length < FRAME_HEADER_BYTES) {
      throw this.#error(`expected at least ${FRAME_HEADER_BYTES} bytes, got ${bytes.length}`);
    }
    if (
      bytes[0] !== MAGIC[0] ||
      bytes[1] !== MAGIC[1] ||
      bytes[2] !== MAGIC[2] ||
      bytes[3] !== FrameType[type]
    ) {
      throw this.#error(`expected a ${type} frame, got other bytes`);
    }
    if (bytes[4] !== PROTOCOL_VERSION) {
      throw new MarinaError(
        "version",
        `${what}: written by protocol version ${bytes[4]}, this program speaks version ${PROTOCOL_VERSION}; use the version that wrote it, or start the run anew`,
      );
    }
    const length = getU32(bytes, 12);
    if (length !== bytes.length - FRAME_HEADER_BYTES) {
      throw this.#error(
        `expected ${length} bytes after the header, got ${bytes.length - FRAME_HEADER_BYTES}`,
      );
    }
    if (bytes[5] !== 0 || bytes[6] !== 0 || bytes[7] !== 0) throw this.#error("reserved bytes are not zero");
    if (crc32(bytes.subarray(FRAME_HEADER_BYTES)) !== getU32(bytes, 8)) {
      throw this.#error("checksum does not match: the bytes were changed or cut");
    }
  }

  #error(problem: string): MessageError {
    return new MessageError(`${this.#what}: ${problem}`);
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (bytes > this.#bytes.length - at)
      throw this.#error(`cut off at byte ${at}: ${bytes} more were expected`);
    this.#at = at + bytes;
    return at;
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!;
  }

  u32(): number {
    return getU32(this.#bytes, this.#take(4));
  }

  f64(): number {
    const at = this.#take(8);
    for (let i = 0; i < 8; i++) floatBytes[i] = this.#bytes[at + i]!;
    return float[0]!;
  }

  text(): string {
    const length = this.u32();
    const at = this.#take(length);
    const known = decodedTexts[length];
    if (known !== undefined && startsWith(this.#bytes, at, known.bytes)) return known.text;
    const bytes = this.#bytes.subarray(at, at + length);
    let text: string;
    try {
      text = decoder.decode(bytes);
    } catch (error) {
      throw new MessageError(`${this.#what}: text is not UTF-8`, { cause: error });
    }
    if (length <= SHORT_TEXT) decodedTexts[length] = { bytes: new Uint8Array(bytes), text };
    return text;
  }

  /** A view, not a copy. */
  bytes(): Uint8Array {
    const length = this.u32();
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A view where the memory is aligned, else a copy: not to be written to. */
  vector(): Float64Array {
    const length = this.u32();
    this.#take(-this.#at & 7);
    const at = this.#take(8 * length);
    const start = this.#bytes.byteOffset + at;
    if (start % 8 === 0) return new Float64Array(this.#bytes.buffer, start, length);
    const copy = new Float64Array(length);
    new Uint8Array(copy.buffer).set(this.#bytes.subarray(at, at + 8 * length));
    return copy;
  }

  /** Of float32 entries: a copy in float64. */
  floats(): Float64Array {
    const length = this.u32();
    this.#take(-this.#at & 3);
    const at = this.#take(4 * length);
    const start = this.#bytes.byteOffset + at;
    if (start % 4 === 0) return new Float64Array(new Float32Array(this.#bytes.buffer, start, length));
    const copy = new Float32Array(length);
    new Uint8Array(copy.buffer).set(this.#bytes.subarray(at, at + 4 * length));
    return new Float64Array(copy);
  }

  /** Is there no further field? */
  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** @throws MessageError when fields are left over. */
  end(): void {
    if (this.#at !== this.#bytes.length) {
      throw this.#error(`${this.#bytes.length - this.#at} bytes too many after the last field`);
    }
  }
}

/** Are these the bytes there? The place holds as many. */
function startsWith(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}

/** The first characters of every body with a frame of each type: magic, type, version and the first zero byte. */
const BODY_OPENINGS = Object.fromEntries(
  Object.entries(FrameType).map(([type, number]) => [
    type,
    Buffer.from([...MAGIC, number, PROTOCOL_VERSION, 0]).toString("base64"),
  ]),
) as Readonly<Record<FrameType, string>>;

/** First bytes of frames that are only looked at, one at a time. */
const glance = Buffer.alloc(1024);

/**
 * Reads the first fields of a message's frame, without its checksum and without decoding the rest: for accounting, which
 * must know a few of them of every message. It must be read from before another one is asked for.
 * @param bytes of the frame that will do; fields beyond them are cut off
 * @returns undefined where the text is no frame of this type and this version of the protocol
 */
export function beginningOf(type: FrameType, body: string, bytes: number): FrameReader | undefined {
  if (!body.startsWith(BODY_OPENINGS[type])) return undefined;
  const length = glance.write(body.slice(0, bodyCharacters(Math.min(bytes, glance.length))), 0, "base64");
  if (length <= FRAME_HEADER_BYTES) return undefined;
  return new FrameReader(type, glance.subarray(0, length), type, "beginning");
}

/** Undefined for bytes that end too soon or are none of ours: accounting looks at them before anybody has checked them. */
export function unlessCutOff<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof MessageError) return undefined;
    throw error;
  }
}

/** What reads the first numbers of a frame, in the order of their writing. */
export type NumberReader = Pick<FrameReader, "u8" | "u32">;

/** The same for the first numbers only: they are decoded as they are asked for, which takes a tenth of the time. */
export function firstNumbersOf(type: FrameType, body: string): NumberReader | undefined {
  return body.startsWith(BODY_OPENINGS[type]) ? new TextReader(body) : undefined;
}

/** What each character of base64 stands for, by its code; others for nothing. */
const SEXTETS = new Uint8Array(128).fill(255);
for (const [i, c] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].entries())
  SEXTETS[c.charCodeAt(0)] = i;

class TextReader implements NumberReader {
  readonly #body: string;
  #at = FRAME_HEADER_BYTES;

  constructor(body: string) {
    this.#body = body;
  }

  /** @throws MessageError where the text ends, or is no base64. */
  u8(): number {
    const index = this.#at++;
    const place = index % 3;
    const at = (4 * (index - place)) / 3 + place;
    const high = SEXTETS[this.#body.charCodeAt(at)] ?? 255;
    const low = SEXTETS[this.#body.charCodeAt(at + 1)] ?? 255;
    if (high === 255 || low === 255) throw new MessageError(`not base64 at byte ${index}`);
    return ((high << (2 + 2 * place)) | (low >> (4 - 2 * place))) & 0xff;
  }

  u32(): number {
    return (this.u8() | (this.u8() << 8) | (this.u8() << 16) | (this.u8() << 24)) >>> 0;
  }
}

/** The same of a frame that is at hand. */
export function beginningOfFrame(type: FrameType, frame: Uint8Array): FrameReader | undefined {
  if (frame.length <= FRAME_HEADER_BYTES) return undefined;
  if (frame[3] !== FrameType[type] || frame[4] !== PROTOCOL_VERSION) return undefined;
  if (frame[0] !== MAGIC[0] || frame[1] !== MAGIC[1] || frame[2] !== MAGIC[2]) return undefined;
  return new FrameReader(type, frame, type, "beginning");
}

/** Characters of the message's text that a frame of so many bytes becomes. */
export function bodyCharacters(frameBytes: number): number {
  return 4 * Math.ceil(frameBytes / 3);
}

/** A frame as the text of a message. */
export function toBody(frame: Uint8Array): string {
  return Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString("base64");
}

/**
 * The bytes of a message's text.
 * @throws MessageError when the text was cut or has characters that base64 does not know. (Text that decodes to the
 * right number of wrong bytes is left to the frame's checksum.)
 */
export function fromBody(body: string, what: string): Uint8Array {
  const bytes = Buffer.from(body, "base64");
  // Buffer skips what it does not know; a length that does not fit tells.
  if (body.length !== 4 * Math.ceil(bytes.length / 3)) throw new MessageError(`${what}: not base64`);
  return bytes;
}
