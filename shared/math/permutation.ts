/** Random orders. */
import type { Stream } from "./streams.ts";

/** A uniform permutation of 0 .. count - 1 (Fisher and Yates); count < 2^32. */
export function permutation(count: number, stream: Stream): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const other = stream.nextBelow(i + 1);
    const kept = order[i]!;
    order[i] = order[other]!;
    order[other] = kept;
  }
  return order;
}
