/**
 * Frames: the binary form of everything that the functions send and store. A frame is
 *
 *   "MRN" | type u8 | version u8 | 3 zero bytes | crc32 u32 of all that follows | length u32 of all that follows | fields
 *
 * little-endian, fields in the order of their writing, vectors aligned to 8 bytes so that they can be read in place.
 * A reader checks bounds before it allocates, so arbitrary bytes can cost no more than their own length.
 */
import { crc32 } from "node:zlib";
import { LRUCache } from "lru-cache";
import { MarinaError, MessageError } from "../math/errors.ts";

/** What a frame holds. The numbers are part of the protocol. */
export const FrameType = {
  task: 1,
  contribution: 2,
  checkpoint: 3,
  workerMemory: 4,
  rounds: 5,
  vector: 6,
} as const;
export type FrameType = keyof typeof FrameType;

/** Version of the protocol: frames of another are refused. */
export const PROTOCOL_VERSION = 1;

const MAGIC = [0x4d, 0x52, 0x4e] as const; // "MRN"
/** Bytes before the first field. */
export const FRAME_HEADER_BYTES = 16;

const encoder = new TextEncoder();
/** Short texts (run names, digests, queue addresses) come again in every message of a run. */
const encodedTexts = new LRUCache<string, Uint8Array>({ max: 64 });
const decoder = new TextDecoder("utf-8", { fatal: true });

export class FrameWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = FRAME_HEADER_BYTES;

  constructor(type: FrameType, capacity = 256) {
    this.#bytes = new Uint8Array(Math.max(capacity, FRAME_HEADER_BYTES));
    this.#view = new DataView(this.#bytes.buffer);
    this.#bytes.set(MAGIC, 0);
    this.#bytes[3] = FrameType[type];
    this.#bytes[4] = PROTOCOL_VERSION;
  }

  #reserve(bytes: number): number {
    const at = this.#length;
    this.#length += bytes;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }

  /** Bytes of the frame so far, header included. */
  get length(): number {
    return this.#length;
  }

  /** Writes over an earlier u32, whose value was not known when its place came. */
  setU32(at: number, value: number): this {
    this.#view.setUint32(at, value, true);
    return this;
  }

  u8(value: number): this {
    const at = this.#reserve(1); // first: it may move the memory
    this.#view.setUint8(at, value);
    return this;
  }

  u32(value: number): this {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  f64(value: number): this {
    const at = this.#reserve(8);
    this.#view.setFloat64(at, value, true);
    return this;
  }

  /** UTF-8 text, preceded by its length in bytes. */
  text(value: string): this {
    let bytes = encodedTexts.get(value);
    if (bytes === undefined) {
      bytes = encoder.encode(value);
      if (value.length <= 128) encodedTexts.set(value, bytes);
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
    this.#reserve(-this.#length & 7);
    const at = this.#reserve(8 * value.length);
    this.#bytes.set(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), at);
    return this;
  }

  /** The finished frame: a view of the writer's own memory, which must not be written to any more. */
  finish(): Uint8Array {
    const frame = this.#bytes.subarray(0, this.#length);
    const body = frame.subarray(FRAME_HEADER_BYTES);
    this.#view.setUint32(8, crc32(body), true);
    this.#view.setUint32(12, body.length, true);
    return frame;
  }
}

export class FrameReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  #at = FRAME_HEADER_BYTES;

  /**
   * @param what what these bytes should be and where they came from, for error messages.
   * @throws MarinaError "version" for a frame of another protocol version, MessageError for anything else amiss.
   */
  constructor(type: FrameType, bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
    const length = this.#view.getUint32(12, true);
    if (length !== bytes.length - FRAME_HEADER_BYTES) {
      throw this.#error(
        `expected ${length} bytes after the header, got ${bytes.length - FRAME_HEADER_BYTES}`,
      );
    }
    if (bytes[5] !== 0 || bytes[6] !== 0 || bytes[7] !== 0) throw this.#error("reserved bytes are not zero");
    if (crc32(bytes.subarray(FRAME_HEADER_BYTES)) !== this.#view.getUint32(8, true)) {
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
    return this.#view.getUint8(this.#take(1));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  text(): string {
    const bytes = this.bytes();
    try {
      return decoder.decode(bytes);
    } catch (error) {
      throw new MessageError(`${this.#what}: text is not UTF-8`, { cause: error });
    }
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

  /** @throws MessageError when fields are left over. */
  end(): void {
    if (this.#at !== this.#bytes.length) {
      throw this.#error(`${this.#bytes.length - this.#at} bytes too many after the last field`);
    }
  }
}

/** Overwrites a u32 field of a finished frame; `sealFrame` must follow. @param at counted from the frame's start. */
export function patchFrame(frame: Uint8Array, at: number, value: number): void {
  new DataView(frame.buffer, frame.byteOffset).setUint32(at, value, true);
}

/** Writes the checksum of a patched frame anew. */
export function sealFrame(frame: Uint8Array): void {
  patchFrame(frame, 8, crc32(frame.subarray(FRAME_HEADER_BYTES)));
}

/** One byte of a message's frame, without decoding the rest; undefined where the text is too short or no base64. */
export function byteOfBody(body: string, index: number): number | undefined {
  const bits = (position: number): number => {
    const c = body.charCodeAt(position);
    if (c >= 65 && c <= 90) return c - 65; // A-Z
    if (c >= 97 && c <= 122) return c - 71; // a-z
    if (c >= 48 && c <= 57) return c + 4; // 0-9
    return c === 43 ? 62 : c === 47 ? 63 : Number.NaN; // + /
  };
  const at = 4 * Math.floor(index / 3) + (index % 3);
  const [high, low] = [bits(at), bits(at + 1)];
  if (Number.isNaN(high) || Number.isNaN(low)) return undefined;
  const shift = 2 * (index % 3);
  return ((high << (2 + shift)) | (low >> (4 - shift))) & 0xff;
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
