/** The point with the least sum of distances to the others. */
import { distances, type SparseVector, sizeOf, weightedSum } from "./points.ts";
import type { Middle, Rule } from "./rule.ts";

/** Steps of the iteration, at most; a step that shortens the sum of distances by a smaller share than this is the last. */
const STEPS = 100;
const SETTLED = 1e-10;

/**
 * z = argmin sum_i |z - x_i|, by Weiszfeld's iteration, z <- (sum_i x_i/|x_i - z|)/(sum_i 1/|x_i - z|), with Vardi and Zhang's
 * rule where z lies on points. It begins at the mean of the shortest ones, which no liar can move far.
 *
 * For any S of m - b points, b < m/2:  |z - mean_S| <= 2 (m - b)/(m - 2b) sqrt(mean_S |x_i - mean_S|^2). Proof: for y = mean_S,
 * sum_i |z - x_i| <= sum_i |y - x_i|; of a point in S |z - x_i| >= |z - y| - |y - x_i|, of another one >= |y - x_i| - |z - y|. So
 * (m - 2b) |z - y| <= 2 sum_S |x_i - y|.
 * @see Pillutla, Kakade, Harchaoui, "Robust aggregation for federated learning", IEEE TSP 2022; Vardi and Zhang, PNAS 2000.
 */
export const geometricMedian: Rule = {
  breakdown: 0.5,
  middle(points, wrong, size): Middle {
    let z = meanOfShortest(points, wrong, size);
    let best = z;
    let least = Number.POSITIVE_INFINITY;
    let passes = 1;
    for (let step = 0; step < STEPS; step++) {
      const away = distances(points, z);
      const sum = sumOf(away);
      passes++;
      if (!(sum < least * (1 - SETTLED))) return { vector: sum < least ? z : best, passes };
      least = sum;
      best = z;
      // At the point itself, or so near that nothing can be divided by it.
      const weights = away.map((distance) => (Number.isFinite(1 / distance) ? 1 / distance : 0));
      const total = sumOf(weights);
      if (total === 0) return { vector: z, passes };
      const next = weightedSum(points, weights, new Float64Array(size));
      for (let j = 0; j < size; j++) next[j] = next[j]! / total;
      passes++;
      const here = away.reduce((count, distance) => count + (Number.isFinite(1 / distance) ? 0 : 1), 0);
      if (here > 0) {
        const pull = total * distanceOf(next, z);
        if (pull <= here) return { vector: z, passes };
        for (let j = 0; j < size; j++) next[j] = z[j]! + (1 - here / pull) * (next[j]! - z[j]!);
      }
      z = next;
    }
    return { vector: best, passes };
  },
  error: (count, _wrong, really) => (2 * (count - really)) / (count - 2 * really),
};

function meanOfShortest(points: readonly SparseVector[], wrong: number, size: number): Float64Array {
  const sizes = points.map(sizeOf);
  const kept = points.length - wrong;
  const order = points.map((_, i) => i).sort((a, b) => sizes[a]! - sizes[b]! || a - b);
  const weights = new Float64Array(points.length);
  for (const i of order.slice(0, kept)) weights[i] = 1 / kept;
  return weightedSum(points, weights, new Float64Array(size));
}

/** Without what is infinitely far: as if it were not there. */
function sumOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) if (Number.isFinite(value)) sum += value;
  return sum;
}

function distanceOf(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += (a[j]! - b[j]!) * (a[j]! - b[j]!);
  return Math.sqrt(sum);
}
