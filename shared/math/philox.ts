/**
 * Philox4x32-10: a counter-based generator, a keyed bijection of 128-bit blocks. No state: the block of any counter is
 * computed at once, so streams for every (purpose, round, index) cost nothing to set up.
 *
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */

const ROUNDS = 10;
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_0_HIGH = 0xd251;
const MULTIPLIER_0_LOW = 0x1f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const MULTIPLIER_1_HIGH = 0xcd9e;
const MULTIPLIER_1_LOW = 0x8d57;
/** Golden ratio and sqrt(3) - 1: what the key grows by in each round. */
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;

/**
 * Writes the block of `counter` under `key` into `out`. One round maps (c0, c1, c2, c3) to
 * (high(M1 c2) ^ c1 ^ k0, low(M1 c2), high(M0 c0) ^ c3 ^ k1, low(M0 c0)) with 64-bit products.
 * @param counter four words; @param key two words; @param out four words, may be `counter`.
 */
export function philox4x32(counter: Uint32Array, key: Uint32Array, out: Uint32Array): void {
  let c0 = counter[0]! | 0;
  let c1 = counter[1]! | 0;
  let c2 = counter[2]! | 0;
  let c3 = counter[3]! | 0;
  let k0 = key[0]! | 0;
  let k1 = key[1]! | 0;
  for (let round = 0; round < ROUNDS; round++) {
    // The high words by 16-bit halves: no partial sum exceeds 32 bits, so all stays in machine integers (with
    // floating-point products, which also are exact enough, a block takes 1.7 times as long).
    const low0 = c0 & 0xffff;
    const high0 = c0 >>> 16;
    const middle0 = (Math.imul(high0, MULTIPLIER_0_LOW) + (Math.imul(low0, MULTIPLIER_0_LOW) >>> 16)) | 0;
    const carry0 = (Math.imul(low0, MULTIPLIER_0_HIGH) + (middle0 & 0xffff)) | 0;
    const product0 = (Math.imul(high0, MULTIPLIER_0_HIGH) + (middle0 >>> 16) + (carry0 >>> 16)) | 0;
    const low1 = c2 & 0xffff;
    const high1 = c2 >>> 16;
    const middle1 = (Math.imul(high1, MULTIPLIER_1_LOW) + (Math.imul(low1, MULTIPLIER_1_LOW) >>> 16)) | 0;
    const carry1 = (Math.imul(low1, MULTIPLIER_1_HIGH) + (middle1 & 0xffff)) | 0;
    const product1 = (Math.imul(high1, MULTIPLIER_1_HIGH) + (middle1 >>> 16) + (carry1 >>> 16)) | 0;
    const next3 = Math.imul(c0, MULTIPLIER_0);
    const next1 = Math.imul(c2, MULTIPLIER_1);
    c0 = product1 ^ c1 ^ k0;
    c1 = next1;
    c2 = product0 ^ c3 ^ k1;
    c3 = next3;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}
