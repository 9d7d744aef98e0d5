/**
 * IDX, the format of MNIST and its relatives: two zero bytes, a byte for the type, one for the number of axes, their
 * lengths as 32-bit integers, then the numbers row by row; all big-endian.
 * Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
 */
import { MarinaError } from "../../base/index.ts";
import { looksLikeIdx } from "./array-magic.ts";
import { type ArrayFile, type ArrayForm, ArraySource } from "./array-source.ts";
import { ByteReader } from "./byte-reader.ts";
import { readLabels } from "./label-array.ts";
import { type NumberType, numberTypes } from "./number-type.ts";
import type { RowSource } from "./row-source.ts";

const TYPES: Readonly<Record<number, NumberType>> = {
  8: numberTypes.u1,
  9: numberTypes.i1,
  11: numberTypes.i2,
  12: numberTypes.i4,
  13: numberTypes.f4,
  14: numberTypes.f8,
};

interface IdxFile {
  readonly name: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Images, or other rows, and the file of their labels. */
export function idxSource(file: IdxFile, labelFile: IdxFile, notices: readonly string[] = []): RowSource {
  const labels = idxFile(labelFile);
  return new ArraySource(idxFile(file), labels, () => readLabels(labels), notices);
}

function idxFile({ name, chunks }: IdxFile): ArrayFile {
  const bytes = new ByteReader(chunks, name);
  return { name, bytes, readHeader: () => readHeader(bytes, name) };
}

async function readHeader(bytes: ByteReader, name: string): Promise<ArrayForm> {
  const head = await bytes.read(4);
  if (!looksLikeIdx(head)) {
    throw new MarinaError(
      "data",
      `${name}: expected IDX (two zero bytes, a type, a number of axes from 1 to 5), got ${hexadecimal(head)}`,
    );
  }
  const axes = head[3]!;
  const lengths = await bytes.read(4 * axes);
  if (lengths.length < 4 * axes)
    throw new MarinaError("data", `${name}: is cut off within its header; fetch it again`);
  const view = new DataView(lengths.buffer);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 * axis));
  return { type: TYPES[head[2]!]!, littleEndian: false, shape, fortranOrder: false };
}

function hexadecimal(bytes: Uint8Array): string {
  return bytes.length === 0 ? "nothing" : `the bytes ${Buffer.from(bytes).toString("hex")}`;
}
