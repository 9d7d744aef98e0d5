import { describe, expect, it } from "vitest";
import { Purpose, Stream } from "./streams.ts";
import { cumulativeSums, drawIndex, probabilityAt } from "./weighted.ts";

const weights = [0, 1, 0, 0.5, 2.5, 0];
const sums = cumulativeSums(weights);
const at = (u: number) => drawIndex({ nextUniform: () => u }, sums);

describe("an index by its weight", () => {
  it("is the first whose cumulative sum exceeds u times the total, so that weight 0 is never drawn", () => {
    expect([...sums]).toEqual([0, 1, 1, 1.5, 4, 4]);
    expect([0, 0.2499999, 0.25, 0.3749999, 0.375, 1 - 2 ** -53].map(at)).toEqual([1, 1, 3, 3, 4, 4]);
  });

  it("has the probability w_i over the sum", () => {
    expect(weights.map((_, i) => probabilityAt(sums, i))).toEqual(weights.map((w) => w / 4));
  });

  it("comes as often as it should of a keyed stream: 5 standard errors", () => {
    const stream = new Stream({ seed: 3, purpose: Purpose.participants, round: 1, index: 0 });
    const counts = new Float64Array(6);
    const draws = 40_000;
    for (let k = 0; k < draws; k++) counts[drawIndex(stream, sums)]!++;
    for (const [i, w] of weights.entries()) {
      const q = w / 4;
      expect(Math.abs(counts[i]! / draws - q)).toBeLessThanOrEqual(5 * Math.sqrt((q * (1 - q)) / draws));
    }
  });

  it.each([[[0, 0]], [[]], [[1, -1, 3]], [[1, Number.NaN]]])("refuses weights %j", (bad) => {
    expect(() => cumulativeSums(bad)).toThrow(RangeError);
  });
});
