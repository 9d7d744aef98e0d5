/** For tests: one round of a method from any state, without protocol or cloud, with the random draws given. */
import { type Compressor, NO_DRAW } from "../../compressors/compressor.ts";
import { Workspace } from "../../math/workspace.ts";
import { importanceWeights } from "../../problems/linear/row-importance.ts";
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
  /** Worker -> cumulative sums by which its rows are drawn; absent: uniformly. */
  readonly importance?: readonly Float64Array[];
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
  { spec, method, objectives, compressor, dense, shiftStep, importance }: RoundSetting,
  { state, workerStates }: Situation,
  round: number,
  draws: RoundDraws,
): Situation & { readonly plan: Plan; readonly bits: number } {
  const plan = method.plan(state, round, draws.server);
  const { request } = plan;
  const codec = request.dense ? dense : compressor;
  const mean = new Float64Array(compressor.dimension);
  const next = [...workerStates];
  let bits = 0;
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
      return gradientOf(
        objectives[worker]!,
        point,
        rows === "all" ? undefined : batch(rows),
        importance?.[worker],
      );
    });
    const answer = answerOf({
      ...{ request, points, values, own, draw, workspace },
      compressor: codec,
      state: methodOf(spec).workerState ?? undefined,
      numbers: { shiftStep },
    });
    bits += answer.encoded.bits;
    if (answer.next !== undefined) next[worker] = answer.next;
    const decoded = new Float64Array(mean.length);
    codec.accumulate(answer.encoded.bytes, draw, plan.weights === undefined ? mean : decoded);
    const weight = plan.weights?.[slot] ?? 0;
    if (plan.weights !== undefined) for (let j = 0; j < mean.length; j++) mean[j]! += weight * decoded[j]!;
  });
  for (let j = 0; j < mean.length; j++) mean[j]! /= plan.workers.length;
  return { plan, bits, state: method.step(state, plan, mean), workerStates: next };
}

/** The gradient at x over all rows, or over these. */
function gradientOf(
  objective: Objective,
  x: Float64Array,
  rows: Uint32Array | undefined,
  importance: Float64Array | undefined,
): Gradient {
  const vector = new Float64Array(x.length);
  if (rows === undefined) return { loss: objective.gradient(x, vector), vector };
  const weights = importance && importanceWeights(importance, rows);
  return { loss: objective.batchGradient(x, rows, vector, weights), vector };
}
