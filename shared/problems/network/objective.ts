/** A worker's scaled local objective over dense rows, and what its outputs say of them. */
import type { DenseRows, Objective, Weights } from "../problem.ts";
import { addRegularizerGradient, type RegularizerSpec, regularizerValue } from "../regularizers.ts";
import { checkRows, RowLoader } from "./dense-rows.ts";
import type { Network } from "./network.ts";
import { predictionOf } from "./predictions.ts";
import type { Runner } from "./runner.ts";
import { sizeOf } from "./shape.ts";

/** What is known of rows at a point, apart from derivatives. */
export interface Evaluation {
  /** Sum over the rows, without regulariser. */
  readonly loss: number;
  /** Rows whose prediction is their label; undefined where labels are real numbers or absent. */
  readonly correct: number | undefined;
}

export interface NetworkObjective extends Objective {
  /** Loss and correct rows at x. */
  evaluate(x: Float64Array): Evaluation;
  /** The outputs at x, [rows, ...outputs]. */
  outputs(x: Float64Array): Float64Array;
  /** Writes the Hessian of f_i at x times v into out. */
  hessianVector(x: Float64Array, v: Float64Array, out: Float64Array): void;
}

/**
 * f_i(x) = rowWeight sum_l loss_l(x) + regularizerWeight reg(x) over these rows; in float32 the rows' sums are of x rounded
 * once, the rest is float64. A call is synchronous. Non-finite points give non-finite results, not errors.
 *
 * @throws MarinaError `data` where the rows are not what the network reads.
 */
export function networkObjective(
  network: Network,
  rows: DenseRows,
  weights: Weights,
  regularizer?: RegularizerSpec,
): NetworkObjective {
  return new ShardObjective(network, rows, weights, regularizer);
}

class ShardObjective implements NetworkObjective {
  readonly dimension: number;
  readonly rows: number;
  readonly #network: Network;
  readonly #weights: Weights;
  readonly #regularizer: RegularizerSpec | undefined;
  readonly #labels: ArrayLike<number> | undefined;
  readonly #loader: RowLoader;

  constructor(network: Network, rows: DenseRows, weights: Weights, regularizer: RegularizerSpec | undefined) {
    checkRows(rows, network.program.row, network.program.label);
    this.dimension = network.dimension;
    this.rows = rows.rows;
    this.#network = network;
    this.#weights = weights;
    this.#regularizer = regularizer;
    this.#labels = rows.labels;
    this.#loader = new RowLoader(rows);
  }

  gradient(x: Float64Array, out: Float64Array): number {
    this.#check(x, out);
    const runner = this.#network.runner("gradient");
    runner.begin([x]);
    this.#pass(runner);
    runner.gradient(0, out);
    return this.#finish(this.#weights.rowWeight, runner.loss(0), x, out);
  }

  gradientPair(x: Float64Array, w: Float64Array, out: Float64Array, outOther: Float64Array): number {
    this.#check(x, w, out, outOther);
    const runner = this.#network.runner("pair");
    runner.begin([x, w]);
    this.#pass(runner);
    runner.gradient(0, out);
    runner.gradient(1, outOther);
    this.#finish(this.#weights.rowWeight, 0, w, outOther);
    return this.#finish(this.#weights.rowWeight, runner.loss(0), x, out);
  }

  batchGradient(x: Float64Array, batch: Uint32Array, out: Float64Array): number {
    this.#check(x, out);
    if (batch.length === 0) throw new RangeError("a batch needs at least one row");
    for (let b = 0; b < batch.length; b++) {
      if (batch[b]! >= this.rows) {
        throw new RangeError(
          `batch entry ${b} is row ${batch[b]}, expected less than ${this.rows} (the shard's rows)`,
        );
      }
    }
    const runner = this.#network.runner("gradient");
    runner.begin([x]);
    for (let first = 0; first < batch.length; first += runner.blockRows) {
      const count = Math.min(runner.blockRows, batch.length - first);
      this.#loader.batch(batch, first, count, runner.input());
      runner.block(count);
    }
    runner.gradient(0, out);
    return this.#finish(this.#weights.rowWeight * (this.rows / batch.length), runner.loss(0), x, out);
  }

  hessianVector(x: Float64Array, v: Float64Array, out: Float64Array): void {
    this.#check(x, v, out);
    const runner = this.#network.runner("hessian-vector");
    runner.begin([x], v);
    this.#pass(runner);
    runner.gradient(0, out);
    for (let j = 0; j < out.length; j++) out[j] = this.#weights.rowWeight * out[j]!;
    this.#addRegularizerHessian(x, v, out);
  }

  evaluate(x: Float64Array): Evaluation {
    this.#check(x);
    const { label } = this.#network.program;
    const labels = this.#labels;
    const counts = label.kind === "classes" || label.kind === "binary";
    let correct = 0;
    const runner = this.#network.runner("loss");
    const size = this.#outputSize();
    runner.begin([x]);
    this.#pass(runner, (first, count) => {
      if (!counts) return;
      const outputs = runner.outputs(count);
      for (let i = 0; i < count; i++) {
        const prediction = predictionOf(outputs, i * size, size, label);
        if (prediction === labels![first + i]) correct++;
      }
    });
    return { loss: runner.loss(0), correct: counts ? correct : undefined };
  }

  outputs(x: Float64Array): Float64Array {
    this.#check(x);
    const runner = this.#network.runner("loss");
    const size = this.#outputSize();
    const out = new Float64Array(this.rows * size);
    runner.begin([x]);
    this.#pass(runner, (first, count) => out.set(runner.outputs(count), first * size));
    return out;
  }

  #outputSize(): number {
    const { nodes, outputs } = this.#network.program;
    return sizeOf(nodes[outputs]!.shape);
  }

  #pass(runner: Runner, after?: (first: number, count: number) => void): void {
    for (let first = 0; first < this.rows; first += runner.blockRows) {
      const count = Math.min(runner.blockRows, this.rows - first);
      this.#loader.range(first, count, runner.input());
      runner.block(count);
      after?.(first, count);
    }
  }

  /** From plain sums over rows to the scaled objective, in place. */
  #finish(rowWeight: number, loss: number, x: Float64Array, out: Float64Array): number {
    const { regularizerWeight } = this.#weights;
    for (let j = 0; j < out.length; j++) out[j] = rowWeight * out[j]!;
    addRegularizerGradient(this.#regularizer, regularizerWeight, x, out);
    return rowWeight * loss + regularizerWeight * regularizerValue(this.#regularizer, x);
  }

  /** lambda v, or lambda 2 (1 - 3 x^2)/(1 + x^2)^3 v entry by entry. */
  #addRegularizerHessian(x: Float64Array, v: Float64Array, out: Float64Array): void {
    const regularizer = this.#regularizer;
    if (regularizer === undefined) return;
    const factor = this.#weights.regularizerWeight * regularizer.lambda;
    for (let j = 0; j < out.length; j++) {
      const root = 1 + x[j]! * x[j]!;
      const curvature = regularizer.kind === "l2" ? 1 : (2 * (1 - 3 * x[j]! * x[j]!)) / (root * root * root);
      out[j] = out[j]! + factor * curvature * v[j]!;
    }
  }

  #check(...vectors: readonly Float64Array[]): void {
    for (const vector of vectors) {
      if (vector.length !== this.dimension) {
        throw new RangeError(
          `expected a vector of length ${this.dimension} (the network's parameters), got ${vector.length}`,
        );
      }
    }
  }
}
