import { describe, expect, test } from "vitest";
import { philox4x32 } from "./philox.ts";
import { Purpose, Stream, type StreamKey } from "./streams.ts";

const KEY: StreamKey = { seed: 42, purpose: Purpose.compressor, round: 7, index: 3 };

function words(key: StreamKey, count: number): number[] {
  const stream = new Stream(key);
  return Array.from({ length: count }, () => stream.nextUint32());
}

/** What `nextBelow` must make of raw words, in BigInt. */
function belowByRejection(raw: readonly number[], bound: number): number[] {
  const limit = (2n ** 32n / BigInt(bound)) * BigInt(bound);
  return raw
    .map(BigInt)
    .filter((word) => word < limit)
    .map((word) => Number(word % BigInt(bound)));
}

describe("a stream", () => {
  test("reads the blocks of counter (block, index, round, purpose) under key (low, high word of the seed)", () => {
    const seed = 5 * 2 ** 32 + 9;
    const expected: number[] = [];
    for (let b = 0; b < 3; b++) {
      const out = new Uint32Array(4);
      philox4x32(Uint32Array.of(b, 11, 2 ** 31 + 1, Purpose.batch), Uint32Array.of(9, 5), out);
      expected.push(...out);
    }
    expect(words({ seed, purpose: Purpose.batch, round: 2 ** 31 + 1, index: 11 }, 12)).toEqual(expected);
  });

  test("gives a uniform of 53 bits from two words, always below 1", () => {
    const raw = words(KEY, 2000);
    const stream = new Stream(KEY);
    for (let i = 0; i < 1000; i++) {
      const bits = (BigInt(raw[2 * i]! >>> 5) << 26n) | BigInt(raw[2 * i + 1]! >>> 6);
      const uniform = stream.nextUniform();
      expect(uniform).toBe(Number(bits) / 2 ** 53);
      expect(uniform).toBeLessThan(1);
    }
  });

  test.each([1, 2, 3, 7, 112, 65537, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 3 * 2 ** 30, 2 ** 32 - 1, 2 ** 32])(
    "draws below %d by rejecting exactly the words above the largest multiple",
    (bound) => {
      const raw = words(KEY, 400);
      const expected = belowByRejection(raw, bound);
      const stream = new Stream(KEY);
      expect(expected.map(() => stream.nextBelow(bound))).toEqual(expected);
    },
  );

  test("rejects nearly half of the words for a bound of 2^31 + 1", () => {
    const accepted = belowByRejection(words(KEY, 400), 2 ** 31 + 1);
    expect(accepted.length).toBeGreaterThan(150);
    expect(accepted.length).toBeLessThan(250);
  });

  test("differs from the stream of any other seed, purpose, round or index", () => {
    const keys: StreamKey[] = [
      KEY,
      { ...KEY, seed: 43 },
      { ...KEY, seed: 42 + 2 ** 32 },
      { ...KEY, purpose: Purpose.batch },
      { ...KEY, round: 8 },
      { ...KEY, index: 4 },
      { ...KEY, round: 3, index: 7 },
    ];
    expect(new Set(keys.map((key) => words(key, 4).join(" "))).size).toBe(keys.length);
  });

  test("has the purposes that recorded trajectories were drawn with", () => {
    expect(Purpose).toEqual({
      coin: 1,
      participants: 2,
      compressor: 3,
      batch: 4,
      start: 5,
      simulation: 6,
      faults: 7,
      jointCompressor: 8,
      rows: 9,
      buckets: 17,
      search: 32,
    });
  });
});
