/** Binary files, decompressed, counted and hashed on the way, in pieces of the length that is asked for. */
import { createHash } from "node:crypto";
import { decompressed } from "./decompress.ts";
import type { Contents } from "./row-source.ts";

export class ByteReader {
  readonly #chunks: AsyncIterable<Uint8Array>;
  readonly #name: string;
  readonly #hash = createHash("sha256");
  #iterator: AsyncIterator<Uint8Array> | undefined;
  #bytesRead = 0;
  #bytes = 0;
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  /** @param name what the file is called in errors. */
  constructor(chunks: AsyncIterable<Uint8Array>, name: string) {
    this.#chunks = chunks;
    this.#name = name;
  }

  /** Bytes taken from the file so far, before decompression. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /**
   * The next bytes, in an array of their own; fewer where the file ends. Memory is taken as the bytes come, whatever length is
   * asked for.
   */
  async read(length: number): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#heldBytes < length && (await this.#more()));
    const all = new Uint8Array(Math.min(length, this.#heldBytes));
    let at = 0;
    while (at < all.length) {
      const chunk = this.#held[0]!;
      const taken = chunk.subarray(0, all.length - at);
      all.set(taken, at);
      at += taken.length;
      if (taken.length === chunk.length) this.#held.shift();
      else this.#held[0] = chunk.subarray(taken.length);
    }
    this.#heldBytes -= all.length;
    return all;
  }

  /** How many bytes are left, up to a few: to be asked at the end. */
  async left(): Promise<number> {
    if (this.#heldBytes === 0) await this.#more();
    return this.#heldBytes;
  }

  async close(): Promise<void> {
    await this.#iterator?.return?.();
  }

  /** Once, at the end. */
  contents(): Contents {
    return { bytes: this.#bytes, sha256: this.#hash.copy().digest("hex") };
  }

  async #more(): Promise<boolean> {
    this.#iterator ??= decompressed(this.#counted(), this.#name)[Symbol.asyncIterator]();
    const next = await this.#iterator.next();
    if (next.done === true) return false;
    this.#bytes += next.value.length;
    this.#hash.update(next.value);
    // The stream may use its chunk again.
    if (next.value.length > 0) this.#held.push(next.value.slice());
    this.#heldBytes += next.value.length;
    return true;
  }

  async *#counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#chunks) {
      this.#bytesRead += chunk.length;
      yield chunk;
    }
  }
}
