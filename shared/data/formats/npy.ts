/** NumPy's files of one array as rows, their labels in another. */
import { MarinaError } from "../../base/index.ts";
import { type ArrayFile, type ArrayLabels, ArraySource } from "./array-source.ts";
import { ByteReader } from "./byte-reader.ts";
import { MOST_CLASSES } from "./class-words.ts";
import { cutOff, labelCount, readLabels } from "./label-array.ts";
import { type NpyHeader, type NpyText, npyForm, readNpyHeader } from "./npy-header.ts";
import type { RowSource } from "./row-source.ts";

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
    readHeader: async () => npyForm(await readNpyHeader(bytes, file.name), file.name),
  };
  const labelBytes = new ByteReader(labelFile.chunks, labelFile.name);
  let header: NpyHeader | undefined;
  const labels: ArrayFile = {
    name: labelFile.name,
    bytes: labelBytes,
    readHeader: async () => npyForm(header!, labelFile.name),
  };
  const read = async (): Promise<ArrayLabels> => {
    header = await readNpyHeader(labelBytes, labelFile.name);
    return header.text === undefined ? readLabels(labels) : readWords(labels, header, header.text);
  };
  return new ArraySource(data, labels, read, notices);
}

/** Labels that are words of one length, filled with zeros. */
async function readWords({ name, bytes }: ArrayFile, header: NpyHeader, text: NpyText): Promise<ArrayLabels> {
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
function wordOf(cell: Uint8Array<ArrayBuffer>, { kind }: NpyText, littleEndian: boolean): string | undefined {
  if (kind === "S") return Buffer.from(cell).toString("latin1").replace(/\0+$/, "");
  const view = new DataView(cell.buffer);
  const points = Array.from({ length: cell.length / 4 }, (_, at) => view.getUint32(4 * at, littleEndian));
  if (points.some((point) => point > 0x10ffff)) return undefined;
  return String.fromCodePoint(...points).replace(/\0+$/, "");
}
