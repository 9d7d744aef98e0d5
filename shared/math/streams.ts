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
  /** What the slots of a round draw jointly; index 0. */
  jointCompressor: 8,
  /** The order of a data set's rows; round 0: the shuffle, index 0; round 1: the classes of a client, index = client. */
  rows: 9,
  /** In which order the messages of a round are dealt out to buckets; index 0. */
  buckets: 17,
  /** Which points of a grid a random search tries; round 0, index 0. */
  search: 32,
} as const;
export type Purpose = (typeof Purpose)[keyof typeof Purpose];

const TWO_32 = 4294967296;
const TWO_MINUS_53 = Number.EPSILON / 2;

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

// Scratch of all streams: a run makes two of them a message, and typed arrays of their own would cost more than the draws.
const counter = new Uint32Array(4);
const key = new Uint32Array(2);
const block = new Uint32Array(4);
const words = new Int32Array(block.buffer);

/**
 * A sequential reader of one stream: Philox4x32-10 with key = seed and counter = (block, index, round, purpose).
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */
export class Stream {
  readonly #index: number;
  readonly #round: number;
  readonly #purpose: number;
  readonly #keyLow: number;
  readonly #keyHigh: number;
  /** Blocks drawn so far. */
  #blocks = 0;
  // The block at hand, as signed words: small integers to the engine.
  #word0 = 0;
  #word1 = 0;
  #word2 = 0;
  #word3 = 0;
  #used = 4;

  constructor({ seed, purpose, round, index }: StreamKey) {
    this.#index = index | 0;
    this.#round = round | 0;
    this.#purpose = purpose;
    this.#keyLow = (seed % TWO_32) | 0;
    this.#keyHigh = Math.floor(seed / TWO_32);
  }

  /** Next 32 random bits, 0 <= u < 2^32. */
  nextUint32(): number {
    switch (this.#used++) {
      case 1:
        return this.#word1 >>> 0;
      case 2:
        return this.#word2 >>> 0;
      case 3:
        return this.#word3 >>> 0;
      default:
        this.#nextBlock();
        return this.#word0 >>> 0;
    }
  }

  #nextBlock(): void {
    counter[0] = this.#blocks++;
    counter[1] = this.#index;
    counter[2] = this.#round;
    counter[3] = this.#purpose;
    key[0] = this.#keyLow;
    key[1] = this.#keyHigh;
    philox4x32(counter, key, block);
    this.#word0 = words[0]!;
    this.#word1 = words[1]!;
    this.#word2 = words[2]!;
    this.#word3 = words[3]!;
    this.#used = 1;
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
