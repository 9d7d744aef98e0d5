/** One pass over a shard's rows: the sums that every gradient is made of, not yet scaled. */

/** Points, and the vectors written into, have length d; neither is kept. Rows are summed in stored order. */
export interface RowPass {
  /** out = sum_l loss'(<a_l, x>, y_l) a_l; returns sum_l loss(<a_l, x>, y_l). */
  gradient(x: Float64Array, out: Float64Array): number;
  /** Both gradients, reading the rows once: the same bits as two calls of `gradient`; returns the sum of losses at x. */
  gradientPair(x: Float64Array, w: Float64Array, out: Float64Array, outOther: Float64Array): number;
}

/**
 * Rows handled at once: their indices and the scratch stay in the first-level cache. Losses are summed by block first:
 * the number is part of what fixes a loss's last bits.
 */
export const BLOCK_ROWS = 256;
