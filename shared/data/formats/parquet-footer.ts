/**
 * What a Parquet file says of itself, checked before it is believed: a few damaged bytes can speak of lists, pages and row groups of
 * any size, and the library allocates what it is told of. Parquet format: "File format", "Thrift compact protocol".
 */
import type { AsyncBuffer, Compressors, FileMetaData } from "hyparquet";
import { MarinaError } from "../../base/index.ts";

/** Structures and lists in one another; the format has fewer than ten. */
const DEEPEST = 32;
/** Values of one column in one row group: some thirty times what writers put there. Memory is that of a row group. */
const MOST_VALUES = 2 ** 25;
/** A page, unpacked: writers make them of some megabytes. */
const MOST_PAGE_BYTES = 2 ** 29;
const TAIL_BYTES = 8;
const VARINT_BYTES = 10;

/** Types of the compact protocol. */
const [TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, STRUCT] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12];

/** @throws MarinaError "data" where its lengths are impossible */
export async function checkFooter(file: AsyncBuffer, name: string): Promise<void> {
  const { byteLength } = file;
  if (byteLength < TAIL_BYTES) throw damaged(name, `it has ${byteLength} bytes`);
  const tail = new DataView(await file.slice(byteLength - TAIL_BYTES, byteLength));
  const length = tail.getUint32(0, true);
  // A mark that is not there is the library's to tell: the file may be no Parquet at all.
  if (length > byteLength - TAIL_BYTES) return;
  const start = byteLength - TAIL_BYTES - length;
  const reader = new Compact(new DataView(await file.slice(start, byteLength - TAIL_BYTES)), name);
  reader.struct(0);
}

/** Walks over a structure and checks that what it announces can be there; keeps nothing. */
class Compact {
  readonly #view: DataView;
  readonly #name: string;
  #at = 0;

  constructor(view: DataView, name: string) {
    this.#view = view;
    this.#name = name;
  }

  struct(depth: number): void {
    if (depth > DEEPEST) throw damaged(this.#name, `structures lie ${DEEPEST} deep in one another`);
    for (;;) {
      const header = this.#byte();
      const type = header & 15;
      if (type === 0) return;
      if (header >> 4 === 0) this.#varint();
      if (type !== TRUE && type !== FALSE) this.#element(type, depth);
    }
  }

  #element(type: number, depth: number): void {
    if (type === BYTE) this.#skip(1);
    else if (type === I16 || type === I32 || type === I64) this.#varint();
    else if (type === DOUBLE) this.#skip(8);
    else if (type === BINARY) this.#skip(this.#varint());
    else if (type === LIST) this.#list(depth);
    else if (type === STRUCT) this.struct(depth + 1);
    else throw damaged(this.#name, `a field of the unknown type ${type}`);
  }

  #list(depth: number): void {
    const header = this.#byte();
    const type = header & 15;
    const size = header >> 4 === 15 ? this.#varint() : header >> 4;
    // An element takes a byte at least.
    if (size > this.#left) throw damaged(this.#name, `a list of ${size} where ${this.#left} bytes are left`);
    if (depth > DEEPEST) throw damaged(this.#name, `lists lie ${DEEPEST} deep in one another`);
    if (type === TRUE || type === FALSE) this.#skip(size);
    else for (let i = 0; i < size; i++) this.#element(type, depth + 1);
  }

  get #left(): number {
    return this.#view.byteLength - this.#at;
  }

  #skip(bytes: number): void {
    if (bytes > this.#left)
      throw damaged(this.#name, `${bytes} bytes announced where ${this.#left} are left`);
    this.#at += bytes;
  }

  #byte(): number {
    this.#skip(1);
    return this.#view.getUint8(this.#at - 1);
  }

  /** Unsigned; as a double it is exact to 2^53, and larger ones are too large for all that is done with them. */
  #varint(): number {
    let value = 0;
    for (let i = 0, scale = 1; i < VARINT_BYTES; i++, scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw damaged(this.#name, `a number of more than ${VARINT_BYTES} bytes`);
  }
}

/** Row groups and column chunks: within the file, and of a size that can be held. @throws MarinaError "data" */
export function checkRowGroups({ row_groups }: FileMetaData, byteLength: number, name: string): void {
  for (const [group, { num_rows, columns }] of (row_groups ?? []).entries()) {
    const where = `row group ${group + 1}`;
    checkCount(num_rows, MOST_VALUES, `${where}: rows`, name);
    for (const { meta_data: chunk } of columns ?? []) {
      if (chunk === undefined) continue;
      const column = `${where}, column ${JSON.stringify(chunk.path_in_schema.join("."))}`;
      checkCount(chunk.num_values, MOST_VALUES, `${column}: values`, name);
      checkCount(chunk.total_compressed_size, byteLength, `${column}: bytes`, name);
      const { dictionary_page_offset: dictionary, data_page_offset: data } = chunk;
      const most = BigInt(byteLength) - chunk.total_compressed_size;
      const first = dictionary !== undefined && dictionary > 0n && dictionary < data ? dictionary : data;
      checkCount(first, Number(most), `${column}: its place`, name);
    }
  }
}

function checkCount(count: bigint, most: number, what: string, name: string): void {
  // A damaged field may be of another type.
  if (typeof count === "bigint" && count >= 0n && count <= BigInt(most)) return;
  throw damaged(name, `${what}: expected 0 to ${most}, got ${count}`);
}

/** The same decompressors, for pages that can be held. */
export function boundedCompressors(compressors: Compressors, name: string): Compressors {
  return Object.fromEntries(
    Object.entries(compressors).map(([codec, decompress]) => [
      codec,
      (input: Uint8Array, outputLength: number) => {
        if (outputLength >= 0 && outputLength <= MOST_PAGE_BYTES) return decompress(input, outputLength);
        throw damaged(name, `a page of ${outputLength} bytes, expected at most ${MOST_PAGE_BYTES}`);
      },
    ]),
  );
}

function damaged(name: string, what: string): MarinaError {
  return new MarinaError("data", `${name}: expected a Parquet file; it is damaged, or made to harm: ${what}`);
}
