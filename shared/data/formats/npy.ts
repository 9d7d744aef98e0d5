/**
 * NumPy's format of one array: magic, version, length of the header, a Python dictionary of type, order and shape, then the
 * numbers. Source: NEP 1, and numpy.lib.format, versions 1.0 to 3.0.
 */
import { MarinaError } from "../../base/index.ts";
import { looksLikeNpy } from "./array-magic.ts";
import { type ArrayFile, type ArrayForm, type ArrayLabels, ArraySource } from "./array-source.ts";
import { ByteReader } from "./byte-reader.ts";
import { MOST_CLASSES } from "./class-words.ts";
import { cutOff, labelCount, readLabels } from "./label-array.ts";
import { type NumberType, numberTypes } from "./number-type.ts";
import type { RowSource } from "./row-source.ts";

/** numpy itself reads 10,000 characters where it does not trust a file. */
const MOST_HEADER_BYTES = 64 * 1024;
const MOST_WORD_BYTES = 4096;
const SHOWN_CHARACTERS = 60;

interface NpyFile {
  readonly name: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

export function npySource(file: NpyFile, labelFile: NpyFile, notices: readonly string[] = []): RowSource {
  const bytes = new ByteReader(file.chunks, file.name);
  const data: ArrayFile = {
    name: file.name,
    bytes,
    readHeader: async () => numbers(await readHeader(bytes, file.name), file.name),
  };
  const labelBytes = new ByteReader(labelFile.chunks, labelFile.name);
  let header: Header | undefined;
  const labels: ArrayFile = {
    name: labelFile.name,
    bytes: labelBytes,
    readHeader: async () => numbers(header!, labelFile.name),
  };
  const read = async (): Promise<ArrayLabels> => {
    header = await readHeader(labelBytes, labelFile.name);
    return header.text === undefined ? readLabels(labels) : readWords(labels, header, header.text);
  };
  return new ArraySource(data, labels, read, notices);
}

interface Text {
  /** UTF-32 characters, or bytes. */
  readonly kind: "U" | "S";
  readonly bytes: number;
}

interface Header extends Omit<ArrayForm, "type"> {
  readonly descr: string;
  readonly type: NumberType | undefined;
  readonly text: Text | undefined;
}

function numbers(header: Header, name: string): ArrayForm {
  if (header.type !== undefined) return { ...header, type: header.type };
  throw new MarinaError(
    "data",
    `${name}: expected an array of numbers, got ${JSON.stringify(header.descr)}; convert it: numpy.save(FILE, x.astype("float64"))`,
  );
}

async function readHeader(bytes: ByteReader, name: string): Promise<Header> {
  const refuse = (got: string): MarinaError =>
    new MarinaError("data", `${name}: expected an array as numpy.save writes it, got ${got}`);
  const head = await bytes.read(8);
  if (!looksLikeNpy(head) || head.length < 8) throw refuse("a file with another beginning");
  const major = head[6]!;
  if (major < 1 || major > 3) throw refuse(`format version ${major}.${head[7]}`);
  const wide = major > 1;
  const lengthBytes = await bytes.read(wide ? 4 : 2);
  if (lengthBytes.length < (wide ? 4 : 2)) throw refuse("one that is cut off within its header");
  const view = new DataView(lengthBytes.buffer);
  const length = wide ? view.getUint32(0, true) : view.getUint16(0, true);
  if (length > MOST_HEADER_BYTES)
    throw refuse(`a header of ${length} bytes (expected at most ${MOST_HEADER_BYTES})`);
  const header = await bytes.read(length);
  if (header.length < length) throw refuse("one that is cut off within its header");
  return parsed(Buffer.from(header).toString(major === 3 ? "utf8" : "latin1"), name);
}

/** `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`: no expression but this is read. */
const HEADER =
  /^\{\s*'descr':\s*(?:'([^']*)'|(\[.*\])),\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(((?:\s*\d+\s*,)*\s*(?:\d+\s*)?)\),?\s*\}\s*$/s;

function parsed(text: string, name: string): Header {
  const match = HEADER.exec(text);
  if (match === null) {
    throw new MarinaError(
      "data",
      `${name}: expected an array's type, order and shape in its header, got ${JSON.stringify(text.trim().slice(0, SHOWN_CHARACTERS))}`,
    );
  }
  const [, simple, fields, order, lengths] = match;
  if (simple === undefined) {
    throw new MarinaError(
      "data",
      `${name}: expected an array of numbers, got one of records (${fields!.slice(0, SHOWN_CHARACTERS)}); save its fields as one array of numbers`,
    );
  }
  const shape = lengths!.split(",").flatMap((length) => (length.trim() === "" ? [] : [Number(length)]));
  if (!shape.every((length) => Number.isSafeInteger(length))) {
    throw new MarinaError("data", `${name}: expected lengths of axes below 2^53, got (${lengths})`);
  }
  const { littleEndian, type, text: words } = typeOf(simple, name);
  return { descr: simple, littleEndian, type, text: words, shape, fortranOrder: order === "True" };
}

function typeOf(descr: string, name: string): Pick<Header, "littleEndian" | "type" | "text"> {
  const [, order, code, digits] = /^([<>|=]?)([a-zA-Z?])(\d*)$/.exec(descr) ?? [];
  if (order === undefined) {
    throw new MarinaError(
      "data",
      `${name}: expected an array of numbers, got the type ${JSON.stringify(descr)}`,
    );
  }
  const littleEndian = order !== ">";
  if (code === "U" || code === "S") {
    const bytes = (code === "U" ? 4 : 1) * Number(digits);
    return { littleEndian, type: undefined, text: { kind: code, bytes } };
  }
  const key = code === "b" && digits === "1" ? "bool" : `${code}${digits}`;
  if (Object.hasOwn(numberTypes, key)) {
    return { littleEndian, type: numberTypes[key as keyof typeof numberTypes], text: undefined };
  }
  const what = code === "O" ? ", Python objects, which are not read: they are programs" : "";
  throw new MarinaError(
    "data",
    `${name}: expected numbers (bool, int8 to int64, uint8 to uint64, float16 to float64), got the type ${JSON.stringify(descr)}${what}`,
  );
}

/** Labels that are words of one length, filled with zeros. */
async function readWords({ name, bytes }: ArrayFile, header: Header, text: Text): Promise<ArrayLabels> {
  const count = labelCount(header.shape, name);
  if (text.bytes > MOST_WORD_BYTES) {
    throw new MarinaError(
      "limit",
      `${name}: expected words of at most ${MOST_WORD_BYTES} bytes, got ${text.bytes}`,
    );
  }
  const codes = new Map<string, number>();
  const values: number[] = [];
  for (let row = 0; row < count; row++) {
    const cell = await bytes.read(text.bytes);
    if (cell.length < text.bytes) throw cutOff(name, count);
    const word = wordOf(cell, text, header.littleEndian);
    if (word === undefined)
      throw new MarinaError("data", `${name}: row ${row + 1}: expected text, got other bytes`);
    let code = codes.get(word);
    if (code === undefined) {
      if (codes.size >= MOST_CLASSES) {
        throw new MarinaError(
          "data",
          `${name}: row ${row + 1}: expected at most ${MOST_CLASSES} different labels, got ${JSON.stringify(word.slice(0, SHOWN_CHARACTERS))} as a further one`,
        );
      }
      code = codes.size;
      codes.set(word, code);
    }
    values.push(code);
  }
  if ((await bytes.left()) > 0) {
    throw new MarinaError("data", `${name}: expected its end after ${count} labels, got more bytes`);
  }
  return inOrder(codes, values);
}

/** As the words of tables: of two, the later one is the larger number. */
function inOrder(codes: ReadonlyMap<string, number>, values: readonly number[]): ArrayLabels {
  const words = [...codes.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const places = new Map(words.map((word, place) => [codes.get(word)!, place]));
  return {
    values: Float64Array.from(values, (code) => places.get(code)!),
    words: new Map(words.map((word, place) => [place, word])),
  };
}

/** Undefined for what is no text. */
function wordOf(cell: Uint8Array<ArrayBuffer>, { kind }: Text, littleEndian: boolean): string | undefined {
  if (kind === "S") return Buffer.from(cell).toString("latin1").replace(/\0+$/, "");
  const view = new DataView(cell.buffer);
  const points = Array.from({ length: cell.length / 4 }, (_, at) => view.getUint32(4 * at, littleEndian));
  if (points.some((point) => point > 0x10ffff)) return undefined;
  return String.fromCodePoint(...points).replace(/\0+$/, "");
}
