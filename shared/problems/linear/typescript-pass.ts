/** The pass in plain TypeScript: the reference, and what runs where the WebAssembly one does not pay or fit. */

import type { Shard } from "../problem.ts";
import { addTransposed, addTransposedPair, margins, marginsPair } from "./kernels.ts";
import { evaluateLosses, type LossKind } from "./losses.ts";
import { BLOCK_ROWS, type RowPass } from "./row-pass.ts";

/** Scratch of every pass: a pass is over before the next one begins. */
const zScratch = new Float64Array(BLOCK_ROWS);
const zOtherScratch = new Float64Array(BLOCK_ROWS);
const sScratch = new Float64Array(BLOCK_ROWS);
const sOtherScratch = new Float64Array(BLOCK_ROWS);

export class TypeScriptPass implements RowPass {
  readonly #kind: LossKind;
  readonly #shard: Shard;

  constructor(kind: LossKind, shard: Shard) {
    this.#kind = kind;
    this.#shard = shard;
  }

  gradient(x: Float64Array, out: Float64Array): number {
    const kind = this.#kind;
    const shard = this.#shard;
    const z = zScratch;
    const s = sScratch;
    out.fill(0);
    let loss = 0;
    for (let first = 0; first < shard.rows; first += BLOCK_ROWS) {
      const count = Math.min(BLOCK_ROWS, shard.rows - first);
      margins(shard, x, first, count, z);
      loss += evaluateLosses(kind, z, shard.labels, first, count, s);
      addTransposed(shard, s, first, count, out);
    }
    return loss;
  }

  gradientPair(x: Float64Array, w: Float64Array, out: Float64Array, outOther: Float64Array): number {
    const kind = this.#kind;
    const shard = this.#shard;
    const z = zScratch;
    const zOther = zOtherScratch;
    const s = sScratch;
    const sOther = sOtherScratch;
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
    return loss;
  }

  /** The gradient over these rows only (repeats allowed), one after the other, each times its weight if there are any. */
  batchGradient(x: Float64Array, batch: Uint32Array, out: Float64Array, rowWeights?: Float64Array): number {
    const kind = this.#kind;
    const shard = this.#shard;
    const z = zScratch;
    const s = sScratch;
    out.fill(0);
    let loss = 0;
    for (let b = 0; b < batch.length; b++) {
      const row = batch[b]!;
      margins(shard, x, row, 1, z);
      const value = evaluateLosses(kind, z, shard.labels, row, 1, s);
      if (rowWeights === undefined) loss += value;
      else {
        loss += rowWeights[b]! * value;
        s[0] = rowWeights[b]! * s[0]!;
      }
      addTransposed(shard, s, row, 1, out);
    }
    return loss;
  }
}
