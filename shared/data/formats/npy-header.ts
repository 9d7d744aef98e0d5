/**
 * The beginning of NumPy's format of one array: magic, version, length of the header, a Python dictionary of type, order and
 * shape. Source: NEP 1, and numpy.lib.format, versions 1.0 to 3.0.
 */
import { MarinaError } from "../../base/index.ts";
import { looksLikeNpy } from "./array-magic.ts";
import type { ArrayForm } from "./array-source.ts";
import type { ByteReader } from "./byte-reader.ts";
import { type NumberType, numberTypes } from "./number-type.ts";

/** numpy itself reads 10,000 characters where it does not trust a file. */
const MOST_HEADER_BYTES = 64 * 1024;
const SHOWN_CHARACTERS = 60;

export interface NpyText {
  /** UTF-32 characters, or bytes. */
  readonly kind: "U" | "S";
  readonly bytes: number;
}

export interface NpyHeader extends Omit<ArrayForm, "type"> {
  readonly descr: string;
  readonly type: NumberType | undefined;
  readonly text: NpyText | undefined;
}

/** @throws MarinaError "data" for an array of something else. */
export function npyForm(header: NpyHeader, name: string): ArrayForm {
  if (header.type !== undefined) return { ...header, type: header.type };
  throw new MarinaError(
    "data",
    `${name}: expected an array of numbers, got ${JSON.stringify(header.descr)}; convert it: numpy.save(FILE, x.astype("float64"))`,
  );
}

/** @throws MarinaError "data" for what is no such beginning. */
export async function readNpyHeader(bytes: ByteReader, name: string): Promise<NpyHeader> {
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

function parsed(text: string, name: string): NpyHeader {
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

function typeOf(descr: string, name: string): Pick<NpyHeader, "littleEndian" | "type" | "text"> {
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
