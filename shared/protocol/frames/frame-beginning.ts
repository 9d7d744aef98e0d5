/**
 * Frames that begin alike. The tasks of a round differ in their last two numbers only, while nearly all of their bytes
 * are points: whoever writes or reads many of them does the common beginning once.
 *
 *   header 16 | first two bytes of the fields || rest of the beginning, a multiple of 3 bytes || what is left of it | own
 *
 * The three parts are base64 texts of their own (but for the last, all of multiples of 3 bytes). The first holds the
 * checksum, which is that of the beginning carried on over the own bytes.
 */
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { bodyCharacters, FRAME_HEADER_BYTES, getU32, putU32 } from "./frame.ts";

/** A frame's own bytes: two numbers. */
const OWN_BYTES = 8;
const HEAD_BYTES = FRAME_HEADER_BYTES + 2;
const HEAD_CHARACTERS = bodyCharacters(HEAD_BYTES);

/** Head and tail of one frame, next to one another; and room to notice a tail that is too long. */
const scratch = Buffer.alloc(HEAD_BYTES + 2 + OWN_BYTES + 2);

export class FrameBeginning {
  readonly #head: Uint8Array;
  readonly #middle: string;
  /** The bytes of the beginning after the middle: 0, 1 or 2. */
  readonly #left: Uint8Array;
  readonly #crc: number;
  readonly #frameBytes: number;

  /** @param bytes a frame without its own bytes: header, of which checksum and length are of no account, and fields. */
  constructor(bytes: Uint8Array) {
    const cut = bytes.length - ((bytes.length - HEAD_BYTES) % 3);
    const middle = bytes.subarray(HEAD_BYTES, cut);
    this.#head = bytes.slice(0, HEAD_BYTES);
    this.#middle = Buffer.from(middle.buffer, middle.byteOffset, middle.length).toString("base64");
    this.#left = bytes.slice(cut);
    this.#crc = crc32(bytes.subarray(FRAME_HEADER_BYTES));
    this.#frameBytes = bytes.length + OWN_BYTES;
    putU32(this.#head, 12, this.#frameBytes - FRAME_HEADER_BYTES);
  }

  /** The text of the frame that goes on with these numbers. */
  body(first: number, second: number): string {
    const tailAt = HEAD_BYTES + this.#left.length;
    scratch.set(this.#head);
    scratch.set(this.#left, HEAD_BYTES);
    putU32(scratch, tailAt, first);
    putU32(scratch, tailAt + 4, second);
    putU32(scratch, 8, crc32(scratch.subarray(tailAt, tailAt + OWN_BYTES), this.#crc));
    const head = scratch.toString("base64", 0, HEAD_BYTES);
    return head + this.#middle + scratch.toString("base64", HEAD_BYTES, tailAt + OWN_BYTES);
  }

  /** The numbers at the end of a text that begins so and is intact; undefined for every other. */
  numbers(body: string): readonly [number, number] | undefined {
    const middle = this.#middle;
    const tailFrom = HEAD_CHARACTERS + middle.length;
    if (body.length !== bodyCharacters(this.#frameBytes)) return undefined;
    if (body.slice(HEAD_CHARACTERS, tailFrom) !== middle) return undefined;
    const left = this.#left;
    const tailAt = HEAD_BYTES + left.length;
    if (scratch.write(body.slice(0, HEAD_CHARACTERS), 0, "base64") !== HEAD_BYTES) return undefined;
    const tailBytes = scratch.write(body.slice(tailFrom), HEAD_BYTES, "base64");
    if (tailBytes !== left.length + OWN_BYTES) return undefined;
    const head = this.#head;
    for (let i = 0; i < HEAD_BYTES; i++) if (scratch[i] !== head[i] && (i < 8 || i >= 12)) return undefined;
    for (let i = 0; i < left.length; i++) if (scratch[HEAD_BYTES + i] !== left[i]) return undefined;
    if (crc32(scratch.subarray(tailAt, tailAt + OWN_BYTES), this.#crc) !== getU32(scratch, 8))
      return undefined;
    return [getU32(scratch, tailAt), getU32(scratch, tailAt + 4)];
  }
}
