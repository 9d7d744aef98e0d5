/** Local gradients, reusing those that are still held from the round before: the same bits for half the work. */

import type { Work } from "../../shared/cloud/index.ts";
import type { MessageWork } from "../../shared/compressors/index.ts";
import type { Workspace } from "../../shared/math/index.ts";
import { type Gradient, isPair, type RequestDefinition, type Vectors } from "../../shared/methods/index.ts";
import {
  type DataForm,
  importanceWeights,
  type Objective,
  type Problem,
  type ProblemSpec,
  type Rows,
  storedEntries,
  type Weights,
} from "../../shared/problems/index.ts";
import type { Task } from "../../shared/protocol/index.ts";

/** Whose gradient it is: a worker of one of a run's memberships. */
export interface GradientOwner {
  readonly runDigest: string;
  readonly phase: number;
  readonly worker: number;
}

/** What a gradient is computed from, and by what. */
export interface GradientSource {
  /** Of what the problem is made. */
  readonly spec: ProblemSpec;
  readonly data: DataForm;
  readonly problem: Problem;
  readonly shard: Rows;
  readonly weights: Weights;
  readonly objective: Objective;
}

/**
 * Where an environment has its workers' gradients over all rows from, by the round of the point. An engine that runs many
 * environments in one process may give each of them one that knows what the others have computed: the same bits.
 */
export interface GradientStore {
  /** Is the gradient at this point one that this environment keeps for the method? Then its work is spared. */
  holds(owner: GradientOwner, pointRound: number): boolean;
  /** The gradient, whoever has computed it. */
  find(owner: GradientOwner, pointRound: number): Gradient | undefined;
  /** Computes it: in this thread or in another. */
  compute(owner: GradientOwner, pointRound: number, source: GradientSource, x: Float64Array): Gradient;
  /** Keeps it for the method, in the place of the worker's last one. */
  keep(owner: GradientOwner, pointRound: number, gradient: Gradient): void;
  /** Keeps one that was computed for the record: what the method then finds held is not changed. */
  keepForRecord(owner: GradientOwner, pointRound: number, gradient: Gradient): void;
}

/** The gradient of a source's objective at x. */
export function gradientAt({ objective }: GradientSource, x: Float64Array): Gradient {
  const vector = new Float64Array(objective.dimension);
  const loss = objective.gradient(x, vector);
  return { vector, loss };
}

/** One task's view of the local objective: computes, reuses, and counts the work. */
export class TaskGradients {
  readonly #source: GradientSource;
  readonly #store: GradientStore;
  readonly #task: Task;
  readonly #points: readonly Float64Array[];
  readonly #workspace: Workspace;
  /** Rows that this environment had to visit and has not told of; a row visited for two points counts twice. */
  #rows = 0;
  #reused = false;
  /** The gradient at the older point of a pair, from the store. */
  #stored: Gradient | undefined;

  /** @param points the task's. */
  constructor(
    source: GradientSource,
    store: GradientStore,
    task: Task,
    points: readonly Float64Array[],
    workspace: Workspace,
  ) {
    this.#source = source;
    this.#store = store;
    this.#task = task;
    this.#points = points;
    this.#workspace = workspace;
  }

  /**
   * What a request needs, in its order. The older gradient of a pair is valid until the next task.
   * @param own the worker's state: it may hold one of them.
   * @param batch draws the rows of a mini-batch.
   * @param importance cumulative sums by which they are drawn; undefined: uniformly.
   */
  of(
    request: RequestDefinition,
    own: Vectors,
    batch: (rows: "batch" | "large-batch") => Uint32Array,
    importance?: Float64Array,
  ): readonly Gradient[] {
    if (isPair(request)) return this.#pair();
    let rows: Uint32Array | undefined;
    let weights: Float64Array | undefined;
    return request.gradients.map((need) => {
      const at = need.at === "iterate" ? 0 : 1;
      if (need.rows !== "all") {
        rows ??= batch(need.rows);
        if (importance !== undefined) weights ??= importanceWeights(importance, rows);
        return this.#batch(at, rows, weights);
      }
      const vector = need.held?.(own, this.#points[at]!);
      return vector === undefined ? this.#full(at) : { vector, loss: Number.NaN };
    });
  }

  /**
   * The exact gradient at x for the record. Its work is not the method's, and what it leaves behind spares the method
   * none: a run takes and costs the same however often it is evaluated.
   */
  evaluate(): Gradient {
    const round = this.#roundOf(0);
    const known = this.#store.find(this.#task, round);
    if (known !== undefined) return known;
    const gradient = this.#store.compute(this.#task, round, this.#source, this.#points[0]!);
    this.#store.keepForRecord(this.#task, round, gradient);
    return gradient;
  }

  /** Was the gradient at the older point of a pair still held, or found in the store? */
  get reused(): boolean {
    return this.#reused;
  }

  /** Does this environment still hold the gradient at the older point of a pair? */
  get holdsOlder(): boolean {
    return this.#store.holds(this.#task, this.#roundOf(1));
  }

  /** The gradient at x^t over all rows: what a pair then finds held. */
  newer(): Gradient {
    return this.#full(0);
  }

  /** Takes the gradient at the older point of a pair from elsewhere: the same bits. */
  provideOlder(vector: Float64Array): void {
    this.#stored = { vector, loss: Number.NaN };
  }

  /** The work since the last call of this, plus `entries` vector entries handled outside the rows, and the message's own. */
  work(entries: number, message: MessageWork): Work {
    const { objective, problem, shard } = this.#source;
    const meanNonZeros = objective.rows === 0 ? 0 : storedEntries(shard) / objective.rows;
    const rows = this.#rows;
    this.#rows = 0;
    return {
      ...problem.work(rows, rows * meanNonZeros),
      ...message,
      entries: entries + message.entries,
    };
  }

  #full(at: 0 | 1): Gradient {
    const round = this.#roundOf(at);
    const known = this.#held(round);
    return this.#keep(
      round,
      known ?? this.#store.compute(this.#task, round, this.#source, this.#points[at]!),
    );
  }

  /** Both over all rows, x^t first. Only the newer is kept; the older is only subtracted from it. */
  #pair(): readonly [Gradient, Gradient] {
    const { objective } = this.#source;
    const [x, w] = [this.#points[0]!, this.#points[1]!];
    const [roundX, roundW] = [this.#roundOf(0), this.#roundOf(1)];
    this.#reused = this.#stored !== undefined || this.#store.holds(this.#task, roundW);
    const older = this.#stored ?? this.#held(roundW);
    if (older !== undefined) return [this.#full(0), older];
    const vectorW = this.#workspace.vector("older gradient", objective.dimension);
    const newer = this.#held(roundX);
    if (newer !== undefined) {
      // A task done again: only the older point is missing, and must not push the newer one out.
      return [newer, { loss: objective.gradient(w, vectorW), vector: vectorW }];
    }
    const vectorX = new Float64Array(objective.dimension);
    const loss = objective.gradientPair(x, w, vectorX, vectorW);
    return [this.#keep(roundX, { vector: vectorX, loss }), { vector: vectorW, loss: Number.NaN }];
  }

  #batch(at: 0 | 1, rows: Uint32Array, weights: Float64Array | undefined): Gradient {
    const { objective } = this.#source;
    const vector = new Float64Array(objective.dimension);
    const loss = objective.batchGradient(this.#points[at]!, rows, vector, weights);
    this.#rows += rows.length;
    return { vector, loss };
  }

  /** Identity of a point: points of equal round have equal bits within a run. */
  #roundOf(at: 0 | 1): number {
    return this.#task.pointRounds[at]!;
  }

  /** A gradient that need not be computed; charged all the same where this environment did not hold it. */
  #held(round: number): Gradient | undefined {
    if (!this.#store.holds(this.#task, round)) this.#rows += this.#source.objective.rows;
    return this.#store.find(this.#task, round);
  }

  #keep(round: number, gradient: Gradient): Gradient {
    this.#store.keep(this.#task, round, gradient);
    return gradient;
  }
}
