/** The Euclidean norm of any finite vector, safe against overflow and underflow of the squares. */
import { powerOfTwo } from "./powers-of-two.ts";
import { normSquared } from "./vectors.ts";

/** Sums of squares from here up lose nothing that matters to squares that underflowed. */
const SAFE_FROM = powerOfTwo(-900);
/** Scales of vectors whose squares are out of range. */
const LARGE = powerOfTwo(600);
const SMALL = powerOfTwo(-600);

/**
 * |x| = sqrt(sum_j x_j^2), summed from left to right. When the squares leave the range of normal numbers x is first
 * scaled by a power of two, which is exact; so |2x| = 2|x| bit for bit (but for entries 1e130 times smaller than |x|).
 * @param x finite entries.
 * @returns 0 for the zero vector only; Infinity when |x| itself is above the largest finite number.
 */
export function norm(x: Float64Array): number {
  const squared = normSquared(x);
  if (squared >= SAFE_FROM && squared < Infinity) return Math.sqrt(squared);
  let largest = 0;
  for (let j = 0; j < x.length; j++) largest = Math.max(largest, Math.abs(x[j]!));
  if (largest === 0 || !(largest < Infinity)) return largest;
  const power = largest > 1 ? LARGE : SMALL;
  let total = 0;
  for (let j = 0; j < x.length; j++) {
    const entry = x[j]! / power;
    total += entry * entry;
  }
  return Math.sqrt(total) * power;
}
