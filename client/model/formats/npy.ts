/**
 * NumPy's array files: magic, version, a header that is a Python dictionary, then the numbers.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { MarinaError } from "../../../shared/base/index.ts";
import { entriesOf, shapeText } from "./tensor.ts";

export interface NpyArray {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: Float64Array;
}

const MAGIC = "\x93NUMPY";
/** Data begin at a multiple of so many bytes. */
const ALIGNMENT = 64;
/** Far above that of any array of numbers. */
const HEADER_LIMIT_BYTES = 65_536;
const MOST_AXES = 32;

/** The array as float64, little-endian, version 1.0. */
export function encodeNpy({ shape, values }: NpyArray): Uint8Array<ArrayBuffer> {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const dictionary = `{'descr': '<f8', 'fortran_order': False, 'shape': ${tuple}, }`;
  const before = MAGIC.length + 4;
  const length = Math.ceil((before + dictionary.length + 1) / ALIGNMENT) * ALIGNMENT - before;
  const header = `${dictionary.padEnd(length - 1)}\n`;
  const bytes = new Uint8Array(before + length + 8 * values.length);
  bytes.set(Buffer.from(MAGIC, "latin1"));
  bytes.set([1, 0, length & 255, length >> 8], MAGIC.length);
  bytes.set(Buffer.from(header, "latin1"), before);
  new Float64Array(bytes.buffer, before + length).set(values);
  return bytes;
}

type ReadNumber = (view: DataView, at: number, littleEndian: boolean) => number;

/** By NumPy's letter and size. Integers of 64 bits are taken where they are exact. */
const TYPES: Readonly<Record<string, ReadNumber>> = {
  f8: (view, at, little) => view.getFloat64(at, little),
  f4: (view, at, little) => view.getFloat32(at, little),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
};

/** @throws MarinaError "data" for bytes that are no such file, or not of numbers in row-major order. */
export function decodeNpy(bytes: Uint8Array, source: string): NpyArray {
  const bad = (problem: string) => new MarinaError("data", `${source}: ${problem}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 10 || Buffer.from(bytes.subarray(0, 6)).toString("latin1") !== MAGIC)
    throw bad("expected a NumPy file (.npy), which begins with \\x93NUMPY");
  const version = bytes[6]!;
  if (version < 1 || version > 3)
    throw bad(`expected version 1 to 3 of NumPy's format, got ${version}.${bytes[7]}`);
  const begins = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : bytes.length < 12 ? 0 : view.getUint32(8, true);
  if (length > HEADER_LIMIT_BYTES || begins + length > bytes.length)
    throw bad(`its header was cut off, or is none: ${length} bytes of the file's ${bytes.length}`);
  const header = Buffer.from(bytes.subarray(begins, begins + length)).toString("latin1");
  const { descr, fortran, shape } = parseHeader(header, bad);
  const read = TYPES[descr.slice(1)];
  const size = Number(descr.slice(2));
  if (read === undefined || !/^[<>|=]/.test(descr))
    throw bad(`expected numbers of type float64, got ${descr}; save it again with .astype("float64")`);
  if (fortran && shape.filter((length) => length !== 1).length > 1)
    throw bad("expected row-major order, got Fortran order; save it again with np.ascontiguousarray");
  const entries = entriesOf(shape);
  const held = bytes.length - begins - length;
  if (entries * size !== held)
    throw bad(`expected ${shapeText(shape)} numbers of ${size} bytes, ${entries * size} bytes, got ${held}`);
  const values = new Float64Array(entries);
  const little = !descr.startsWith(">");
  for (let i = 0, at = begins + length; i < entries; i++, at += size) {
    const value = read(view, at, little);
    if (size === 8 && descr[1] !== "f" && !Number.isSafeInteger(value))
      throw bad(`entry ${i} is ${value}, an integer that float64 can't hold`);
    values[i] = value;
  }
  return { shape, values };
}

/** One entry of the dictionary, from its key to the comma. */
const ENTRY =
  /^\s*(?:'(\w+)'|"(\w+)")\s*:\s*(?:'([^']*)'|"([^"]*)"|(True|False)|\(([\d\sL,]*)\))\s*(,|(?=\}))/;

function parseHeader(header: string, bad: (problem: string) => MarinaError) {
  const refused = () =>
    bad(
      `expected a header with descr, fortran_order and shape, got ${JSON.stringify(header.slice(0, 120).trim())}`,
    );
  const text = header.trim();
  if (!text.startsWith("{")) throw refused();
  const found = new Map<string, RegExpExecArray>();
  let rest = text.slice(1);
  for (let entry = ENTRY.exec(rest); entry !== null; entry = ENTRY.exec(rest)) {
    found.set((entry[1] ?? entry[2])!, entry);
    rest = rest.slice(entry[0].length);
  }
  const descr = found.get("descr");
  const text8 = descr?.[3] ?? descr?.[4];
  const fortran = found.get("fortran_order")?.[5];
  const tuple = found.get("shape")?.[6];
  if (rest.trim() !== "}" || found.size !== 3) throw refused();
  if (text8 === undefined || fortran === undefined || tuple === undefined) throw refused();
  const shape = tuple
    .split(",")
    .map((part) => part.trim().replace(/L$/, ""))
    .filter((part) => part !== "")
    .map(Number);
  if (shape.length > MOST_AXES || !shape.every(Number.isSafeInteger)) throw refused();
  return { descr: text8, fortran: fortran === "True", shape };
}
