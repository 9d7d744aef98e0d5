import { describe, expect, test } from "vitest";
import { philox4x32 } from "./philox.ts";

/** The definition with 64-bit products, in BigInt. */
function reference(counter: readonly number[], key: readonly number[]): number[] {
  const mask = 0xffffffffn;
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * c0;
    const p1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & mask, (p0 >> 32n) ^ c3 ^ k1, p0 & mask];
    k0 = (k0 + 0x9e3779b9n) & mask;
    k1 = (k1 + 0xbb67ae85n) & mask;
  }
  return [c0, c1, c2, c3].map(Number);
}

function block(counter: readonly number[], key: readonly number[]): number[] {
  const out = new Uint32Array(4);
  philox4x32(Uint32Array.from(counter), Uint32Array.from(key), out);
  return [...out];
}

const ONES = 0xffffffff;

describe("philox4x32 with ten rounds", () => {
  // kat_vectors of the Random123 distribution.
  test.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [ONES, ONES, ONES, ONES],
      [ONES, ONES],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])("gives the published block of counter %j under key %j", (counter, key, expected) => {
    expect(block(counter, key)).toEqual(expected);
  });

  test("agrees with 64-bit arithmetic where the halves of the products carry", () => {
    const words = [0, 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffff0000, ONES];
    for (const c0 of words) {
      for (const c2 of words) {
        for (const k of words) {
          const counter = [c0, k, c2, 0x12345678];
          expect(block(counter, [k, c0])).toEqual(reference(counter, [k, c0]));
        }
      }
    }
  });

  test("may write over its own counter", () => {
    const counter = Uint32Array.of(1, 2, 3, 4);
    philox4x32(counter, Uint32Array.of(5, 6), counter);
    expect([...counter]).toEqual(reference([1, 2, 3, 4], [5, 6]));
  });
});
