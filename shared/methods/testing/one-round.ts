/** For tests: one round of a method from any state, without protocol or cloud, with the random draws given. */
import type { Compressor } from "../../compressors/compressor.ts";
import type { Objective } from "../../problems/problem.ts";
import type { Method, Plan, ServerDraws, Vectors } from "../method.ts";
import { estimate, type Gradients, type WorkerDraws, type WorkerMemory } from "../worker.ts";

/** What does not change from round to round. */
export interface RoundSetting {
  readonly method: Method;
  readonly objectives: readonly Objective[];
  readonly compressor: Compressor;
  /** The identity, on the same wire. */
  readonly dense: Compressor;
  /** alpha */
  readonly shiftStep: number;
}

/** What one round makes of the one before. */
export interface Situation {
  readonly state: Vectors;
  /** Worker -> its memory; undefined for methods without. */
  readonly memories: readonly (WorkerMemory | undefined)[];
}

export interface RoundDraws {
  readonly server: ServerDraws;
  worker(slot: number): WorkerDraws;
}

export function oneRound(
  { method, objectives, compressor, dense, shiftStep }: RoundSetting,
  { state, memories }: Situation,
  round: number,
  draws: RoundDraws,
): Situation & { readonly plan: Plan } {
  const plan = method.plan(state, round, draws.server);
  const codec = plan.order.kind !== "full" || plan.order.compressed ? compressor : dense;
  const mean = new Float64Array(compressor.dimension);
  const next = [...memories];
  plan.workers.forEach((worker, slot) => {
    const own = draws.worker(slot);
    const draw = own.compressor();
    const gradients = gradientsOf(objectives[worker]!);
    const answer = estimate(
      plan.order,
      { gradients, compressor, dense, shiftStep },
      { compressor: () => draw, batch: (rows) => own.batch(rows) },
      memories[worker],
    );
    if (answer.memory !== undefined) next[worker] = answer.memory;
    codec.accumulate(answer.encoded.bytes, draw, mean);
  });
  for (let j = 0; j < mean.length; j++) mean[j]! /= plan.workers.length;
  return { plan, state: method.step(state, plan, mean), memories: next };
}

export function gradientsOf(objective: Objective): Gradients {
  const full = (x: Float64Array) => {
    const vector = new Float64Array(x.length);
    return { loss: objective.gradient(x, vector), vector };
  };
  return {
    full,
    pair: (x, w) => ({ x: full(x), w: full(w) }),
    batch(x, rows) {
      const vector = new Float64Array(x.length);
      return { loss: objective.batchGradient(x, rows, vector), vector };
    },
  };
}
