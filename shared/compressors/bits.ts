/** Fields of any number of bits, packed without gaps: the first field in the lowest bits of the first byte. */

/** ceil(log2 n), the bits that tell n things apart; 0 for n = 1. Integer n, 1 <= n <= 2^32. */
export function bitsFor(n: number): number {
  return 32 - Math.clz32(n - 1);
}

/** Bytes that hold so many bits. */
export function bytesFor(bits: number): number {
  return Math.ceil(bits / 8);
}

/** Writes fields from some byte on; the room must be there. `finish` writes the last, perhaps partial byte. */
export class BitWriter {
  readonly #bytes: Uint8Array;
  #at: number;
  #pending = 0;
  #count = 0;

  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes;
    this.#at = offset;
  }

  /** Integer value, 0 <= value < 2^width, 0 <= width <= 24. */
  write(value: number, width: number): void {
    let pending = this.#pending | (value << this.#count);
    let count = this.#count + width;
    while (count >= 8) {
      this.#bytes[this.#at++] = pending;
      pending >>>= 8;
      count -= 8;
    }
    this.#pending = pending;
    this.#count = count;
  }

  /** As `write`, for width <= 32. */
  writeWide(value: number, width: number): void {
    if (width <= 16) {
      this.write(value, width);
    } else {
      this.write(value & 0xffff, 16);
      this.write(value >>> 16, width - 16);
    }
  }

  /** Pads with zeros to a whole byte. */
  finish(): void {
    if (this.#count > 0) this.#bytes[this.#at++] = this.#pending;
    this.#pending = 0;
    this.#count = 0;
  }
}

/** Reads what a BitWriter wrote; the reader asks for no more bits than there are. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at: number;
  #pending = 0;
  #count = 0;

  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes;
    this.#at = offset;
  }

  /** Bits not read yet. */
  get left(): number {
    return (this.#bytes.length - this.#at) * 8 + this.#count;
  }

  /** The next field, 0 <= width <= 24. */
  read(width: number): number {
    let pending = this.#pending;
    let count = this.#count;
    while (count < width) {
      pending |= this.#bytes[this.#at++]! << count;
      count += 8;
    }
    this.#pending = pending >>> width;
    this.#count = count - width;
    return pending & ((1 << width) - 1);
  }

  /** As `read`, for width <= 32. */
  readWide(width: number): number {
    if (width <= 16) return this.read(width);
    const low = this.read(16);
    return this.read(width - 16) * 65536 + low;
  }

  /** True when nothing but zero bits, and less than a byte of them, is left. */
  onlyPadding(): boolean {
    return this.left < 8 && this.read(this.left) === 0;
  }
}
