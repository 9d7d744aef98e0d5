/** A file as a source of rows, whatever its format. */
import { createHash } from "node:crypto";
import type { RowBatch } from "../rows/row-batch.ts";
import { decompressed } from "./decompress.ts";
import { plainText } from "./plain-text.ts";

/** What was read, decompressed. */
export interface Contents {
  readonly bytes: number;
  /** Of several files: of the lines `<SHA-256>  <name>` of their contents, as sha256sum prints them. */
  readonly sha256: string;
  /** Where they were several. */
  readonly files?: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
}

/** Of rows that come with all their entries. */
export interface DenseSource {
  /** Of a row. */
  readonly shape: readonly number[];
  /** Are they images whose pixels are bytes, 0 to 255? */
  readonly image: boolean;
}

/** One pass over a file, or over several that belong together. */
export interface RowSource {
  /**
   * All rows in order. To be read once; a batch's arrays are void when the next batch is asked for. An error is thrown
   * after the rows that came before it.
   */
  rows(): AsyncIterable<RowBatch>;
  /** d as the format tells it, once the first batch has come; undefined where only the largest index does. */
  readonly columns: number | undefined;
  /** The names of the features where the format has them, once all rows have come; `columns` of them. */
  readonly features: readonly string[] | undefined;
  /** Where the format stores rows with all their entries, once the first batch has come; undefined for others. */
  readonly dense?: DenseSource | undefined;
  /** Bytes taken from the file so far, before decompression. */
  readonly bytesRead: number;
  /** Final when all rows were read. */
  contents(): Contents;
  /** What the labels stand for, where they are words; complete when all rows were read. */
  readonly labelWords: ReadonlyMap<number, string> | undefined;
  /** Where a row stands, for errors, by its batch's line: `table.csv: line 7`. */
  place(line: number): string;
  /** What was done that a reader of the file might not expect, a sentence each; complete when all rows were read. */
  readonly notices: readonly string[];
}

/** Of several files: the hash of their listing, as sha256sum prints it. */
export function contentsOf(files: NonNullable<Contents["files"]>): Contents {
  const listing = files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join("");
  return {
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    sha256: createHash("sha256").update(listing).digest("hex"),
    files,
  };
}

/** Text, decompressed, counted and hashed on the way; without the byte order mark it may begin with. */
export class TextReader {
  readonly #chunks: AsyncIterable<Uint8Array>;
  readonly #name: string;
  readonly #hash = createHash("sha256");
  #bytesRead = 0;
  #bytes = 0;

  /** @param name what the text is called in errors. */
  constructor(chunks: AsyncIterable<Uint8Array>, name: string) {
    this.#chunks = chunks;
    this.#name = name;
  }

  text(): AsyncGenerator<Uint8Array> {
    return plainText(this.#hashed(), this.#name);
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Once, at the end. */
  contents(): Contents {
    return { bytes: this.#bytes, sha256: this.#hash.copy().digest("hex") };
  }

  async *#hashed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of decompressed(this.#counted(), this.#name)) {
      this.#bytes += chunk.length;
      this.#hash.update(chunk);
      yield chunk;
    }
  }

  async *#counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#chunks) {
      this.#bytesRead += chunk.length;
      yield chunk;
    }
  }
}
