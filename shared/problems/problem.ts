/** What a problem is: per-row loss, regulariser, and one worker's local objective over its shard. */

export type ProblemSpec =
  /** loss(z) = (1 - 1/(1 + exp(-y z)))^2, the paper's non-convex binary classification. */
  | { readonly kind: "nonconvex-binary"; readonly regularizer?: RegularizerSpec }
  | { readonly kind: "logistic"; readonly regularizer?: RegularizerSpec }
  /** loss(z) = (z - y)^2 / 2; with an l2 regulariser: ridge. */
  | { readonly kind: "least-squares"; readonly regularizer?: RegularizerSpec };

export type RegularizerSpec =
  /** (lambda/2)|x|^2 */
  | { readonly kind: "l2"; readonly lambda: number }
  /** lambda sum_j x_j^2 / (1 + x_j^2) */
  | { readonly kind: "nonconvex"; readonly lambda: number };

/** Rows of a data set in compressed sparse row form; zero-copy views of the stored object. */
export interface Shard {
  /** m_i */
  readonly rows: number;
  /** d */
  readonly dimension: number;
  /** Length rows + 1; row l has the entries offsets[l] - offsets[0] .. offsets[l + 1] - offsets[0] of indices and values. */
  readonly offsets: Uint32Array;
  /** 0-based coordinates, strictly increasing within a row. */
  readonly indices: Uint16Array | Uint32Array;
  /** null when every value is 1. */
  readonly values: Float32Array | Float64Array | null;
  /** y: +1 or -1 for classification, any real for regression. Length rows. */
  readonly labels: Float64Array;
}

/**
 * How a local objective is scaled so that plain means over workers give f = sum_i (m_i/N) f_i:
 * the scaled f_i(x) = rowWeight sum_l loss_l(x) + regularizerWeight reg(x).
 */
export interface Weights {
  /** n / N: the same for every worker (1/m with equal shards). */
  readonly rowWeight: number;
  /** n m_i / N (1 with equal shards). */
  readonly regularizerWeight: number;
}

/** One worker's scaled local objective. All methods are pure but for writing into `out`. */
export interface Objective {
  readonly dimension: number;
  readonly rows: number;
  /** Writes grad f_i(x) into out and returns f_i(x). One pass over the rows. */
  gradient(x: Float64Array, out: Float64Array): number;
  /** Both gradients in one pass: out = grad f_i(x), outOther = grad f_i(w), bit for bit as two calls of `gradient`; returns f_i(x). */
  gradientPair(x: Float64Array, w: Float64Array, out: Float64Array, outOther: Float64Array): number;
  /**
   * Mini-batch estimate of grad f_i(x): the mean over `batch` (row indices, repeats allowed) scaled to the whole
   * shard, plus the regulariser. Writes into out and returns the batch's estimate of f_i(x).
   * @param rowWeights what each of the batch's rows counts in that mean, 1/(m q_l) of one drawn with probability q_l; absent: 1.
   */
  batchGradient(x: Float64Array, batch: Uint32Array, out: Float64Array, rowWeights?: Float64Array): number;
}

/** What a worker tells of its shard in the calibration round: enough for every constant of every problem. */
export interface ShardSpectrum {
  /** m_i */
  readonly rows: number;
  readonly nonZeros: number;
  /** lambda_max(A_i^T A_i), not divided by the rows. */
  readonly gramEigenvalue: number;
  /** sum_l |a_il|^2 */
  readonly sumSquaredNorms: number;
  /** sum_l |a_il|^4 */
  readonly sumFourthNorms: number;
  /** max_l |a_il|^2 */
  readonly maxSquaredNorm: number;
}

/** Smoothness constants of section 1.2, of the scaled local objectives. */
export interface Smoothness {
  /** L_i, i = 0 .. n-1 */
  readonly Li: readonly number[];
  /** L = sqrt(mean_i L_i^2) */
  readonly L: number;
  /** max_i L_i */
  readonly Lmax: number;
  /** cL = sqrt(mean_i cL_i^2), uniform sampling */
  readonly cL: number;
  /**
   * cL of the losses alone, as the regulariser is added exactly and has no variance: with rows drawn uniformly, and with
   * probabilities in proportion to L_il, cL_i = mean_l L_il. Absent where all constants are one (see `maxRowSmoothness`).
   */
  readonly cLoss?: { readonly uniform: number; readonly importance: number };
  /** max over all rows of L_il */
  readonly Lrow: number;
  /** L_f; absent unless it was asked for (it needs many distributed rounds). */
  readonly Lf?: number;
  /** L_pm of mean_i |D_i|^2 - |Dbar|^2 <= L_pm^2 |x - y|^2, where it is known better than by L_pm <= L. */
  readonly Lpm?: number;
}
