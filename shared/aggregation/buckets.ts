/** Messages averaged a few at a time, in a random order, before a rule sees them. */
import { permutation, type Stream } from "../math/index.ts";
import { cloudOf, type SparseVector, weightedSum } from "./points.ts";

/** Sizes of the buckets of n messages: as equal as they can be, none above s; the larger ones first. */
export function bucketSizes(count: number, bucket: number): number[] {
  const buckets = Math.ceil(count / bucket);
  const least = Math.floor(count / buckets);
  return Array.from({ length: buckets }, (_, i) => least + (i < count % buckets ? 1 : 0));
}

/**
 * The means of the buckets. Within a bucket they are summed in the order of the slots.
 * @param stream the order in which messages are dealt out; of no use where buckets hold one message.
 */
export function bucketed(
  points: readonly SparseVector[],
  bucket: number,
  stream: () => Pick<Stream, "nextBelow">,
): readonly SparseVector[] {
  if (bucket === 1) return points;
  const order = permutation(stream(), points.length);
  let from = 0;
  return bucketSizes(points.length, bucket).map((members) => {
    const own = order.slice(from, from + members).sort();
    from += members;
    return meanOf(Array.from(own, (slot) => points[slot]!));
  });
}

/** With the entries that any of them has: as many as all of them have together, at most. */
function meanOf(members: readonly SparseVector[]): SparseVector {
  const weights = new Float64Array(members.length).fill(1 / members.length);
  const { points, support, size } = cloudOf(members);
  return { indices: support, values: weightedSum(points, weights, new Float64Array(size)) };
}
