/** What a round asks: the method's plan, and a task for each slot, each worker without one, and each part of the held-out data. */
import { aggregationOf, type Plan, serverDraws, type Vectors } from "../../../shared/methods/index.ts";
import type { Ranges, Task, TaskKind } from "../../../shared/protocol/index.ts";
import { type ActiveRun, tasksFor } from "../term/active-run.ts";
import { rangesOfEvaluation } from "./evaluate.ts";
import { withReuse } from "./gradient-reuse.ts";
import { heldOutTasks } from "./held-out.ts";
import { rangesOf } from "./reduction.ts";
import type { RoundSetting, Standing } from "./round-setting.ts";
import { serverHeld, stateOf } from "./server-held-state.ts";
import { pointsOf, type Travel } from "./travel.ts";

export interface Asked {
  readonly plan: Plan;
  readonly travel: Travel;
  /** Into how many ranges vectors are cut that reducers add; 0: none are. */
  readonly ranges: Ranges;
  /** Bytes of a number of the method's dense messages. */
  readonly entryBytes: 4 | 8;
  /** The method's, in the order of its slots. */
  readonly own: readonly Task[];
  /** Of workers without a slot in an evaluated round; their slots come next. */
  readonly watchers: readonly Task[];
  /** About held-out data: the last ones. */
  readonly beside: readonly Task[];
}

export async function ask(setting: RoundSetting, standing: Standing): Promise<Asked> {
  const { active, evaluate, heldOut, oldestNeededRound } = setting;
  const { state, round } = standing;
  const plan = planOf(setting, state, round);
  const { request, workers } = plan;
  const others = evaluate ? absent(workers, active.workers) : [];
  const packs = Math.ceil(workers.length / active.shardsPerTask);
  const travel = await pointsOf(setting, standing, request, packs, others.length);
  const { carried, pointRounds, downlink, watched } = travel;
  const entryBytes = active.spec.wire === "float64" ? 8 : 4;
  const ranges = {
    message: isReducible(active, plan)
      ? rangesOf(active.spec.reduction, {
          vectors: workers.length,
          dimension: active.dimension,
          entryBytes,
        })
      : 0,
    evaluation: evaluate ? rangesOfEvaluation(active) : 0,
  };
  const told = ranges.message + ranges.evaluation === 0 ? undefined : ranges;
  const common = { round, evaluate, oldestNeededRound, ranges: told };
  const kind = request.name as TaskKind;
  const plain = tasksFor(
    active,
    { ...common, kind, points: carried, pointRounds, ...(downlink && { downlink }) },
    workers,
  );
  const { since } = setting;
  const end = active.spec.stop.rounds;
  const own = active.keepsGradients
    ? withReuse(plain, plan, { round, since, end, plan: (at) => planOf(setting, state, at) })
    : plain;
  const watchers = tasksFor(
    active,
    { ...common, kind: "evaluate", points: watched, pointRounds: pointRounds.slice(0, 1) },
    others,
    workers.length,
  );
  const beside = heldOut
    ? heldOutTasks(active, watched[0]!, pointRounds[0]!, own.length + watchers.length)
    : [];
  return { plan, travel, ranges, entryBytes, own: withStates(active, own, state), watchers, beside };
}

/** What a round asks of whom. Of methods that keep gradients in the store it does not depend on the state. */
function planOf({ active, method, isForced }: RoundSetting, state: Vectors, round: number): Plan {
  const draws = serverDraws(active.spec.seed, round);
  return method.plan(state, round, isForced(round) ? { ...draws, coin: () => true } : draws);
}

/** Messages are looked at one by one where the server moves each worker's state by its own, where they have weights, and by robust rules. */
function isReducible({ algorithm }: ActiveRun, { request, weights }: Plan): boolean {
  return (
    request.dense &&
    serverHeld(algorithm) === undefined &&
    weights === undefined &&
    aggregationOf(algorithm) === undefined
  );
}

/** Each with its worker's state, where the server holds them. */
function withStates({ algorithm }: ActiveRun, tasks: readonly Task[], state: Vectors): readonly Task[] {
  const held = serverHeld(algorithm);
  if (held === undefined) return tasks;
  return tasks.map((task) => ({ ...task, shifts: Object.values(stateOf(held, state, task.worker)) }));
}

/** Workers without a slot. */
function absent(present: Uint32Array, workers: number): number[] {
  const here = new Set(present);
  return Array.from({ length: workers }, (_, worker) => worker).filter((worker) => !here.has(worker));
}
