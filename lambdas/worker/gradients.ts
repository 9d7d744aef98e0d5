/** Local gradients, reusing those that are still held from the round before: the same bits for half the work. */

import type { Work } from "../../shared/cloud/index.ts";
import type { Gradient, Gradients } from "../../shared/methods/index.ts";
import type { Objective, ProblemSpec, Shard, Weights } from "../../shared/problems/index.ts";
import { RecentlySet } from "./recently-set.ts";

/** Gradients that an environment keeps, in bytes: enough for hundreds of workers of small models, two of large ones. */
const CACHE_BYTES = 64_000_000;

/** Last full gradient of each worker; the one that was set longest ago is the first to go. */
export class GradientCache {
  readonly #entries = new RecentlySet<{ readonly pointRound: number; readonly gradient: Gradient }>();
  readonly #limitBytes: number;
  #bytes = 0;

  constructor(limitBytes: number = CACHE_BYTES) {
    this.#limitBytes = limitBytes;
  }

  get({ runDigest, phase, worker }: GradientOwner, pointRound: number): Gradient | undefined {
    const entry = this.#entries.get(runDigest, phase, worker);
    return entry?.pointRound === pointRound ? entry.gradient : undefined;
  }

  set({ runDigest, phase, worker }: GradientOwner, pointRound: number, gradient: Gradient): void {
    const replaced = this.#entries.set(runDigest, phase, worker, { pointRound, gradient });
    this.#bytes += gradient.vector.byteLength - (replaced?.gradient.vector.byteLength ?? 0);
    while (this.#bytes > this.#limitBytes && this.#entries.size > 1) {
      this.#bytes -= this.#entries.dropOldest()!.gradient.vector.byteLength;
    }
  }
}

/** Which gradients an environment would hold: the rounds of a cache of CACHE_BYTES, without the vectors. */
export class HeldRounds {
  readonly #rounds = new RecentlySet<number>();

  has({ runDigest, phase, worker }: GradientOwner, pointRound: number): boolean {
    return this.#rounds.get(runDigest, phase, worker) === pointRound;
  }

  set({ runDigest, phase, worker }: GradientOwner, pointRound: number, dimension: number): void {
    this.#rounds.set(runDigest, phase, worker, pointRound);
    if (this.#rounds.size * 8 * dimension > CACHE_BYTES && this.#rounds.size > 1) this.#rounds.dropOldest();
  }
}

/**
 * Where gradients are looked up. A deployed environment has one cache. An engine that runs many environments in one
 * process may give all of them one memory of results (`memo`), and still charge each only for what its own environment
 * would have had to compute (`own`).
 */
export interface GradientCaches {
  readonly own: HeldRounds;
  readonly memo: GradientCache;
  readonly ahead?: GradientsAhead | undefined;
}

/** What a gradient is computed from, and by what. */
export interface GradientSource {
  readonly problem: ProblemSpec;
  readonly shard: Shard;
  readonly weights: Weights;
  readonly objective: Objective;
}

/** Gradients that an engine has had computed elsewhere before they are asked for: the same bits. */
export interface GradientsAhead {
  /** The gradient at this round's point, if it is there or under way. It is the caller's then. */
  take(owner: GradientOwner, pointRound: number, source: GradientSource): Gradient | undefined;
}

/** Whose gradient it is: a worker of one of a run's cohorts. */
export interface GradientOwner {
  readonly runDigest: string;
  readonly phase: number;
  readonly worker: number;
}

/** A pair's older gradient is only subtracted from the newer one: one memory serves them all. */
let scratch = new Float64Array(0);

function olderScratch(dimension: number): Float64Array {
  if (scratch.length !== dimension) scratch = new Float64Array(dimension);
  return scratch;
}

/** One task's view of the local objective: computes, reuses, and counts the work. */
export class TaskGradients implements Gradients {
  readonly #objective: Objective;
  readonly #source: GradientSource;
  readonly #meanNonZeros: number;
  readonly #caches: GradientCaches;
  readonly #owner: GradientOwner;
  readonly #roundOf: (point: Float64Array) => number;
  /** Rows that this environment had to visit; a row visited for two points counts twice. */
  #rows = 0;
  #reused = false;

  /**
   * @param roundOf identity of a point: points of equal round have equal bits within a run.
   */
  constructor(
    source: GradientSource,
    caches: GradientCaches,
    owner: GradientOwner,
    roundOf: (point: Float64Array) => number,
  ) {
    const { objective, shard } = source;
    this.#objective = objective;
    this.#source = source;
    this.#meanNonZeros = objective.rows === 0 ? 0 : shard.indices.length / objective.rows;
    this.#caches = caches;
    this.#owner = owner;
    this.#roundOf = roundOf;
  }

  full(x: Float64Array): Gradient {
    const round = this.#roundOf(x);
    const known = this.#held(round);
    return this.#keep(round, known ?? this.#compute(x, round));
  }

  /** The gradient at w is valid until the next pair. */
  pair(x: Float64Array, w: Float64Array): { x: Gradient; w: Gradient } {
    const [roundX, roundW] = [this.#roundOf(x), this.#roundOf(w)];
    this.#reused = this.#caches.own.has(this.#owner, roundW);
    const older = this.#held(roundW);
    if (older !== undefined) return { w: older, x: this.full(x) };
    const newer = this.#held(roundX);
    if (newer !== undefined) {
      // A task done again: only the older point is missing, and must not push the newer one out.
      const vector = olderScratch(this.#objective.dimension);
      return { x: newer, w: { loss: this.#objective.gradient(w, vector), vector } };
    }
    const vectorX = new Float64Array(this.#objective.dimension);
    const vectorW = olderScratch(this.#objective.dimension);
    const loss = this.#objective.gradientPair(x, w, vectorX, vectorW);
    return {
      x: this.#keep(roundX, { vector: vectorX, loss }),
      w: { vector: vectorW, loss: Number.NaN },
    };
  }

  batch(x: Float64Array, rows: Uint32Array): Gradient {
    const vector = new Float64Array(this.#objective.dimension);
    const loss = this.#objective.batchGradient(x, rows, vector);
    this.#rows += rows.length;
    return { vector, loss };
  }

  /**
   * The exact gradient at x for the record. Its work is not the method's, and what it leaves behind spares the method
   * none: a run takes and costs the same however often it is evaluated.
   */
  evaluate(x: Float64Array): Gradient {
    const round = this.#roundOf(x);
    const known = this.#caches.memo.get(this.#owner, round);
    if (known !== undefined) return known;
    const gradient = this.#compute(x, round);
    this.#caches.memo.set(this.#owner, round, gradient);
    return gradient;
  }

  /** Was the gradient at the older point of a pair still held? */
  get reused(): boolean {
    return this.#reused;
  }

  /** The work so far, plus `entries` vector entries handled outside the rows. */
  work(entries: number): Work {
    return { rows: this.#rows, nonZeros: this.#rows * this.#meanNonZeros, entries };
  }

  #compute(x: Float64Array, round: number): Gradient {
    const ahead = this.#caches.ahead?.take(this.#owner, round, this.#source);
    if (ahead !== undefined) return ahead;
    const vector = new Float64Array(this.#objective.dimension);
    const loss = this.#objective.gradient(x, vector);
    return { vector, loss };
  }

  /** A gradient that need not be computed; charged all the same where this environment did not hold it. */
  #held(round: number): Gradient | undefined {
    if (!this.#caches.own.has(this.#owner, round)) this.#rows += this.#objective.rows;
    return this.#caches.memo.get(this.#owner, round);
  }

  #keep(round: number, gradient: Gradient): Gradient {
    this.#caches.own.set(this.#owner, round, gradient.vector.length);
    this.#caches.memo.set(this.#owner, round, gradient);
    return gradient;
  }
}
