/** Uniform random subsets, by Floyd's algorithm. */
import { MarinaError } from "../base/index.ts";
import { powerOfTwo } from "./powers-of-two.ts";
import type { Stream } from "./streams.ts";

const EMPTY = 0xffffffff;
/** A bitmap of d bits is smaller and quicker than a hash table of K entries while d <= 256 K. */
const BITMAP_RATIO = 256;
/** Knuth's multiplicative hash: 2^32 divided by the golden ratio. */
const HASH_MULTIPLIER = 0x9e3779b1;

/**
 * A uniformly random K-subset of {0 .. d-1}, in increasing order.
 *
 * Floyd: S = {}; for t = d-K .. d-1: draw r uniform on {0 .. t}; add r if it is not in S yet, else add t. Every subset
 * comes of exactly K! of the d!/(d-K)! sequences of draws. Takes K draws (none for K = d), O(K) expected time plus the
 * sort, and O(K) memory: nothing is done d times unless K is of the order of d.
 *
 * @param stream where the draws come from. @param d size of the ground set, integer, 1 <= d < 2^32.
 * @param k size of the subset, integer, 0 <= k <= d.
 * @throws MarinaError `usage` when d or k is out of range.
 * @see Bentley, Floyd, "Programming pearls: a sample of brilliance", CACM 30(9), 1987.
 */
export function sampleSubset(stream: Pick<Stream, "nextBelow">, d: number, k: number): Uint32Array {
  if (!Number.isInteger(d) || d < 1 || d >= EMPTY || !Number.isInteger(k) || k < 0 || k > d) {
    throw new MarinaError(
      "usage",
      `sampleSubset: expected integers 0 <= k <= d and 1 <= d < 2^32 - 1, got k = ${k}, d = ${d}`,
    );
  }
  const subset = new Uint32Array(k);
  if (k === d) {
    for (let j = 0; j < d; j++) subset[j] = j;
    return subset;
  }
  if (d <= BITMAP_RATIO * k) {
    drawWithBitmap(stream, d, subset);
    return subset;
  }
  drawWithTable(stream, d, subset);
  return subset.sort();
}

/** Read back from the bitmap the subset is in order without a sort. */
function drawWithBitmap(stream: Pick<Stream, "nextBelow">, d: number, subset: Uint32Array): void {
  const taken = new Uint32Array((d + 31) >>> 5);
  const first = d - subset.length;
  for (let i = 0; i < subset.length; i++) {
    const draw = stream.nextBelow(first + i + 1);
    const chosen = (taken[draw >>> 5]! >>> (draw & 31)) & 1 ? first + i : draw;
    taken[chosen >>> 5]! |= 1 << (chosen & 31);
  }
  let found = 0;
  for (let word = 0; found < subset.length; word++) {
    for (let bits = taken[word]!; bits !== 0; bits &= bits - 1) {
      subset[found++] = 32 * word + 31 - Math.clz32(bits & -bits);
    }
  }
}

/** Open addressing, at most half full; a JavaScript Set takes several times as long. */
function drawWithTable(stream: Pick<Stream, "nextBelow">, d: number, subset: Uint32Array): void {
  const bits = 32 - Math.clz32(2 * subset.length);
  const table = new Uint32Array(powerOfTwo(bits)).fill(EMPTY);
  const first = d - subset.length;
  for (let i = 0; i < subset.length; i++) {
    const draw = stream.nextBelow(first + i + 1);
    const chosen = insert(table, bits, draw) ? draw : first + i;
    if (chosen !== draw) insert(table, bits, chosen);
    subset[i] = chosen;
  }
}

/** Returns false when the value was there already. */
function insert(table: Uint32Array, bits: number, value: number): boolean {
  const mask = table.length - 1;
  let slot = Math.imul(value, HASH_MULTIPLIER) >>> (32 - bits);
  for (;;) {
    const held = table[slot]!;
    if (held === value) return false;
    if (held === EMPTY) {
      table[slot] = value;
      return true;
    }
    slot = (slot + 1) & mask;
  }
}
