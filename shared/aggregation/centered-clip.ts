/** The mean of the points, each pulled towards the middle as far as it lies beyond most others. */
import { kthLargest } from "../math/index.ts";
import { geometricMedian } from "./geometric-median.ts";
import { distances, weightedSum } from "./points.ts";
import type { Middle, Rule } from "./rule.ts";

/** Steps where each brings the middle nearer whatever the liars do; beyond a third of them one may take it away. */
const STEPS = 10;

/**
 * v <- v + mean_i min(1, tau/|x_i - v|) (x_i - v), tau the (m - 2f)-th smallest |x_i - v|, beginning at the geometric median: ten
 * steps for f < m/3, else one.
 *
 * The radius adapts: nothing need be known of the spread. With b <= f of the m points outside S, V = mean_S |x_i - v|^2, at most 2f points
 * lie beyond tau and at least f of S at tau or beyond, so that the points outside S and what is cut off those in it move the mean by at
 * most sqrt(2 f (m - b) V)/m, and  |v' - mean_S| <= sqrt(2 (f/m) (1 - b/m) (S^2 + e^2)) + (b/m) e  where S^2 = mean_S |x_i - mean_S|^2
 * and e = |v - mean_S|. For b = f that goes to e^2 = 2 delta/(1 - 3 delta) S^2, delta = f/m: a (delta, c)-robust aggregator with
 * c = 1/(1 - 3 delta).
 * @see Karimireddy, He, Jaggi, "Learning from history for Byzantine robust optimization", ICML 2021 (there tau is given).
 */
export const centeredClip: Rule = {
  breakdown: 0.5,
  middle(points, wrong, size): Middle {
    const begun = geometricMedian.middle(points, wrong, size);
    let { vector: v, passes } = begun;
    const count = points.length;
    for (let step = 0; step < stepsFor(count, wrong); step++) {
      const away = distances(points, v);
      const radius = kthLargest(away.slice(), 2 * wrong + 1);
      const weights = away.map((distance) => (distance <= radius ? 1 : radius / distance) / count);
      let kept = 1;
      for (const weight of weights) kept -= weight;
      const next = weightedSum(points, weights, new Float64Array(size));
      for (let j = 0; j < size; j++) next[j] = next[j]! + kept * v[j]!;
      passes += 2;
      v = next;
    }
    return { vector: v, passes };
  },
  error(count, wrong, really) {
    let e = geometricMedian.error(count, wrong, really);
    const moved = Math.sqrt(2 * (wrong / count) * (1 - really / count));
    for (let step = 0; step < stepsFor(count, wrong); step++)
      e = moved * Math.sqrt(1 + e * e) + (really / count) * e;
    return e;
  },
};

function stepsFor(count: number, wrong: number): number {
  return 3 * wrong < count ? STEPS : 1;
}
