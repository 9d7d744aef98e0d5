/** Local gradients, reusing those that this environment still holds from the round before: the same bits for half the work. */
import type { Gradient, Gradients } from "../../shared/algorithms/worker.ts";
import type { Objective } from "../../shared/problems/problem.ts";
import type { Work } from "../../shared/cloud/ports.ts";

/** Gradients kept in one environment, in bytes: enough for hundreds of workers of small models, two of large ones. */
const CACHE_BYTES = 64_000_000;

/** Last full gradients by (run, worker), least recently used first out. */
export class GradientCache {
  readonly #entries = new Map<string, { readonly pointRound: number; readonly gradient: Gradient }>();
  #bytes = 0;

  get(key: string, pointRound: number): Gradient | undefined {
    const entry = this.#entries.get(key);
    return entry?.pointRound === pointRound ? entry.gradient : undefined;
  }

  set(key: string, pointRound: number, gradient: Gradient): void {
    const old = this.#entries.get(key);
    if (old !== undefined) {
      this.#bytes -= old.gradient.vector.byteLength;
      this.#entries.delete(key);
    }
    this.#entries.set(key, { pointRound, gradient });
    this.#bytes += gradient.vector.byteLength;
    for (const [oldest, { gradient: dropped }] of this.#entries) {
      if (this.#bytes <= CACHE_BYTES || oldest === key) break;
      this.#entries.delete(oldest);
      this.#bytes -= dropped.vector.byteLength;
    }
  }
}

/** One task's view of the local objective: computes, reuses, and counts the work really done. */
export class TaskGradients implements Gradients {
  readonly #objective: Objective;
  readonly #meanNonZeros: number;
  readonly #cache: GradientCache;
  readonly #key: string;
  readonly #roundOf: (point: Float64Array) => number;
  /** Rows visited so far; a row visited for two points counts twice. */
  rows = 0;

  /**
   * @param key names (run, worker) in the environment's cache.
   * @param roundOf identity of a point: points of equal round have equal bits within a run.
   */
  constructor(
    objective: Objective,
    nonZeros: number,
    cache: GradientCache,
    key: string,
    roundOf: (point: Float64Array) => number,
  ) {
    this.#objective = objective;
    this.#meanNonZeros = objective.rows === 0 ? 0 : nonZeros / objective.rows;
    this.#cache = cache;
    this.#key = key;
    this.#roundOf = roundOf;
  }

  full(x: Float64Array): Gradient {
    const round = this.#roundOf(x);
    const known = this.#cache.get(this.#key, round);
    if (known !== undefined) return known;
    const vector = new Float64Array(this.#objective.dimension);
    const loss = this.#objective.gradient(x, vector);
    this.rows += this.#objective.rows;
    return this.#keep(round, { vector, loss });
  }

  pair(x: Float64Array, w: Float64Array): { x: Gradient; w: Gradient } {
    const known = this.#cache.get(this.#key, this.#roundOf(w));
    if (known !== undefined) return { w: known, x: this.full(x) };
    const atX = this.#cache.get(this.#key, this.#roundOf(x));
    if (atX !== undefined) {
      // A task done again: only the older point is missing, and must not push the newer one out.
      const vector = new Float64Array(this.#objective.dimension);
      const loss = this.#objective.gradient(w, vector);
      this.rows += this.#objective.rows;
      return { x: atX, w: { vector, loss } };
    }
    const vectorX = new Float64Array(this.#objective.dimension);
    const vectorW = new Float64Array(this.#objective.dimension);
    const loss = this.#objective.gradientPair(x, w, vectorX, vectorW);
    this.rows += 2 * this.#objective.rows;
    return {
      x: this.#keep(this.#roundOf(x), { vector: vectorX, loss }),
      w: { vector: vectorW, loss: Number.NaN },
    };
  }

  batch(x: Float64Array, rows: Uint32Array): Gradient {
    const vector = new Float64Array(this.#objective.dimension);
    const loss = this.#objective.batchGradient(x, rows, vector);
    this.rows += rows.length;
    return { vector, loss };
  }

  /** The exact gradient at x for the record; its work is not the method's. */
  evaluate(x: Float64Array): Gradient {
    const before = this.rows;
    const gradient = this.full(x);
    this.rows = before;
    return gradient;
  }

  /** The work so far, plus `entries` vector entries handled outside the rows. */
  work(entries: number): Work {
    return { rows: this.rows, nonZeros: this.rows * this.#meanNonZeros, entries };
  }

  #keep(round: number, gradient: Gradient): Gradient {
    this.#cache.set(this.#key, round, gradient);
    return gradient;
  }
}
