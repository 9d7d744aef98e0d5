/** Memory for what is made, read and done with before anything else is: one for each environment, not one for each message. */

/** What short messages pass through: a buffer of their own costs more than their numbers. */
const FIRST_BYTES = 8192;

/**
 * Numbers are lent by name until the same name is asked for again. Whoever shares a workspace must be done with a buffer
 * before it yields: an environment does one task at a time, and computes each without waiting.
 */
export class Workspace {
  readonly #vectors = new Map<string, Float64Array>();
  #bytes = new Uint8Array(FIRST_BYTES);

  /** A vector of this length under this name, with whatever it held last. */
  vector(name: string, length: number): Float64Array {
    const known = this.#vectors.get(name);
    if (known?.length === length) return known;
    const vector = new Float64Array(length);
    this.#vectors.set(name, vector);
    return vector;
  }

  /** Memory of at least so many bytes, with whatever it held last; all callers get the same. */
  bytes(atLeast: number): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length < atLeast) this.#bytes = new Uint8Array(atLeast);
    return this.#bytes;
  }
}
