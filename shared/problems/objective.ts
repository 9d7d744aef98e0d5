/** A worker's scaled local objective over its shard: the mathematics behind every gradient of a run. */
import { addTransposed, addTransposedPair, margins, marginsPair } from "./kernels.ts";
import { evaluateLosses } from "./losses.ts";
import type { Objective, ProblemSpec, Shard, Weights } from "./problem.ts";
import { addRegularizerGradient, regularizerValue } from "./regularizers.ts";

/** Rows handled at once: their indices and the scratch stay in the first-level cache. Does not change results. */
const BLOCK_ROWS = 256;

/**
 * f_i(x) = rowWeight sum_l loss(<a_l, x>, y_l) + regularizerWeight reg(x), and
 * grad f_i(x) = rowWeight A^T loss'(A x) + regularizerWeight grad reg(x).
 *
 * The objective keeps scratch of its own (a few KB), so one objective must not be used by two threads; a call allocates
 * nothing. Vectors have length shard.dimension, and `out` must not be one of the points.
 * Non-finite points give non-finite results, not errors: the caller detects divergence.
 *
 * @throws RangeError when a vector's length is not d, or a batch is empty or names a row that the shard has not:
 * defects of the caller.
 */
export function createObjective(problem: ProblemSpec, shard: Shard, weights: Weights): Objective {
  return new ShardObjective(problem, shard, weights);
}

class ShardObjective implements Objective {
  readonly dimension: number;
  readonly rows: number;
  readonly #problem: ProblemSpec;
  readonly #shard: Shard;
  readonly #weights: Weights;
  readonly #z = new Float64Array(BLOCK_ROWS);
  readonly #zOther = new Float64Array(BLOCK_ROWS);
  readonly #s = new Float64Array(BLOCK_ROWS);
  readonly #sOther = new Float64Array(BLOCK_ROWS);

  constructor(problem: ProblemSpec, shard: Shard, weights: Weights) {
    this.dimension = shard.dimension;
    this.rows = shard.rows;
    this.#problem = problem;
    this.#shard = shard;
    this.#weights = weights;
  }

  gradient(x: Float64Array, out: Float64Array): number {
    this.#check(x);
    this.#check(out);
    const shard = this.#shard;
    const { kind } = this.#problem;
    const z = this.#z;
    const s = this.#s;
    out.fill(0);
    let loss = 0;
    for (let first = 0; first < shard.rows; first += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, shard.rows - first);
      margins(shard, x, first, count, z);
      loss += evaluateLosses(kind, z, shard.labels, first, count, s);
      addTransposed(shard, s, first, count, out);
    }
    return this.#finish(this.#weights.rowWeight, loss, x, out);
  }

  gradientPair(x: Float64Array, w: Float64Array, out: Float64Array, outOther: Float64Array): number {
    this.#check(x);
    this.#check(w);
    this.#check(out);
    this.#check(outOther);
    const shard = this.#shard;
    const { kind } = this.#problem;
    const z = this.#z;
    const zOther = this.#zOther;
    const s = this.#s;
    const sOther = this.#sOther;
    out.fill(0);
    outOther.fill(0);
    let loss = 0;
    for (let first = 0; first < shard.rows; first += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, shard.rows - first);
      marginsPair(shard, x, w, first, count, z, zOther);
      loss += evaluateLosses(kind, z, shard.labels, first, count, s);
      evaluateLosses(kind, zOther, shard.labels, first, count, sOther);
      addTransposedPair(shard, s, sOther, first, count, out, outOther);
    }
    this.#finish(this.#weights.rowWeight, 0, w, outOther);
    return this.#finish(this.#weights.rowWeight, loss, x, out);
  }

  batchGradient(x: Float64Array, batch: Uint32Array, out: Float64Array): number {
    this.#check(x);
    this.#check(out);
    if (batch.length === 0) throw new RangeError("a batch needs at least one row");
    const shard = this.#shard;
    const { kind } = this.#problem;
    const z = this.#z;
    const s = this.#s;
    out.fill(0);
    let loss = 0;
    for (let b = 0; b < batch.length; b++) {
      const row = batch[b]!;
      if (row >= shard.rows) {
        throw new RangeError(
          `batch entry ${b} is row ${row}, expected less than ${shard.rows} (the shard's rows)`,
        );
      }
      margins(shard, x, row, 1, z);
      loss += evaluateLosses(kind, z, shard.labels, row, 1, s);
      addTransposed(shard, s, row, 1, out);
    }
    return this.#finish(this.#weights.rowWeight * (shard.rows / batch.length), loss, x, out);
  }

  /** From plain sums over rows to the scaled objective, in place. */
  #finish(rowWeight: number, loss: number, x: Float64Array, out: Float64Array): number {
    const { regularizer } = this.#problem;
    const { regularizerWeight } = this.#weights;
    for (let j = 0; j < out.length; j++) out[j] = rowWeight * out[j]!;
    addRegularizerGradient(regularizer, regularizerWeight, x, out);
    return rowWeight * loss + regularizerWeight * regularizerValue(regularizer, x);
  }

  #check(vector: Float64Array): void {
    if (vector.length !== this.dimension) {
      throw new RangeError(
        `expected a vector of length ${this.dimension} (the data's dimension), got ${vector.length}`,
      );
    }
  }
}
