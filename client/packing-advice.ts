/** Would the same run be cheaper or faster with several workers a task, or with fewer workers? By trials, as prices are predicted. */
import type { ServiceConfiguration } from "../embedded/index.ts";
import { shardsPerTaskOf } from "../lambdas/aggregator/index.ts";
import { dollars, MarinaError, seconds } from "../shared/base/index.ts";
import type { ObjectStore } from "../shared/cloud/index.ts";
import { dataForm } from "../shared/data/index.ts";
import { openProblem } from "../shared/problems/index.ts";
import { type RunResult, type RunSpec, workersAsked } from "../shared/protocol/index.ts";
import { findManifest } from "./find.ts";
import { type Prediction, predict, TRIAL_ROUNDS } from "./predict.ts";

/** Gains of less than this factor are not worth a word: a trial is no better than that. */
const WORTH_SAYING = 1.5;
/** How many times fewer workers are tried where packing gains nothing. */
const FEWER_WORKERS = 4;

export type PerRound = Pick<Prediction, "usdPerRound" | "secondsPerRound">;

export interface PackingAdvice {
  /** What to set in the spec. */
  readonly set: { readonly shardsPerTask: "auto" } | { readonly workers: number };
  /** Packed runs have the same bits; those of fewer workers are other runs. */
  readonly sameBits: boolean;
  readonly now: PerRound;
  readonly changed: PerRound;
  /** How many times cheaper and faster a round would be; below 1: dearer, slower. */
  readonly cheaper: number;
  readonly faster: number;
}

/**
 * The change that makes a round cheaper or faster by 1.5 at least, and neither dearer nor slower by that; packing before fewer
 * workers. Undefined where there is none, or none that can be tried on this machine.
 * @param now of the spec as it is: predicted, or seen
 */
export async function packingAdvice(
  objects: Pick<ObjectStore, "get" | "list">,
  spec: RunSpec,
  configuration: ServiceConfiguration & { readonly workerConcurrency?: number },
  now: PerRound,
): Promise<PackingAdvice | undefined> {
  const manifest = await findManifest(objects, spec.data);
  const most = Math.max(...workersAsked(spec.workers));
  const changes: PackingAdvice["set"][] = [];
  const problem = openProblem(spec.problem, dataForm(manifest));
  const packed: RunSpec = { ...spec, shardsPerTask: "auto" };
  if (shardsPerTaskOf(packed, most, manifest, problem) > shardsPerTaskOf(spec, most, manifest, problem))
    changes.push({ shardsPerTask: "auto" });
  const fewer = Math.ceil(most / FEWER_WORKERS);
  if (typeof spec.workers === "number" && fewer < most) changes.push({ workers: fewer });
  for (const set of changes) {
    const changed = await tried(objects, { ...spec, ...set }, configuration);
    if (changed === undefined) continue;
    const cheaper = now.usdPerRound / changed.usdPerRound;
    const faster = now.secondsPerRound / changed.secondsPerRound;
    const gains = Math.max(cheaper, faster) >= WORTH_SAYING && Math.min(cheaper, faster) > 1 / WORTH_SAYING;
    if (gains) return { set, sameBits: "shardsPerTask" in set, now, changed, cheaper, faster };
  }
  return undefined;
}

/** The same for a run that has ended: by what it took, or where it was short, by a trial of it. */
export async function packingAdviceAfter(
  objects: Pick<ObjectStore, "get" | "list">,
  {
    spec,
    rounds,
    usd,
    seconds: took,
  }: Pick<RunResult, "rounds" | "usd" | "seconds"> & { readonly spec: RunSpec },
  configuration: ServiceConfiguration,
): Promise<PackingAdvice | undefined> {
  const now =
    rounds >= TRIAL_ROUNDS
      ? { usdPerRound: usd / rounds, secondsPerRound: took / rounds }
      : await tried(objects, spec, configuration);
  if (now === undefined || !(now.usdPerRound > 0)) return undefined;
  return packingAdvice(objects, spec, configuration, now);
}

/** Undefined also for a spec that is refused with this change: fewer workers than slots, say. */
async function tried(
  objects: Pick<ObjectStore, "get" | "list">,
  spec: RunSpec,
  configuration: ServiceConfiguration,
): Promise<Prediction | undefined> {
  try {
    return await predict(objects, spec, configuration);
  } catch (error) {
    if (error instanceof MarinaError) return undefined;
    throw error;
  }
}

/** In a sentence. */
export function adviceText({ set, sameBits, now, changed, cheaper, faster }: PackingAdvice): string {
  const what = Object.entries(set)
    .map(([field, value]) => `"${field}": ${JSON.stringify(value)}`)
    .join(", ");
  const bits = sameBits ? "the same bits" : "a different run";
  return `with ${what} it would take ${perRound(changed)} in place of ${perRound(now)}: ${gain(cheaper, "cheaper", "dearer")}, ${gain(faster, "faster", "slower")}, ${bits}`;
}

function perRound({ usdPerRound, secondsPerRound }: PerRound): string {
  return `$${dollars(1000 * usdPerRound)} per 1,000 rounds and ${roundText(secondsPerRound)} a round`;
}

function roundText(value: number): string {
  return value < 1 ? `${Number((1000 * value).toPrecision(3))} ms` : seconds(value);
}

function gain(factor: number, more: string, less: string): string {
  return factor >= 1 ? `${times(factor)} x ${more}` : `${times(1 / factor)} x ${less}`;
}

function times(factor: number): string {
  return factor >= 10 ? String(Math.round(factor)) : factor.toFixed(1);
}
