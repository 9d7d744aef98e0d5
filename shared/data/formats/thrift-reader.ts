/**
 * What the parts of a Parquet file say of themselves, in Thrift's compact protocol: walked over and checked, so that nobody allocates
 * what they speak of and can't be there. Parquet format: "File format"; Thrift: "Thrift compact protocol".
 */
import { MarinaError } from "../../base/index.ts";

/** Structures and lists in one another; the format has fewer than ten. */
const DEEPEST = 32;
const VARINT_BYTES = 10;

/** Types of the compact protocol. */
const [TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, STRUCT] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12];

/** Fields of a structure that are integers or structures themselves, by their numbers. */
export type Fields = ReadonlyMap<number, number | Fields>;

export class ThriftReader {
  readonly #view: DataView;
  readonly #name: string;
  #at: number;

  /** @param name what the file is called in errors. @param at where to begin. */
  constructor(view: DataView, name: string, at = 0) {
    this.#view = view;
    this.#name = name;
    this.#at = at;
  }

  /** Where the next byte is read. */
  get at(): number {
    return this.#at;
  }

  get left(): number {
    return this.#view.byteLength - this.#at;
  }

  /** A structure that is of no interest but for its being possible. @throws MarinaError "data" where its lengths are not */
  skipStruct(): void {
    this.#struct(0, undefined);
  }

  /** @throws MarinaError "data" where its lengths are impossible */
  struct(): Fields {
    const fields = new Map<number, number | Fields>();
    this.#struct(0, fields);
    return fields;
  }

  #struct(depth: number, fields: Map<number, number | Fields> | undefined): void {
    if (depth > DEEPEST) throw damaged(this.#name, `structures lie ${DEEPEST} deep in one another`);
    let field = 0;
    for (;;) {
      const header = this.#byte();
      const type = header & 15;
      if (type === 0) return;
      field = header >> 4 === 0 ? zigzag(this.#varint()) : field + (header >> 4);
      if (fields !== undefined && type === STRUCT) {
        const own = new Map<number, number | Fields>();
        this.#struct(depth + 1, own);
        fields.set(field, own);
      } else if (fields !== undefined && (type === I16 || type === I32 || type === I64))
        fields.set(field, zigzag(this.#varint()));
      else if (type !== TRUE && type !== FALSE) this.#element(type, depth);
    }
  }

  #element(type: number, depth: number): void {
    if (type === BYTE) this.#skip(1);
    else if (type === I16 || type === I32 || type === I64) this.#varint();
    else if (type === DOUBLE) this.#skip(8);
    else if (type === BINARY) this.#skip(this.#varint());
    else if (type === LIST) this.#list(depth);
    else if (type === STRUCT) this.#struct(depth + 1, undefined);
    else throw damaged(this.#name, `a field of the unknown type ${type}`);
  }

  #list(depth: number): void {
    const header = this.#byte();
    const type = header & 15;
    const size = header >> 4 === 15 ? this.#varint() : header >> 4;
    // An element takes a byte at least.
    if (size > this.left) throw damaged(this.#name, `a list of ${size} where ${this.left} bytes are left`);
    if (depth > DEEPEST) throw damaged(this.#name, `lists lie ${DEEPEST} deep in one another`);
    if (type === TRUE || type === FALSE) this.#skip(size);
    else for (let i = 0; i < size; i++) this.#element(type, depth + 1);
  }

  #skip(bytes: number): void {
    if (bytes > this.left) throw damaged(this.#name, `${bytes} bytes announced where ${this.left} are left`);
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

/** Signed integers are 0, -1, 1, -2 ... as 0, 1, 2, 3 ... */
function zigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

export function damaged(name: string, what: string): MarinaError {
  return new MarinaError("data", `${name}: expected a Parquet file; it is damaged, or made to harm: ${what}`);
}
