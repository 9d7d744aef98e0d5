/** Messages of a round to one vector, though some of them may be anything; and how far that can be from the mean of the others. */
import type { Stream } from "../math/index.ts";
import { type AggregationSpec, tolerated } from "./aggregation.ts";
import { bucketed, bucketSizes } from "./buckets.ts";
import { cloudOf, meanOf, type SparseVector, spread } from "./points.ts";
import { ruleOf } from "./rules.ts";

export interface Aggregated {
  readonly vector: Float64Array;
  /** Entries of messages that were passed over, all together: O(nK) a pass. */
  readonly entries: number;
}

/**
 * A(x_1 .. x_n): the rule's middle of the buckets' means; where nobody need be tolerated, the plain mean with its bits. By norms
 * alone: an entry-wise median of messages with K entries each, at places of their own, is zero nearly everywhere.
 * @param dimension d
 * @param stream makes the stream that the messages are dealt out by.
 */
export function aggregate(
  spec: AggregationSpec,
  vectors: readonly SparseVector[],
  dimension: number,
  stream: () => Pick<Stream, "nextBelow">,
): Aggregated {
  const wrong = tolerated(spec, vectors.length);
  const own = vectors.reduce((sum, { values }) => sum + values.length, 0);
  if (wrong === 0) return { vector: meanOf(vectors, dimension), entries: own };
  const cloud = cloudOf(vectors);
  const points = bucketed(cloud.points, spec.bucket ?? 1, stream);
  const { vector, passes } = ruleOf(spec.kind).middle(points, wrong, cloud.size);
  const each = points.reduce((sum, { values }) => sum + values.length, 0);
  return { vector: spread(vector, cloud, dimension), entries: 2 * own + passes * each };
}

/**
 * kappa with E|A - mean_S|^2 <= kappa mean_S |x_i - mean_S|^2 for any n - f of the messages, or more, whatever the others are; the
 * expectation is over the buckets. With one message a bucket it holds without one.
 *
 * A sound bucket's mean strays from mean_S by 1/s of the variance at most, drawn without repetition; the rule is e off the mean of the sound
 * buckets, and that is off mean_S as a sample of N of |S| is. It is 2 c delta of a (delta, c)-robust aggregator.
 */
export function errorFactor(spec: AggregationSpec, count: number): number {
  const wrong = tolerated(spec, count);
  if (wrong === 0) return 0;
  const sizes = bucketSizes(count, spec.bucket ?? 1);
  const smallest = sizes.at(-1)!;
  let most = 0;
  let spoilt = 0;
  for (let really = 0; really <= wrong; really++) {
    if (really > 0) spoilt += sizes[really - 1]!;
    const sound = count - really;
    const left = count - spoilt;
    const e = ruleOf(spec.kind).error(sizes.length, wrong, really);
    const sampled = sound === 1 ? 0 : (sound - left) / (left * (sound - 1));
    const root = e / Math.sqrt(smallest) + Math.sqrt(sampled);
    most = Math.max(most, root * root);
  }
  return most;
}
