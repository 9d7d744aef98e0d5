/**
 * NumPy's array files, written: magic, version, a header that is a Python dictionary, then the numbers.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import type { NpyArray } from "../../../shared/data/index.ts";

const MAGIC = "\x93NUMPY";
/** Data begin at a multiple of so many bytes. */
const ALIGNMENT = 64;

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
