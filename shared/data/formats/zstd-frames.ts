/**
 * Where the frames of a Zstandard stream end (RFC 8878, section 3.1). Node's decoder stops without a word after the first
 * one, and files of several are common: of parallel programs, and joined with cat.
 */

export interface FramePiece {
  readonly bytes: Uint8Array;
  /** The frame's last bytes. */
  readonly ends: boolean;
  /** A skippable frame: of some program's own use, no data. */
  readonly skippable: boolean;
}

const FRAME = 0xfd2fb528;
/** The last four bits are free. */
const SKIPPABLE = 0x184d2a50;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

type Field = "magic" | "skipped bytes" | "descriptor" | "block";
const FIELD_BYTES: Readonly<Record<Field, number>> = {
  magic: 4,
  "skipped bytes": 4,
  descriptor: 1,
  block: 3,
};

/** Bytes that can't be a frame. */
export class NoFrame extends Error {}

export class ZstdFrames {
  #field: Field = "magic";
  /** Of the field at hand, little-endian. */
  #value = 0;
  #got = 0;
  /** Bytes to pass before the next field. */
  #pass = 0;
  #checksum = false;
  #lastBlock = false;
  #skippable = false;

  /** The chunk's pieces, cut where frames end. @throws NoFrame */
  *cut(chunk: Uint8Array): Generator<FramePiece> {
    let from = 0;
    for (let at = 0; at < chunk.length; ) {
      if (this.#pass > 0) {
        const passed = Math.min(this.#pass, chunk.length - at);
        this.#pass -= passed;
        at += passed;
      } else {
        this.#value += chunk[at++]! * 256 ** this.#got++;
        if (this.#got === FIELD_BYTES[this.#field]) this.#read();
      }
      if (this.#pass === 0 && this.#lastBlock) {
        yield { bytes: chunk.subarray(from, at), ends: true, skippable: this.#skippable };
        from = at;
        this.#lastBlock = false;
        this.#skippable = false;
        this.#field = "magic";
      }
    }
    if (from < chunk.length) {
      yield { bytes: chunk.subarray(from), ends: false, skippable: this.#skippable };
    }
  }

  /** What the field says of what follows it. */
  #read(): void {
    const value = this.#value;
    this.#value = 0;
    this.#got = 0;
    switch (this.#field) {
      case "magic":
        this.#skippable = (value & 0xfffffff0) >>> 0 === SKIPPABLE;
        if (!this.#skippable && value !== FRAME) throw new NoFrame();
        this.#field = this.#skippable ? "skipped bytes" : "descriptor";
        return;
      case "skipped bytes":
        this.#pass = value;
        this.#lastBlock = true;
        return;
      case "descriptor": {
        const single = (value >> 5) & 1;
        const contentSize = [single, 2, 4, 8][value >> 6]!;
        const dictionary = [0, 1, 2, 4][value & 3]!;
        this.#checksum = ((value >> 2) & 1) === 1;
        this.#pass = 1 - single + dictionary + contentSize;
        this.#field = "block";
        return;
      }
      case "block": {
        const type = (value >> 1) & 3;
        if (type === RESERVED_BLOCK) throw new NoFrame();
        this.#lastBlock = (value & 1) === 1;
        this.#pass = type === RLE_BLOCK ? 1 : value >> 3;
        if (this.#lastBlock && this.#checksum) this.#pass += 4;
      }
    }
  }
}
