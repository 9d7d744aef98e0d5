/** Draws of indices with probabilities in proportion to given weights. */
import type { Stream } from "./streams.ts";

/** c_i = w_0 + ... + w_i, summed in index order. @param weights not negative, one of them positive. */
export function cumulativeSums(weights: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(weights.length);
  let sum = 0;
  for (let i = 0; i < sums.length; i++) {
    const weight = weights[i]!;
    if (!(weight >= 0))
      throw new RangeError(`weight ${i}: expected a number that is not negative, got ${weight}`);
    sum += weight;
    sums[i] = sum;
  }
  if (!(sum > 0 && sum < Number.POSITIVE_INFINITY))
    throw new RangeError(`expected weights with a positive and finite sum, got ${sum}`);
  return sums;
}

/** The first index i with u c_last < c_i, u uniform on [0, 1): never one of weight 0. One draw, O(log n). */
export function drawIndex(stream: Pick<Stream, "nextUniform">, cumulative: Float64Array): number {
  const at = stream.nextUniform() * cumulative.at(-1)!;
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at < cumulative[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** q_i, the probability of index i. */
export function probabilityAt(cumulative: Float64Array, i: number): number {
  return (cumulative[i]! - (i === 0 ? 0 : cumulative[i - 1]!)) / cumulative.at(-1)!;
}
