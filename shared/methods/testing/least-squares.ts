/** For tests: least squares small enough to write every gradient down from its formula. */

import type { LinearSpec } from "../../problems/linear/losses.ts";
import { createObjective } from "../../problems/linear/objective.ts";
import type { Objective, Shard, Weights } from "../../problems/problem.ts";

/** [features, label] */
export type Row = readonly [readonly number[], number];

export interface SmallProblem {
  readonly n: number;
  readonly d: number;
  readonly problem: LinearSpec;
  readonly shards: readonly Shard[];
  readonly objectives: readonly Objective[];
  /** Worker -> rows, m_i. */
  readonly rows: readonly number[];
  /** Gradients of the rows of worker i, scaled so that their mean is grad f_i. */
  rowGradients(worker: number, x: Float64Array): Float64Array[];
  /** grad f_i */
  local(worker: number, x: Float64Array): Float64Array;
  /** grad f, the mean of grad f_i */
  gradient(x: Float64Array): Float64Array;
  /** f */
  loss(x: Float64Array): number;
}

/** Rows as a shard. */
export function shardOf(rows: readonly Row[]): Shard {
  const features = rows[0]![0].length;
  const width = Uint16Array.from({ length: features }, (_, j) => j);
  return {
    rows: rows.length,
    features,
    offsets: Uint32Array.from({ length: rows.length + 1 }, (_, l) => l * features),
    indices: Uint16Array.from(rows.flatMap(() => [...width])),
    values: Float64Array.from(rows.flatMap(([features]) => [...features])),
    labels: Float64Array.from(rows, ([, label]) => label),
  };
}

/** The weights of all workers' objectives: f_i scaled by n m_i / N. */
export function weightsOf(shards: readonly Shard[]): Weights[] {
  const n = shards.length;
  const total = shards.reduce((sum, shard) => sum + shard.rows, 0);
  return shards.map((shard) => ({ rowWeight: n / total, regularizerWeight: (n * shard.rows) / total }));
}

/** f(x) = (1/N) sum_l (<a_l, x> - y_l)^2 / 2 + (lambda/2)|x|^2 over the rows of all workers, with plain arrays. */
export function leastSquares(parts: readonly (readonly Row[])[], lambda: number): SmallProblem {
  const n = parts.length;
  const d = parts[0]![0]![0].length;
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  const problem: LinearSpec = { kind: "least-squares", regularizer: { kind: "l2", lambda } };
  const shards = parts.map(shardOf);
  const weights = weightsOf(shards);
  const inner = (a: readonly number[], x: Float64Array) =>
    a.reduce((sum, value, j) => sum + value * x[j]!, 0);
  const rowGradients = (worker: number, x: Float64Array) => {
    const scale = (n * parts[worker]!.length) / total;
    return parts[worker]!.map(([a, y]) =>
      x.map((xj, j) => scale * ((inner(a, x) - y) * a[j]! + lambda * xj)),
    );
  };
  const local = (worker: number, x: Float64Array) => mean(rowGradients(worker, x));
  return {
    n,
    d,
    problem,
    shards,
    objectives: shards.map((shard, i) => createObjective(problem, shard, weights[i]!)),
    rows: parts.map((part) => part.length),
    rowGradients,
    local,
    gradient: (x) => mean(parts.map((_, worker) => local(worker, x))),
    loss: (x) =>
      parts.flat().reduce((sum, [a, y]) => sum + (inner(a, x) - y) ** 2 / 2, 0) / total +
      (lambda / 2) * x.reduce((sum, xj) => sum + xj * xj, 0),
  };
}

/** Three workers with 3, 4 and 2 rows in R^3, without any regularity. */
export const THREE_WORKERS: readonly (readonly Row[])[] = [
  [
    [[1, -0.5, 2], 1],
    [[0.25, 1.5, -1], -2],
    [[-2, 0.3, 0.7], 0.5],
  ],
  [
    [[0.6, 1, 0], 3],
    [[-1, 0, 1.1], 0.4],
    [[0, -0.8, 0.9], -1],
    [[1.7, 0.2, -0.3], 2],
  ],
  [
    [[0.5, 0.5, 1.5], -0.7],
    [[2, -1, 0], 1.2],
  ],
];

/** The mean of vectors. */
export function mean(vectors: readonly Float64Array[]): Float64Array {
  return vectors[0]!.map((_, j) => vectors.reduce((sum, vector) => sum + vector[j]!, 0) / vectors.length);
}

export function minus(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, j) => value - b[j]!);
}
