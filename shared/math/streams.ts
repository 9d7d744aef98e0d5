/**
 * Keyed random streams: every random choice of a run is a pure function of (seed, purpose, round, index), so a
 * repeated, hedged or resumed computation draws exactly the same numbers on every engine.
 */
import { philox4x32 } from "./philox.ts";

/** What a stream is drawn for. The numbers are part of the protocol: changing one changes every trajectory. */
export const Purpose = {
  /** c_k: is this round dense (MARINA family), or does the reference point move (VR-DIANA)? index 0. */
  coin: 1,
  /** The r slots of a PP-MARINA round. index 0. */
  participants: 2,
  /** A compressor's draw; index = slot. */
  compressor: 3,
  /** A mini-batch's rows; index = slot. */
  batch: 4,
  /** A random starting point; round 0, index 0. */
  start: 5,
  /** The embedded cloud's latencies and cold starts; never the trajectory. */
  simulation: 6,
  /** The embedded cloud's faults; index = kind of fault; round 0: does it strike, round m: how, the m-th time. */
  faults: 7,
} as const;
export type Purpose = (typeof Purpose)[keyof typeof Purpose];

const TWO_32 = 4294967296;
const TWO_MINUS_53 = 2 ** -53;

/** Where a stream's numbers come from: the key (seed) and three of the four counter words. */
export interface StreamKey {
  /** Integer, 0 <= seed <= 2^53 - 1. */
  readonly seed: number;
  readonly purpose: Purpose;
  /** Integer, 0 <= round < 2^32. */
  readonly round: number;
  /** Slot or worker, 0 <= index < 2^32. */
  readonly index: number;
}

/**
 * A sequential reader of one stream: Philox4x32-10 with key = seed and counter = (block, index, round, purpose).
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */
export class Stream {
  readonly #counter: Uint32Array;
  readonly #key: Uint32Array;
  readonly #block = new Uint32Array(4);
  #used = 4;

  constructor({ seed, purpose, round, index }: StreamKey) {
    this.#counter = Uint32Array.of(0, index, round, purpose);
    this.#key = Uint32Array.of(seed % TWO_32, Math.floor(seed / TWO_32));
  }

  /** Next 32 random bits, 0 <= u < 2^32. */
  nextUint32(): number {
    if (this.#used === 4) {
      philox4x32(this.#counter, this.#key, this.#block);
      this.#counter[0] = this.#counter[0]! + 1;
      this.#used = 0;
    }
    return this.#block[this.#used++]!;
  }

  /** Uniform on [0, 1) with 53 random bits. */
  nextUniform(): number {
    const high = this.nextUint32() >>> 5; // 27 bits
    const low = this.nextUint32() >>> 6; // 26 bits
    return (high * 67108864 + low) * TWO_MINUS_53;
  }

  /** Uniform integer on {0 .. bound - 1}, exactly (by rejection); 1 <= bound <= 2^32. */
  nextBelow(bound: number): number {
    if (bound === TWO_32) return this.nextUint32();
    const modulus = bound >>> 0;
    for (;;) {
      const draw = this.nextUint32();
      // Accepted below the largest multiple of the bound; that is above 2^32 - bound, which spares most draws a division.
      if (draw < TWO_32 - bound || draw < TWO_32 - (TWO_32 % bound)) return draw % modulus;
    }
  }
}
