/**
 * A streaming parser of LIBSVM text, straight from bytes.
 *
 *     line    = label { space index ":" value } [ space ] [ "#" comment ]
 *     label, value = decimal number, optional sign and exponent;  index = 1, 2, ... strictly increasing in a line
 *
 * Lines end in LF or CRLF; empty lines and lines with only a comment are skipped. Memory is bounded by the longest line.
 * Source of the format: Chang, Lin, "LIBSVM: a library for support vector machines", ACM TIST 2011, and its README.
 */
import { MarinaError } from "../../base/index.ts";
import type { RowBatchBuilder } from "../rows/row-batch.ts";
import { DECIMAL } from "./decimal.ts";

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
/** So many digits are read with 32-bit arithmetic. */
const SMALL_DIGITS = 9;
const SMALL_INDEX = 10 ** SMALL_DIGITS - 1;
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

/**
 * Parses rows into a builder's arrays. Push chunks of any sizes, cut anywhere, then call `end`. After an error the parser
 * must not be used again; the rows before it are in the builder.
 */
export class LibsvmParser {
  readonly #rows: RowBatchBuilder;
  readonly #source: string;
  readonly #largestIndex: number;
  readonly #maxLineBytes: number;
  /** The beginning of a line whose end has not come yet. */
  #carry = new Uint8Array(1024);
  #carried = 0;
  #line: number;
  /** Where the line being parsed begins, and the position after the last number read. */
  #lineStart = 0;
  #position = 0;

  /** @param rows takes rows of any number of entries, stored zeros kept. */
  constructor(rows: RowBatchBuilder, options: LibsvmOptions) {
    this.#rows = rows;
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
    const end = bytes.lastIndexOf(LF) + 1;
    if (end === 0) {
      this.#keep(bytes, 0, bytes.length);
      return;
    }
    let start = 0;
    if (this.#carried > 0) {
      start = bytes.indexOf(LF) + 1;
      this.#keep(bytes, 0, start - 1);
      this.#parseCarried();
    }
    if (end - start <= this.#maxLineBytes) {
      this.#parseLines(bytes, start, end);
    } else {
      // One of these lines may be too long, which is to be known before it is parsed.
      while (start < end) {
        const next = bytes.indexOf(LF, start) + 1;
        this.#checkLength(next - 1 - start);
        this.#parseLines(bytes, start, next);
        start = next;
      }
    }
    this.#keep(bytes, end, bytes.length);
  }

  /** Parses the last line if it had no newline. */
  end(): void {
    if (this.#carried > 0) this.#parseCarried();
  }

  #parseCarried(): void {
    // There is always room for it: see `#keep`.
    this.#carry[this.#carried] = LF;
    const end = this.#carried + 1;
    this.#carried = 0;
    this.#parseLines(this.#carry, 0, end);
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    const needed = this.#carried + end - start;
    this.#checkLength(needed);
    if (needed + 1 > this.#carry.length) {
      const larger = new Uint8Array(Math.max(needed + 1, 2 * this.#carry.length));
      larger.set(this.#carry.subarray(0, this.#carried));
      this.#carry = larger;
    }
    this.#carry.set(bytes.subarray(start, end), this.#carried);
    this.#carried = needed;
  }

  /** Of the next line. */
  #checkLength(bytes: number): void {
    if (bytes > this.#maxLineBytes) {
      throw new MarinaError(
        "data",
        `${this.#source}: line ${this.#line + 1} is longer than ${this.#maxLineBytes} bytes; expected LIBSVM text, one row a line`,
      );
    }
  }

  /** Whole lines: the last byte is a line feed, so that every loop below ends at one without asking for the end. */
  #parseLines(bytes: Uint8Array, start: number, end: number): void {
    const rows = this.#rows;
    const largestSmall = Math.min(this.#largestIndex, SMALL_INDEX);
    let { indices, values, ones, nonZeros: entries } = rows;
    let room = indices.length;
    let at = start;
    while (at < end) {
      this.#line++;
      this.#lineStart = at;
      let byte = bytes[at]!;
      while (isSpace(byte)) byte = bytes[++at]!;
      if (byte !== LF && byte !== HASH) {
        const label = this.#number(bytes, at, "a label (a number)");
        at = this.#position;
        byte = bytes[at]!;
        let previous = 0;
        for (;;) {
          if (byte === SPACE) byte = bytes[++at]!;
          if (!isDigit(byte)) {
            while (isSpace(byte)) byte = bytes[++at]!;
            if (byte === LF || byte === HASH) break;
          }
          const token = at;
          let index = 0;
          while (isDigit(byte)) {
            index = (10 * index + byte - ZERO) | 0;
            byte = bytes[++at]!;
          }
          if (byte !== COLON || at === token) throw this.#badEntry(bytes, token);
          if (index <= previous || index > largestSmall || at - token > SMALL_DIGITS) {
            index = this.#largeIndex(bytes, token, at, previous);
          }
          previous = index;

          byte = bytes[++at]!;
          let value: number;
          // Most values of most files are one digit. After a digit there is another byte, the line feed at the latest.
          if (isDigit(byte) && isEnd(bytes[at + 1]!)) {
            value = byte - ZERO;
            byte = bytes[++at]!;
          } else {
            value = this.#number(bytes, at, "a value (a number) after the colon");
            at = this.#position;
            byte = bytes[at]!;
          }

          if (entries === room) {
            rows.grow();
            ({ indices, values } = rows);
            room = indices.length;
          }
          indices[entries] = index - 1;
          if (!ones) values[entries] = value;
          else if (value !== 1) {
            rows.spellOut(entries);
            ones = false;
            values[entries] = value;
          }
          entries++;
        }
        rows.closeRow(label, entries, this.#line);
      }
      at = byte === LF ? at + 1 : bytes.indexOf(LF, at) + 1;
    }
  }

  /**
   * The number that begins here and ends before a space, a comment or the end of the line: always what Number(text) is.
   * Few digits are combined here, exactly: an integer below 2^53 over a power of ten up to 10^22 is one correctly
   * rounded division. All else goes through Number.
   */
  #number(bytes: Uint8Array, start: number, expected: string): number {
    let at = start;
    let byte = bytes[at]!;
    const negative = byte === MINUS;
    if (negative || byte === PLUS) byte = bytes[++at]!;
    const digits = at;
    let mantissa = 0;
    while (isDigit(byte)) {
      mantissa = (10 * mantissa + byte - ZERO) | 0;
      byte = bytes[++at]!;
    }
    let length = at - digits;
    let decimals = 0;
    if (byte === DOT) {
      byte = bytes[++at]!;
      const fraction = at;
      while (isDigit(byte)) {
        mantissa = (10 * mantissa + byte - ZERO) | 0;
        byte = bytes[++at]!;
      }
      decimals = at - fraction;
      length += decimals;
    }
    if (length > 0 && length <= EXACT_DIGITS && isEnd(byte)) {
      this.#position = at;
      const integer = length <= SMALL_DIGITS ? mantissa : integerOf(bytes, digits, at);
      const magnitude = decimals === 0 ? integer : integer / POWERS_OF_TEN[decimals]!;
      return negative ? -magnitude : magnitude;
    }
    return this.#longNumber(bytes, start, expected);
  }

  #longNumber(bytes: Uint8Array, start: number, expected: string): number {
    const tokenEnd = endOfToken(bytes, start);
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

  #badEntry(bytes: Uint8Array, token: number): MarinaError {
    const tokenEnd = endOfToken(bytes, token);
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

  /** An index that is not small, if it is one that may stand here. */
  #largeIndex(bytes: Uint8Array, token: number, end: number, previous: number): number {
    // Beyond 2^53 it is inexact, but still too large.
    const index = Number(latin1(bytes, token, end));
    if (index <= previous || index > this.#largestIndex) throw this.#badIndex(bytes, token, index, previous);
    return index;
  }

  #badIndex(bytes: Uint8Array, token: number, index: number, previous: number): MarinaError {
    const tokenEnd = endOfToken(bytes, token);
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

function isDigit(byte: number): boolean {
  return (byte - ZERO) >>> 0 <= 9;
}

/** The digits in bytes start .. end, a dot among them left out, as an integer below 2^53. */
function integerOf(bytes: Uint8Array, start: number, end: number): number {
  let integer = 0;
  for (let at = start; at < end; at++) {
    if (bytes[at] !== DOT) integer = 10 * integer + bytes[at]! - ZERO;
  }
  return integer;
}

function isSpace(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === CR;
}

/** Does a number or an entry end before this byte? */
function isEnd(byte: number): boolean {
  return byte === SPACE || byte === LF || byte === TAB || byte === CR || byte === HASH;
}

function endOfToken(bytes: Uint8Array, start: number): number {
  let at = start;
  while (!isEnd(bytes[at]!)) at++;
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
