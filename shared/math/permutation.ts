/** Uniformly random permutations, by Fisher and Yates. */
import type { Stream } from "./streams.ts";

/**
 * {0 .. count-1} in uniformly random order: each of the count! sequences of draws gives another order. Takes count - 1
 * draws.
 * @param count integer, 0 <= count < 2^32.
 */
export function permutation(stream: Pick<Stream, "nextBelow">, count: number): Uint32Array {
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  for (let i = count - 1; i > 0; i--) {
    const j = stream.nextBelow(i + 1);
    const swapped = order[i]!;
    order[i] = order[j]!;
    order[j] = swapped;
  }
  return order;
}
