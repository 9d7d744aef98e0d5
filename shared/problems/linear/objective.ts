/** A worker's scaled local objective over its shard: the mathematics behind every gradient of a run. */
import type { Objective, Shard, Weights } from "../problem.ts";
import { addRegularizerGradient, regularizerValue } from "../regularizers.ts";
import type { LinearSpec } from "./losses.ts";
import type { RowPass } from "./row-pass.ts";
import { TypeScriptPass } from "./typescript-pass.ts";
import { WasmKernel, WasmPass } from "./wasm/wasm-pass.ts";

/**
 * f_i(x) = rowWeight sum_l loss(<a_l, x>, y_l) + regularizerWeight reg(x), and
 * grad f_i(x) = rowWeight A^T loss'(A x) + regularizerWeight grad reg(x).
 *
 * Objectives share scratch, and a call is synchronous and allocates next to nothing. Vectors have length
 * shard.features, and `out` must not be one of the points.
 * Non-finite points give non-finite results, not errors: the caller detects divergence.
 *
 * @throws RangeError when a vector's length is not d, or a batch is empty or names a row that the shard has not:
 * defects of the caller.
 */
export function createObjective(problem: LinearSpec, shard: Shard, weights: Weights): Objective {
  return new ShardObjective(problem, shard, weights);
}

let sharedKernel: WasmKernel | undefined;

/**
 * Which of two passes with the same bits: WebAssembly is some two times quicker over rows, but first copies points in
 * and sums out, which is a loss where the shard has fewer entries than they (measured by bench/kernels.ts). A shard beyond
 * the kernel's memory goes through TypeScript.
 */
function quickestPass(problem: LinearSpec, shard: Shard, reference: TypeScriptPass): RowPass {
  const nonZeros = shard.offsets[shard.rows]! - shard.offsets[0]!;
  if (nonZeros < shard.features) return reference;
  sharedKernel ??= new WasmKernel();
  return sharedKernel.fits(shard) ? new WasmPass(problem.kind, shard, sharedKernel) : reference;
}

class ShardObjective implements Objective {
  readonly dimension: number;
  readonly rows: number;
  readonly #problem: LinearSpec;
  readonly #weights: Weights;
  readonly #reference: TypeScriptPass;
  readonly #pass: RowPass;

  constructor(problem: LinearSpec, shard: Shard, weights: Weights) {
    this.dimension = shard.features;
    this.rows = shard.rows;
    this.#problem = problem;
    this.#weights = weights;
    this.#reference = new TypeScriptPass(problem.kind, shard);
    this.#pass = quickestPass(problem, shard, this.#reference);
  }

  gradient(x: Float64Array, out: Float64Array): number {
    this.#check(x);
    this.#check(out);
    const loss = this.#pass.gradient(x, out);
    return this.#finish(this.#weights.rowWeight, loss, x, out);
  }

  gradientPair(x: Float64Array, w: Float64Array, out: Float64Array, outOther: Float64Array): number {
    this.#check(x);
    this.#check(w);
    this.#check(out);
    this.#check(outOther);
    const loss = this.#pass.gradientPair(x, w, out, outOther);
    this.#finish(this.#weights.rowWeight, 0, w, outOther);
    return this.#finish(this.#weights.rowWeight, loss, x, out);
  }

  batchGradient(x: Float64Array, batch: Uint32Array, out: Float64Array, rowWeights?: Float64Array): number {
    this.#check(x);
    this.#check(out);
    if (batch.length === 0) throw new RangeError("a batch needs at least one row");
    for (let b = 0; b < batch.length; b++) {
      if (batch[b]! >= this.rows) {
        throw new RangeError(
          `batch entry ${b} is row ${batch[b]}, expected less than ${this.rows} (the shard's rows)`,
        );
      }
    }
    const loss = this.#reference.batchGradient(x, batch, out, rowWeights);
    return this.#finish(this.#weights.rowWeight * (this.rows / batch.length), loss, x, out);
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
        `expected a vector of length ${this.dimension} (the data's features), got ${vector.length}`,
      );
    }
  }
}
