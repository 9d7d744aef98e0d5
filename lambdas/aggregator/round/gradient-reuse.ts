/**
 * Which of the workers' gradients go from a round to the next one through the store, and when that pays. Pure: by the spec, the data
 * and rates.
 */

import {
  OBJECT_GET_MILLISECONDS,
  OBJECT_PUT_MILLISECONDS,
  PRICES_US_EAST_1,
} from "../../../shared/cost/index.ts";
import type { Manifest } from "../../../shared/data/index.ts";
import { isPair, type Plan, reusesGradients } from "../../../shared/methods/index.ts";
import type { Problem } from "../../../shared/problems/index.ts";
import {
  asksForFullGradient,
  type GradientReuse,
  gradientKey,
  NETWORK_BYTES_PER_SECOND,
  type RunSpec,
  type Task,
  type TaskKind,
} from "../../../shared/protocol/index.ts";
import { gradientsMilliseconds, MILLISECONDS_PER_ENTRY } from "./packing.ts";

/** Memory of a function with one whole vCPU, in GB: what the rates of computing are of. */
const VCPU_GB = 1769 / 1024;
/** A gradient that is kept and read is looked through so often, its point with it. */
const PASSES = 6;

/** A worker's mean gradient, where it lies for whom. */
export interface KeptGradient {
  /** d */
  readonly dimension: number;
  /** Tasks of a round. */
  readonly tasks: number;
  /** Computing it at one point. */
  readonly seconds: number;
}

/** What it costs to compute it where no environment holds it any more, and to keep and read it; in dollars. */
export interface ReuseUsd {
  readonly computing: number;
  readonly keeping: number;
}

/**
 * A round's tasks come to as many environments in any order, so that one in so many tasks finds the gradient held; the others
 * compute it, for seconds of a worker's price. Or else each is put once and read once: two requests, their time and that of 8 d bytes
 * either way.
 */
export function reuseUsd({ dimension, tasks, seconds }: KeptGradient): ReuseUsd {
  const { usdPerThousandObjectPuts, usdPerThousandObjectGets, usdPerGbSecond } = PRICES_US_EAST_1;
  const secondUsd = VCPU_GB * usdPerGbSecond.arm64;
  const milliseconds =
    OBJECT_GET_MILLISECONDS + OBJECT_PUT_MILLISECONDS + PASSES * dimension * MILLISECONDS_PER_ENTRY;
  const waiting = milliseconds / 1000 + (2 * 8 * dimension) / NETWORK_BYTES_PER_SECOND;
  return {
    computing: (1 - 1 / tasks) * seconds * secondUsd,
    keeping: (usdPerThousandObjectPuts + usdPerThousandObjectGets) / 1000 + waiting * secondUsd,
  };
}

/** Who takes part. */
interface Taking {
  readonly workers: number;
  readonly participants: number | null;
  readonly shardsPerTask: number;
}

/** The mean gradient of a run's workers. */
export function keptGradient(
  { workers, participants, shardsPerTask }: Taking,
  manifest: Pick<Manifest, "rows" | "nonZeros">,
  problem: Pick<Problem, "parameters" | "work">,
): KeptGradient {
  return {
    dimension: problem.parameters.dimension,
    tasks: Math.ceil((participants ?? workers) / shardsPerTask),
    seconds: gradientsMilliseconds(problem, manifest) / workers / 1000,
  };
}

/** Do gradients go through the store? "auto": where that is cheaper. */
export function keepsGradients(
  { algorithm, reuse = "auto" }: Pick<RunSpec, "algorithm" | "reuse">,
  gradient: KeptGradient,
): boolean {
  if (reuse !== "auto") return reuse === "store";
  if (!reusesGradients(algorithm)) return false;
  const { computing, keeping } = reuseUsd(gradient);
  return computing > keeping;
}

/** What of a run's rounds the orders follow from. */
export interface RoundsBeside {
  /** t */
  readonly round: number;
  /** The first round of the membership epoch. */
  readonly since: number;
  /** Rounds at which the run ends. */
  readonly end: number;
  /** What another round asks of whom: all plans are functions of the spec and the round. */
  plan(round: number): Plan;
}

/**
 * A round's tasks with what becomes of their workers' gradients: what is asked for again in the next round is kept, once, and
 * what was kept is read.
 */
export function withReuse(tasks: readonly Task[], { request }: Plan, beside: RoundsBeside): readonly Task[] {
  const { round, since, end } = beside;
  const asked = (at: number, needed: (plan: Plan) => boolean): ReadonlySet<number> => {
    if (at < since || at >= end) return NOBODY;
    const plan = beside.plan(at);
    return needed(plan) ? new Set(plan.workers) : NOBODY;
  };
  const kept = isPair(request) ? asked(round - 1, hasFullGradient) : NOBODY;
  const needed = asksForFullGradient(request.name as TaskKind)
    ? asked(round + 1, (plan) => isPair(plan.request))
    : NOBODY;
  const noted = new Set<number>();
  const orders = tasks.map(({ worker }): GradientReuse => {
    const keep = needed.has(worker) && !noted.has(worker);
    noted.add(worker);
    return { read: kept.has(worker), keep };
  });
  if (!orders.some(({ read, keep }) => read || keep)) return tasks;
  return tasks.map((task, i) => ({ ...task, reuse: [orders[i]!] }));
}

const NOBODY: ReadonlySet<number> = new Set();

function hasFullGradient({ request }: Plan): boolean {
  return asksForFullGradient(request.name as TaskKind);
}

/** Of a round that is over: the gradients that were kept for it. */
export function usedGradients(tasks: readonly Task[]): readonly string[] {
  const keys = tasks.flatMap(({ reuse, run, phase, round, worker }) =>
    reuse?.[0]?.read === true ? [gradientKey(run, phase, round - 1, worker)] : [],
  );
  return [...new Set(keys)];
}
