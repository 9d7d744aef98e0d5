/**
 * A streaming parser of LIBSVM text, straight from bytes.
 *
 *     line    = label { space index ":" value } [ space [ "#" comment ] ]
 *     label, value = decimal number, optional sign and exponent;  index = 1, 2, ... (or from 0), each once in a line
 *
 * Lines end in LF or CRLF; empty lines and lines with only a comment are skipped. A comment begins at the line's start or
 * after a space, nowhere else: old Microsoft runtimes write infinity as 1.#INF. Entries of a line that are not in order are
 * sorted. Memory is bounded by the longest line.
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
  /** Indices of the text count from 0; default: from 1. */
  readonly zeroBased?: boolean;
}

/** The largest 1-based index. In memory indices are 0-based, in 32 bits, where a dimension must fit as well. */
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
/** As C, Python and R write them, and as old Microsoft runtimes do. */
const NOT_FINITE = /^[+-]?(nan|na|inf|infinity|1\.#(inf|ind|qnan|snan)\d*)$/i;

/**
 * Parses rows into a builder's arrays. Push chunks of any sizes, cut anywhere, then call `end`. After an error the parser
 * must not be used again; the rows before it are in the builder.
 */
export class LibsvmParser {
  readonly #rows: RowBatchBuilder;
  readonly #source: string;
  /** The first index as the text counts, and the largest one allowed. */
  readonly #firstIndex: 0 | 1;
  readonly #largestIndex: number;
  readonly #maxLineBytes: number;
  /** The beginning of a line whose end has not come yet. */
  #carry = new Uint8Array(1024);
  #carried = 0;
  #line: number;
  /** Where the line being parsed begins, and the position after the last number read. */
  #lineStart = 0;
  #position = 0;
  /** Of the row being parsed: an index is not above the one before it. */
  #unsorted = false;
  #sortedRows = 0;

  /** @param rows takes rows of any number of entries, stored zeros kept. */
  constructor(rows: RowBatchBuilder, options: LibsvmOptions) {
    this.#rows = rows;
    this.#source = options.source;
    this.#firstIndex = options.zeroBased === true ? 0 : 1;
    this.#largestIndex = (options.dimension ?? LARGEST_INDEX) - 1 + this.#firstIndex;
    this.#maxLineBytes = options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES;
    this.#line = options.linesBefore ?? 0;
  }

  /** Lines parsed so far, those before the first one pushed included. */
  get lines(): number {
    return this.#line;
  }

  /** Rows whose entries were not in order in the text. */
  get sortedRows(): number {
    return this.#sortedRows;
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
    const firstIndex = this.#firstIndex;
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
        let previous = firstIndex - 1;
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
          indices[entries] = index - firstIndex;
          if (!ones) values[entries] = value;
          else if (value !== 1) {
            rows.spellOut(entries);
            ones = false;
            values[entries] = value;
          }
          entries++;
        }
        if (this.#unsorted) this.#sort(bytes, entries);
        rows.closeRow(label, entries, this.#line);
      }
      at = byte === LF ? at + 1 : bytes.indexOf(LF, at) + 1;
    }
  }

  /**
   * The number that begins here and ends before a space or the end of the line: always what Number(text) is.
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
    throw this.#error(bytes, start, tokenEnd, expected, this.#hintAtCsv(bytes));
  }

  /** Only at the beginning, where the text may be in another format. */
  #hintAtCsv(bytes: Uint8Array): string {
    if (this.#rows.rows > 0) return "";
    const line = latin1(bytes, this.#lineStart, bytes.indexOf(LF, this.#lineStart));
    const separated = !line.includes(":") && /[,;\t|]/.test(line);
    return separated ? "; for CSV give --format csv --label-column NAME" : "";
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
    return this.#error(bytes, token, tokenEnd, "<index>:<value>", this.#hintAtCsv(bytes));
  }

  /** An index that is not small or not above the one before it, if it is one that may stand here. */
  #largeIndex(bytes: Uint8Array, token: number, end: number, previous: number): number {
    // Beyond 2^53 it is inexact, but still too large.
    const index = Number(latin1(bytes, token, end));
    if (index < this.#firstIndex || index > this.#largestIndex) throw this.#badIndex(bytes, token, index);
    if (index <= previous) this.#unsorted = true;
    return index;
  }

  #badIndex(bytes: Uint8Array, token: number, index: number): MarinaError {
    const tokenEnd = endOfToken(bytes, token);
    if (index < this.#firstIndex) {
      return this.#error(
        bytes,
        token,
        tokenEnd,
        "an index of at least 1 (LIBSVM counts from 1; for a file that counts from 0 give --zero-based)",
      );
    }
    const largest = LARGEST_INDEX - 1 + this.#firstIndex;
    const limit =
      this.#largestIndex === largest
        ? `${largest} (2^32 - ${2 ** 32 - largest})`
        : `${this.#largestIndex} (the dimension given${this.#firstIndex === 0 ? ", counted from 0" : ""})`;
    return this.#error(bytes, token, tokenEnd, `an index of at most ${limit}`);
  }

  /** Brings the row just read into order: its entries are the last ones, up to `end`. */
  #sort(bytes: Uint8Array, end: number): void {
    this.#unsorted = false;
    this.#sortedRows++;
    const { indices, values, ones, nonZeros: start } = this.#rows;
    const order = Array.from({ length: end - start }, (_, k) => start + k);
    order.sort((a, b) => indices[a]! - indices[b]!);
    const sorted = order.map((at) => indices[at]!);
    const doubled = sorted.find((index, k) => index === sorted[k + 1]);
    if (doubled !== undefined) throw this.#doubledIndex(bytes, doubled + this.#firstIndex);
    if (!ones)
      values.set(
        Float64Array.from(order, (at) => values[at]!),
        start,
      );
    indices.set(sorted, start);
  }

  /** @param index as the text counts; it comes more than once in the line at hand. */
  #doubledIndex(bytes: Uint8Array, index: number): MarinaError {
    let seen = false;
    let at = this.#lineStart;
    for (;;) {
      while (isSpace(bytes[at]!)) at++;
      const tokenEnd = endOfToken(bytes, at);
      const token = latin1(bytes, at, tokenEnd);
      const colon = token.indexOf(":");
      if (colon !== -1 && Number(token.slice(0, colon)) === index) {
        if (seen) return this.#error(bytes, at, tokenEnd, `each index once in a line, ${index} comes again`);
        seen = true;
      }
      at = tokenEnd;
    }
  }

  #error(bytes: Uint8Array, start: number, end: number, expected: string, hint = ""): MarinaError {
    const column = start - this.#lineStart + 1;
    const got = start === end ? "nothing" : `"${printable(bytes, start, end)}"`;
    return new MarinaError(
      "data",
      `${this.#source}: line ${this.#line}, column ${column}: expected ${expected}, got ${got}${hint}`,
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
  return byte === SPACE || byte === LF || byte === TAB || byte === CR;
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
