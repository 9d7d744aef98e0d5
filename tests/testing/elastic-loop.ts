/** For tests: MARINA with changing numbers of workers in one plain loop, without protocol or cloud. */
import { compressorStream, serverDraws } from "../../shared/algorithms/draws.ts";
import { createCompressor } from "../../shared/compressors/registry.ts";
import { loadShipped } from "../../shared/data/testing/load.ts";
import type { Objective } from "../../shared/problems/problem.ts";
import { DIMENSION, K } from "./methods.ts";
import { DATA } from "./service.ts";

export interface ElasticPlan {
  readonly stepSize: number;
  readonly probability: number;
  readonly seed: number;
  readonly rounds: number;
  /** n from the first dense round on that is not before `from` (or at `from` itself, if forced). */
  readonly changes: readonly { readonly from: number; readonly workers: number; readonly forced?: boolean }[];
}

export interface ElasticPoint {
  readonly workers: number;
  readonly dense: boolean;
  /** x^t, g^t and the exact gradient of f, over all rows at once, at x^t. */
  readonly x: Float64Array;
  readonly estimate: Float64Array;
  readonly gradient: Float64Array;
}

/** The rounds t = 0 .. rounds - 1, and x^rounds. */
export async function elasticLoop(
  plan: ElasticPlan,
): Promise<{ points: ElasticPoint[]; last: Float64Array }> {
  const shards = async (n: number): Promise<Objective[]> =>
    (await loadShipped(DATA, n, "spread")).objectives({ kind: "nonconvex-binary" });
  const byWorkers = new Map<number, Objective[]>();
  for (const { workers } of plan.changes) byWorkers.set(workers, await shards(workers));
  const [whole] = await shards(1);
  const q = createCompressor({ kind: "rand-k", k: K }, DIMENSION, "float64");
  const at = (objective: Objective, x: Float64Array): Float64Array => {
    const gradient = new Float64Array(DIMENSION);
    objective.gradient(x, gradient);
    return gradient;
  };
  const waiting = [...plan.changes];
  let workers = waiting.shift()!.workers;
  let x = new Float64Array(DIMENSION);
  let previous = x;
  let estimate = new Float64Array(DIMENSION);
  const points: ElasticPoint[] = [];
  for (let round = 0; round < plan.rounds; round++) {
    let dense = round === 0 || serverDraws(plan.seed, round).coin(plan.probability);
    const next = waiting[0];
    if (next !== undefined && round >= next.from && (dense || next.forced === true)) {
      workers = next.workers;
      dense = true;
      waiting.shift();
    }
    const sum = new Float64Array(DIMENSION);
    byWorkers.get(workers)!.forEach((objective, slot) => {
      const now = at(objective, x);
      if (dense) {
        for (let j = 0; j < DIMENSION; j++) sum[j]! += now[j]!;
        return;
      }
      const before = at(objective, previous);
      const difference = now.map((value, j) => value - before[j]!);
      const draw = () => q.draw(compressorStream(plan.seed, round, slot));
      q.accumulate(q.encode(difference, draw()).bytes, draw(), sum);
    });
    const mean = sum.map((value) => value / workers);
    estimate = dense ? mean : estimate.map((value, j) => value + mean[j]!);
    points.push({ workers, dense, x, estimate, gradient: at(whole!, x) });
    previous = x;
    x = x.map((value, j) => value - plan.stepSize * estimate[j]!);
  }
  return { points, last: x };
}
