/** What a rule is: a point of the middle for points of which some may be anything. One file each, listed in `rules.ts`. */
import type { SparseVector } from "./points.ts";

/** What a rule is. */
export interface Rule {
  /** Share of the points from which on it promises nothing. */
  readonly breakdown: number;
  /**
   * The middle of the points.
   * @param wrong f: so many of them may be anything, f < points.length / 2.
   * @param size entries of a vector over their support.
   */
  middle(points: readonly SparseVector[], wrong: number, size: number): Middle;
  /**
   * e with |middle - mean_S|^2 <= e^2 mean_S |x_i - mean_S|^2 for the sound points S, whatever the others are.
   * @param count all points
   * @param wrong f
   * @param really how many of them are not in S, at most f.
   */
  error(count: number, wrong: number, really: number): number;
}

export interface Middle {
  readonly vector: Float64Array;
  /** Passes over all entries of all points that it took. */
  readonly passes: number;
}
