/** The kernel's memory: scratch first, then shards one after the other, up to a bound. */
import type { KernelMemory } from "./exports.ts";

/** Most that a kernel's memory grows to: shards of larger sum push one another out. */
export const ARENA_BYTES = 256 * 1024 * 1024;

const PAGE_BYTES = 64 * 1024;
/** Address 0 is left unused, and vector registers are read from multiples of 16. */
const FIRST_ADDRESS = 64;

/**
 * Addresses are given out in ascending order. When there is no more room (or the scratch must grow) all shards are
 * dropped at once: `generation` changes, and whoever held an address must ask for a new one. That is a copy per shard
 * again; results never depend on it.
 */
export class Arena {
  readonly #memory: KernelMemory;
  readonly #bytes: number;
  #scratchEnd = FIRST_ADDRESS;
  #top = FIRST_ADDRESS;
  #generation = 0;
  #f64 = new Float64Array(0);
  #buffer: ArrayBuffer;

  constructor(memory: KernelMemory, bytes: number = ARENA_BYTES) {
    this.#memory = memory;
    this.#bytes = bytes;
    this.#buffer = memory.buffer;
  }

  /** Addresses given out in another generation are void. */
  get generation(): number {
    return this.#generation;
  }

  /** The memory as float64: address / 8 is the position. Void after the next `scratch` or `place`. */
  get f64(): Float64Array {
    return this.#f64;
  }

  get buffer(): ArrayBuffer {
    return this.#buffer;
  }

  /** Could a shard of so many bytes be placed beside such a scratch? */
  fits(scratchBytes: number, shardBytes: number): boolean {
    return FIRST_ADDRESS + align(scratchBytes) + align(shardBytes) <= this.#bytes;
  }

  /** Address of at least so many bytes that any call may overwrite. */
  scratch(bytes: number): number {
    const end = FIRST_ADDRESS + align(bytes);
    if (end > this.#scratchEnd) {
      this.#reserve(end);
      this.#scratchEnd = end;
      this.#drop();
    }
    return FIRST_ADDRESS;
  }

  /** Address of so many bytes, a multiple of 16, valid for this generation. The bytes must fit (see `fits`). */
  place(bytes: number): number {
    if (this.#top + align(bytes) > this.#bytes) this.#drop();
    const at = this.#top;
    this.#reserve(at + align(bytes));
    this.#top = at + align(bytes);
    return at;
  }

  #drop(): void {
    this.#generation++;
    this.#top = this.#scratchEnd;
  }

  #reserve(end: number): void {
    if (end > this.#bytes)
      throw new RangeError(`${end} bytes of kernel memory, expected at most ${this.#bytes}`);
    const missing = end - this.#buffer.byteLength;
    if (missing <= 0) return;
    // By halves at least, so that many small shards don't mean many growths.
    const target = Math.min(this.#bytes, Math.max(end, 1.5 * this.#buffer.byteLength));
    this.#memory.grow(Math.ceil((target - this.#buffer.byteLength) / PAGE_BYTES));
    this.#buffer = this.#memory.buffer;
    this.#f64 = new Float64Array(this.#buffer);
  }
}

export function align(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}
