/**
 * Workers that send what they should not, in every round: to see what a method makes of it. What is told for the record (losses,
 * exact gradients) stays true, and so does what calibration asks for.
 */
import type { AskedOfWorker, LoadedShard, WorkerHooks } from "../../lambdas/worker/index.ts";
import type { Gradient, RequestDefinition, Vectors } from "../../shared/methods/index.ts";
import type { DataLabels, Objective, Rows } from "../../shared/problems/index.ts";

/** The attacks, and what each sends in the place of the true message m_i, before compression; z is the factor. */
export const ATTACKS = {
  "sign-flip": "-z m_i, z = 1 by default",
  scaling: "z m_i, z = 100",
  "inner-product":
    "-z times the mean of what the sound workers would send uncompressed, z = 5: against the direction of descent",
  "label-flip": "what it would be if all its labels were the opposite ones, over all its rows",
} as const;
export type Attack = keyof typeof ATTACKS;
export const attackKinds = Object.keys(ATTACKS) as [Attack, ...Attack[]];

const FACTORS: Readonly<Record<Attack, number>> = {
  "sign-flip": 1,
  scaling: 100,
  "inner-product": 5,
  "label-flip": 1,
};

export interface LiarsConfiguration {
  /** What the liars send; absent or "none": there are none. */
  readonly attack?: Attack | "none";
  /** Share of the workers that lie, the last ones; default: 0.2. */
  readonly liars?: number;
  /** z */
  readonly attackFactor?: number;
}

const SHARE = 0.2;
/** Rounding of a product such as 0.1 x 30. */
const ROUNDING = 1e-9;
/** Rounds of which it is kept what the sound workers would send. */
const ROUNDS_KEPT = 4;

/** What makes workers lie as configured; undefined where none does. */
export function liarsOf({
  attack = "none",
  liars = SHARE,
  attackFactor,
}: LiarsConfiguration): WorkerHooks | undefined {
  if (attack === "none") return undefined;
  const factor = attackFactor ?? FACTORS[attack];
  const mean = soundMeans();
  return {
    async falsified(asked) {
      const { request, task, own } = asked;
      const sound = task.workers - Math.floor(liars * task.workers + ROUNDING);
      if (task.worker < sound) return undefined;
      const { message } = request;
      if (attack === "sign-flip" || attack === "scaling") {
        const times = attack === "scaling" ? factor : -factor;
        const lie: RequestDefinition["message"] = (values, state, out, numbers) =>
          scaled(message(values, state, out, numbers), times, out);
        return { ...request, message: lie };
      }
      const values = attack === "label-flip" ? gradientsOf(flipped(asked), asked) : await mean(asked, sound);
      const times = attack === "label-flip" ? factor : -factor;
      return {
        ...request,
        message: (_values, state: Vectors, out, numbers) =>
          scaled(message(values, state, new Float64Array(own.objective.dimension), numbers), times, out),
      };
    },
  };
}

function scaled(vector: Float64Array, times: number, out: Float64Array): Float64Array {
  for (let j = 0; j < out.length; j++) out[j] = times * vector[j]!;
  return out;
}

/** The gradients that a request needs, over all rows whatever it asks for. */
function gradientsOf(objective: Objective, { request, points }: AskedOfWorker): Gradient[] {
  return request.gradients.map(({ at }) => {
    const vector = new Float64Array(objective.dimension);
    const loss = objective.gradient(points[at === "iterate" ? 0 : 1]!, vector);
    return { vector, loss };
  });
}

/** The means of the sound workers' gradients: worked out once a round, for all liars. */
function soundMeans(): (asked: AskedOfWorker, sound: number) => Promise<readonly Gradient[]> {
  const known = new Map<string, readonly Gradient[]>();
  return async (asked, sound) => {
    const { runDigest, phase, round } = asked.task;
    const key = `${runDigest}/${phase}/${round}`;
    // Only what is done is shared: an environment may die while it reads rows, and nobody must wait for it.
    const shards: LoadedShard[] = [];
    for (let worker = 0; !known.has(key) && worker < sound; worker++)
      shards.push(await asked.shardOf(worker));
    const found = known.get(key) ?? meanOf(asked, shards);
    known.set(key, found);
    if (known.size > ROUNDS_KEPT) known.delete(known.keys().next().value!);
    return found;
  };
}

function meanOf(asked: AskedOfWorker, shards: readonly LoadedShard[]): readonly Gradient[] {
  const means = asked.request.gradients.map(() => new Float64Array(asked.own.objective.dimension));
  for (const { objective } of shards) {
    for (const [i, { vector }] of gradientsOf(objective, asked).entries()) {
      const mean = means[i]!;
      for (let j = 0; j < mean.length; j++) mean[j] = mean[j]! + vector[j]! / shards.length;
    }
  }
  return means.map((vector) => ({ vector, loss: Number.NaN }));
}

const opposites = new WeakMap<Rows, Objective>();

/** The worker's objective over the same rows with the opposite labels. */
function flipped({ own: { shard, weights, data }, run }: AskedOfWorker): Objective {
  let objective = opposites.get(shard);
  if (objective === undefined) {
    const labels = Float64Array.from(shard.labels ?? [], oppositeOf(data.labels));
    objective = run.evaluator.objective({ ...shard, labels } as Rows, weights);
    opposites.set(shard, objective);
  }
  return objective;
}

/** -y, and of classes the one that stands as far from the end as it does from the beginning. */
function oppositeOf(labels: DataLabels): (label: number) => number {
  return labels.kind === "classes" ? (label) => labels.names.length - 1 - label : (label) => -label;
}
