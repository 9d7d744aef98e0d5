/** For tests: one round of a method from any state, without protocol or cloud, with the random draws given. */
import { type Compressor, NO_DRAW } from "../../compressors/compressor.ts";
import { Workspace } from "../../math/workspace.ts";
import type { Objective } from "../../problems/problem.ts";
import { answerOf } from "../answer.ts";
import type { WorkerDraws } from "../draws.ts";
import type { Gradient, GradientNeed, Method, Plan, ServerDraws, Vectors } from "../method.ts";
import { type AlgorithmSpec, methodOf } from "../registry.ts";

/** What does not change from round to round. */
export interface RoundSetting {
  readonly spec: AlgorithmSpec;
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
  /** Worker -> its state; undefined for methods without. */
  readonly workerStates: readonly (Vectors | undefined)[];
}

export interface RoundDraws {
  readonly server: ServerDraws;
  worker(slot: number): WorkerDraws;
}

const workspace = new Workspace();

export function oneRound(
  { spec, method, objectives, compressor, dense, shiftStep }: RoundSetting,
  { state, workerStates }: Situation,
  round: number,
  draws: RoundDraws,
): Situation & { readonly plan: Plan } {
  const plan = method.plan(state, round, draws.server);
  const { request } = plan;
  const codec = request.dense ? dense : compressor;
  const mean = new Float64Array(compressor.dimension);
  const next = [...workerStates];
  const points = request.points.map((name) => state[name]!);
  plan.workers.forEach((worker, slot) => {
    const own = workerStates[worker] ?? {};
    const drawn = draws.worker(slot);
    const draw = request.dense ? NO_DRAW : drawn.compressor();
    const batches = new Map<string, Uint32Array>();
    const batch = (rows: Exclude<GradientNeed["rows"], "all">): Uint32Array => {
      const known = batches.get(rows) ?? drawn.batch(rows);
      batches.set(rows, known);
      return known;
    };
    const values = request.gradients.map(({ at, rows }): Gradient => {
      const point = points[(request.points as readonly string[]).indexOf(at)]!;
      return gradientOf(objectives[worker]!, point, rows === "all" ? undefined : batch(rows));
    });
    const answer = answerOf({
      ...{ request, points, values, own, draw, workspace },
      compressor: codec,
      state: methodOf(spec).workerState ?? undefined,
      numbers: { shiftStep },
    });
    if (answer.next !== undefined) next[worker] = answer.next;
    codec.accumulate(answer.encoded.bytes, draw, mean);
  });
  for (let j = 0; j < mean.length; j++) mean[j]! /= plan.workers.length;
  return { plan, state: method.step(state, plan, mean), workerStates: next };
}

/** The gradient at x over all rows, or over these. */
function gradientOf(objective: Objective, x: Float64Array, rows: Uint32Array | undefined): Gradient {
  const vector = new Float64Array(x.length);
  const loss = rows === undefined ? objective.gradient(x, vector) : objective.batchGradient(x, rows, vector);
  return { loss, vector };
}
