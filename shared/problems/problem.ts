/**
 * What a problem is: parameters x in R^d with names and shapes, a local objective over each worker's rows, and what can be
 * known of it beforehand. One file a family, listed in `registry.ts`; nothing outside asks which family it is.
 */
import type * as z from "zod";

/** What a problem is told of a data set. */
export interface DataForm {
  /** For errors. */
  readonly name: string;
  /** Numbers of a row. */
  readonly features: number;
  /** A row's shape; its product is `features`. */
  readonly shape: readonly number[];
  readonly labels: DataLabels;
}

/** What a row's label is: an index, a sign, or a real number. */
export type DataLabels =
  | { readonly kind: "classes"; readonly names: readonly string[] }
  | { readonly kind: "binary" }
  | { readonly kind: "real" };

/** A block of x: a tensor, row-major. */
export interface NamedBlock {
  readonly name: string;
  readonly shape: readonly number[];
  /** Its first entry in x. */
  readonly offset: number;
}

/** How x is laid out: its blocks in order, without gaps. */
export interface Layout {
  /** d, the number of parameters. */
  readonly dimension: number;
  readonly blocks: readonly NamedBlock[];
}

/** Uniform draws on [0, 1): a keyed stream. */
export interface UniformStream {
  nextUniform(): number;
}

/** Computing over rows at one point, in units that do not depend on the machine. */
export interface RowWork {
  readonly rows: number;
  /** Multiply-adds over stored entries. */
  readonly nonZeros: number;
  /** Floating-point operations beside these. */
  readonly flop: number;
}

/** Where a non-finite number comes from. */
export interface NonFiniteRow {
  /** Of the shard, in its order. */
  readonly row: number;
  /** What overflows there, where more can be said than that the row does. */
  readonly operation?: string;
}

/** A problem over a data set: all that follows from a spec and the form of the data. */
export interface Problem {
  readonly parameters: Layout;
  /** What to do where d is too large, as a request: "take smaller layers". */
  readonly advice: string;
  /** x^0 for the spec's start "model". */
  start(stream: UniformStream): Float64Array;
  /** How it reads rows: by their stored entries, or with all entries. */
  readonly rows: "sparse" | "dense";
  /** What a pass over rows with so many stored entries takes. */
  work(rows: number, nonZeros: number): RowWork;
  readonly predicts: Predicts;
  /** Memory that the evaluator takes beside rows and vectors of length d. */
  readonly evaluatorBytes: number;
}

/** What is known of rows at a point, apart from derivatives: sums over them. */
export interface RowFigures {
  /** Without regulariser. */
  readonly loss: number;
  /** Rows whose prediction is their label; null where labels are no classes. */
  readonly correct: number | null;
}

/** A problem over rows: see `evaluators.ts`. */
export interface Evaluator {
  /** @throws MarinaError "data" where the rows are not what the problem reads. RangeError for the other layout: a defect of the caller. */
  objective(rows: Rows, weights: Weights): Objective;
  /** The first row whose loss or derivative is non-finite at x; undefined where no single row's is. */
  firstNonFinite(rows: Rows, x: Float64Array): NonFiniteRow | undefined;
  /** What x makes of each row, before the loss: what predictions are made of. */
  outputs(rows: Rows, x: Float64Array): RowOutputs;
  /** Loss and right predictions at x. @throws MarinaError as `objective`. */
  figures(rows: Rows, x: Float64Array): RowFigures;
}

/** Some numbers for each row, one row after the other. */
export interface RowOutputs {
  /** Numbers of a row. */
  readonly size: number;
  readonly values: Float64Array;
}

/**
 * What a row's outputs predict. "labels": of classes the largest one's number, of two classes the sign, else the first output; with
 * probabilities 1/(1 + exp(-z)) of the one output ("logistic"), or by a softmax. "nothing": they are no labels.
 */
export type Predicts = "labels" | "labels by logistic" | "labels by softmax" | "nothing";

/** Smoothness constants, from what the workers tell of their shards. */
export interface SmoothnessRules<Spec> {
  /** From spectral norms. @param gramEigenvalue lambda_max(sum_i A_i^T A_i); without it L_f is left out. */
  exact(spec: Spec, spectra: readonly ShardSpectrum[], gramEigenvalue?: number): Smoothness;
  /** The cruder ones of the authors' code. */
  maxRow(spec: Spec, spectra: readonly ShardSpectrum[]): Smoothness;
}

/** The schema of a problem in a run's spec: an object told by its `kind`. */
export type ProblemSchema = z.ZodObject<{ kind: z.ZodLiteral<string> } & z.core.$ZodLooseShape>;

/** A family of problems as its file defines it. */
export interface ProblemDefinition<Schema extends ProblemSchema = ProblemSchema> {
  /** As people write it in a run's spec. */
  readonly schema: Schema;
  /** A spec that makes sense with any data set whose labels it takes: tests go through it. */
  readonly example: z.input<Schema>;
  /** In a few words: "logistic regression, l2 0.01". */
  label(spec: z.output<Schema>): string;
  /** Labels of data sets that it takes. */
  labels(spec: z.output<Schema>): readonly DataLabels["kind"][];
  /** x^0 where a spec says nothing of it. */
  readonly start: "zeros" | "model";
  /** The constants that step sizes by theory are made of, or why there are none. */
  readonly smoothness: SmoothnessRules<z.output<Schema>> | { readonly unknown: string };
  /** What a run that stops by this rule must be told. */
  warning?(
    spec: z.output<Schema>,
    stop: { readonly relativeGradientNormSquared?: number },
  ): string | undefined;
  /**
   * The data's labels are of a kind that it takes.
   * @throws MarinaError "spec" or "limit" where spec and data do not fit.
   */
  open(spec: z.output<Schema>, data: DataForm): Problem;
}

/** Checks a definition against its own schema, and keeps its exact type. */
export function defineProblem<Schema extends ProblemSchema>(
  definition: ProblemDefinition<Schema>,
): ProblemDefinition<Schema> {
  return definition;
}

/** Rows of a data set in compressed sparse row form; zero-copy views of the stored object. */
export interface Shard {
  /** m_i */
  readonly rows: number;
  /** Numbers of a row. */
  readonly features: number;
  /** Length rows + 1; row l has the entries offsets[l] - offsets[0] .. offsets[l + 1] - offsets[0] of indices and values. */
  readonly offsets: Uint32Array;
  /** 0-based features, strictly increasing within a row. */
  readonly indices: Uint16Array | Uint32Array;
  /** null when every value is 1. */
  readonly values: Float32Array | Float64Array | null;
  /** y: +1 or -1 for classification, any real for regression. Length rows. */
  readonly labels: Float64Array;
}

/** Rows with all their entries: entry i of row l is scale * values[l * size + i] + offset, in float64. */
export interface DenseRows {
  readonly rows: number;
  /** Shape of a row. */
  readonly shape: readonly number[];
  readonly values: Float64Array | Float32Array | Uint8Array;
  readonly scale: number;
  readonly offset: number;
  /** One a row: a class's index, +1 or -1, or a real number. Absent where the data have none. */
  readonly labels?: ArrayLike<number>;
}

/** A worker's rows as its problem reads them. */
export type Rows = Shard | DenseRows;

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
  /** d */
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
