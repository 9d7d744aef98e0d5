/**
 * A streaming parser of LIBSVM text, straight from bytes.
 *
 *     line    = label { space index ":" value } [ space ] [ "#" comment ]
 *     label, value = decimal number, optional sign and exponent;  index = 1, 2, ... strictly increasing in a line
 *
 * Lines end in LF or CRLF; empty lines and lines with only a comment are skipped. Memory is bounded by the longest line.
 * Source of the format: Chang, Lin, "LIBSVM: a library for support vector machines", ACM TIST 2011, and its README.
 */
import { MarinaError } from "../math/errors.ts";
import { DECIMAL } from "./decimal.ts";

/** Takes rows as they are parsed. The arrays belong to the parser and are overwritten by the next row. */
export interface RowSink {
  /**
   * @param indices 0-based, strictly increasing; the first `count` are this row's.
   * @param values the first `count` are this row's; stored zeros are kept.
   * @param line 1-based number of the row's line in the text.
   */
  add(label: number, indices: Uint32Array, values: Float64Array, count: number, line: number): void;
}

export interface LibsvmOptions {
  /** What the text is called in errors, e.g. its file name. */
  readonly source: string;
  /** Largest index allowed, at most 2^32 - 2 (the default). */
  readonly dimension?: number;
  /** Longest line allowed; default 64 MiB. */
  readonly maxLineBytes?: number;
  /** Lines of the text that came before the first one pushed; default 0. */
  readonly linesBefore?: number;
}

/** Indices are 1-based in the text and 0-based in 32 bits in memory, where a dimension must fit as well. */
export const LARGEST_INDEX = 2 ** 32 - 2;
const DEFAULT_MAX_LINE_BYTES = 64 * 1024 * 1024;
/** How much of the offending text an error shows. */
const SHOWN_CHARACTERS = 60;

const LF = 10;
const TAB = 9;
const CR = 13;
const SPACE = 32;
const HASH = 35;
const PLUS = 43;
const MINUS = 45;
const DOT = 46;
const ZERO = 48;
const COLON = 58;

/** Powers of ten that a float64 holds exactly. */
const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, k) => Number(`1e${k}`));
/** With so many significant digits a decimal's digits are an integer below 2^53. */
const EXACT_DIGITS = 15;
const NOT_FINITE = /^[+-]?(nan|inf|infinity)$/i;

/** Push chunks of any sizes, cut anywhere, then call `end`. After an error the parser must not be used again. */
export class LibsvmParser {
  readonly #sink: RowSink;
  readonly #source: string;
  readonly #largestIndex: number;
  readonly #maxLineBytes: number;
  /** The beginning of a line whose end has not come yet. */
  #carry = new Uint8Array(1024);
  #carried = 0;
  #line: number;
  #indices = new Uint32Array(256);
  #values = new Float64Array(256);
  /** Where the text being parsed begins and the position after the last token read. */
  #lineStart = 0;
  #position = 0;

  constructor(sink: RowSink, options: LibsvmOptions) {
    this.#sink = sink;
    this.#source = options.source;
    this.#largestIndex = options.dimension ?? LARGEST_INDEX;
    this.#maxLineBytes = options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES;
    this.#line = options.linesBefore ?? 0;
  }

  /** Lines parsed so far, those before the first one pushed included. */
  get lines(): number {
    return this.#line;
  }

  /**
   * Parses all lines that end in this chunk. The chunk is not kept.
   * @throws MarinaError "data" with line, column, the offending text and what was expected.
   */
  push(chunk: Uint8Array): void {
    // One hidden class (Buffers come as well), so that the parsing loop stays monomorphic.
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let start = 0;
    for (;;) {
      const newline = bytes.indexOf(LF, start);
      if (newline === -1) break;
      if (this.#carried > 0) {
        this.#keep(bytes, start, newline);
        const length = this.#carried;
        this.#carried = 0;
        this.#parseLine(this.#carry, 0, length);
      } else {
        this.#parseLine(bytes, start, newline);
      }
      start = newline + 1;
    }
    this.#keep(bytes, start, bytes.length);
  }

  /** Parses the last line if it had no newline. */
  end(): void {
    if (this.#carried === 0) return;
    const length = this.#carried;
    this.#carried = 0;
    this.#parseLine(this.#carry, 0, length);
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    const needed = this.#carried + end - start;
    this.#checkLength(needed, this.#line + 1);
    if (needed > this.#carry.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#carry.length));
      larger.set(this.#carry.subarray(0, this.#carried));
      this.#carry = larger;
    }
    this.#carry.set(bytes.subarray(start, end), this.#carried);
    this.#carried = needed;
  }

  #checkLength(length: number, line: number): void {
    if (length > this.#maxLineBytes) {
      throw new MarinaError(
        "data",
        `${this.#source}: line ${line} is longer than ${this.#maxLineBytes} bytes; expected LIBSVM text, one row a line`,
      );
    }
  }

  #parseLine(bytes: Uint8Array, start: number, end: number): void {
    this.#line++;
    this.#checkLength(end - start, this.#line);
    this.#lineStart = start;
    let at = skipSpace(bytes, start, end);
    if (at === end || bytes[at] === HASH) return;

    const label = this.#number(bytes, at, end, "a label (a number)");
    at = skipSpace(bytes, this.#position, end);

    let indices = this.#indices;
    let values = this.#values;
    const largestIndex = this.#largestIndex;
    let count = 0;
    let previous = 0;
    while (at < end && bytes[at] !== HASH) {
      const token = at;
      let index = 0;
      let digit = bytes[at]! - ZERO;
      while (digit >= 0 && digit <= 9) {
        index = 10 * index + digit; // beyond 2^53 it is inexact, but still too large
        at++;
        digit = at < end ? bytes[at]! - ZERO : -1;
      }
      if (at === token || at === end || bytes[at] !== COLON) throw this.#badEntry(bytes, token, end);
      if (index <= previous || index > largestIndex) throw this.#badIndex(bytes, token, end, index, previous);

      let value: number;
      const single = at + 2 < end && bytes[at + 2] === SPACE ? bytes[at + 1]! - ZERO : -1;
      if (single >= 0 && single <= 9) {
        // Most values of most files: one digit.
        value = single;
        at += 3;
      } else {
        value = this.#number(bytes, at + 1, end, "a value (a number) after the colon");
        at = this.#position;
      }
      if (count === indices.length) {
        this.#growRow();
        indices = this.#indices;
        values = this.#values;
      }
      indices[count] = index - 1;
      values[count] = value;
      count++;
      previous = index;
      at = skipSpace(bytes, at, end);
    }
    this.#sink.add(label, indices, values, count, this.#line);
  }

  #growRow(): void {
    const indices = new Uint32Array(2 * this.#indices.length);
    indices.set(this.#indices);
    this.#indices = indices;
    const values = new Float64Array(2 * this.#values.length);
    values.set(this.#values);
    this.#values = values;
  }

  /**
   * The number that begins here and ends before a space, a comment or the end of the line: always what Number(text) is.
   * Few digits are combined here, exactly: an integer below 2^53 over a power of ten up to 10^22 is one correctly
   * rounded division. All else goes through Number.
   */
  #number(bytes: Uint8Array, start: number, end: number, expected: string): number {
    let at = start;
    const sign = at < end ? bytes[at]! : 0;
    if (sign === MINUS || sign === PLUS) at++;
    const digits = at;
    let mantissa = 0;
    let byte = at < end ? bytes[at]! : 0;
    while (byte >= ZERO && byte <= ZERO + 9) {
      mantissa = 10 * mantissa + (byte - ZERO);
      at++;
      byte = at < end ? bytes[at]! : 0;
    }
    let length = at - digits;
    let decimals = 0;
    if (byte === DOT) {
      at++;
      const fraction = at;
      byte = at < end ? bytes[at]! : 0;
      while (byte >= ZERO && byte <= ZERO + 9) {
        mantissa = 10 * mantissa + (byte - ZERO);
        at++;
        byte = at < end ? bytes[at]! : 0;
      }
      decimals = at - fraction;
      length += decimals;
    }
    if (length > 0 && length <= EXACT_DIGITS && (at === end || isSpace(byte) || byte === HASH)) {
      this.#position = at;
      const magnitude = decimals === 0 ? mantissa : mantissa / POWERS_OF_TEN[decimals]!;
      return sign === MINUS ? -magnitude : magnitude;
    }
    return this.#longNumber(bytes, start, end, expected);
  }

  #longNumber(bytes: Uint8Array, start: number, end: number, expected: string): number {
    const tokenEnd = endOfToken(bytes, start, end);
    const text = latin1(bytes, start, tokenEnd);
    if (DECIMAL.test(text)) {
      const value = Number(text);
      if (Number.isFinite(value)) {
        this.#position = tokenEnd;
        return value;
      }
      throw this.#error(bytes, start, tokenEnd, `${expected} that a 64-bit float can hold`);
    }
    if (NOT_FINITE.test(text)) throw this.#error(bytes, start, tokenEnd, `${expected}, finite`);
    throw this.#error(bytes, start, tokenEnd, expected);
  }

  #badEntry(bytes: Uint8Array, token: number, end: number): MarinaError {
    const tokenEnd = endOfToken(bytes, token, end);
    if (latin1(bytes, token, tokenEnd).startsWith("qid:")) {
      return this.#error(
        bytes,
        token,
        tokenEnd,
        "<index>:<value>; query ids (qid:) are not supported, remove them",
      );
    }
    return this.#error(bytes, token, tokenEnd, "<index>:<value>");
  }

  #badIndex(bytes: Uint8Array, token: number, end: number, index: number, previous: number): MarinaError {
    const tokenEnd = endOfToken(bytes, token, end);
    if (index === 0)
      return this.#error(bytes, token, tokenEnd, "an index of at least 1 (LIBSVM counts from 1)");
    if (index > this.#largestIndex) {
      const limit =
        this.#largestIndex === LARGEST_INDEX
          ? `${LARGEST_INDEX} (2^32 - 2)`
          : `${this.#largestIndex} (the dimension given)`;
      return this.#error(bytes, token, tokenEnd, `an index of at most ${limit}`);
    }
    return this.#error(bytes, token, tokenEnd, `an index above ${previous}, the one before it in this line`);
  }

  #error(bytes: Uint8Array, start: number, end: number, expected: string): MarinaError {
    const column = start - this.#lineStart + 1;
    const got = start === end ? "nothing" : `"${printable(bytes, start, end)}"`;
    return new MarinaError(
      "data",
      `${this.#source}: line ${this.#line}, column ${column}: expected ${expected}, got ${got}`,
    );
  }
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === CR;
}

function skipSpace(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && isSpace(bytes[at]!)) at++;
  return at;
}

function endOfToken(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && !isSpace(bytes[at]!) && bytes[at] !== HASH) at++;
  return at;
}

const oneToOne = new TextDecoder("latin1");

/** Bytes as characters one to one: numbers are ASCII, and anything else is refused anyway. */
function latin1(bytes: Uint8Array, start: number, end: number): string {
  return oneToOne.decode(bytes.subarray(start, end));
}

/** The text for an error message: cut, and with everything that could garble a terminal escaped. */
function printable(bytes: Uint8Array, start: number, end: number): string {
  // A character has at most 4 bytes in UTF-8.
  const decoded = new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    bytes.subarray(start, Math.min(end, start + 4 * SHOWN_CHARACTERS)),
  );
  const characters = Array.from(decoded);
  const shown = characters.slice(0, SHOWN_CHARACTERS).join("");
  const cut = characters.length > SHOWN_CHARACTERS || end - start > 4 * SHOWN_CHARACTERS;
  const escaped = shown.replace(/[\p{C}\p{Z}"\\]/gu, (character) =>
    character === " "
      ? character
      : character === '"' || character === "\\"
        ? `\\${character}`
        : `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
  return cut ? `${escaped}...` : escaped;
}
