/** What a run will take and cost, before it starts: its first rounds on the embedded cloud, with the run's own data. */
import { AWS_RAMP, createEmbeddedService, driveToEnd, type ServiceConfiguration } from "../embedded/index.ts";
import { MarinaError } from "../shared/base/index.ts";
import type { ObjectStore } from "../shared/cloud/index.ts";
import { problemForm } from "../shared/data/index.ts";
import { openProblem } from "../shared/problems/index.ts";
import { type RunSpec, WHOLE_OBJECT_BYTES } from "../shared/protocol/index.ts";
import { findManifest } from "./find.ts";
import { mostTakingPart } from "./most-taking-part.ts";
import { createTrial } from "./trial.ts";
import { embeddedMemoryBytes, machineMemoryBytes } from "./vector-memory.ts";

/** Rounds that are tried: enough to see dense and compressed ones. */
export const TRIAL_ROUNDS = 60;

export interface Prediction {
  readonly usdPerRound: number;
  readonly secondsPerRound: number;
  /** If all rounds that the spec allows are needed. */
  readonly usdAtMost: number;
  readonly secondsAtMost: number;
}

/** With as many workers and participants as the spec may ever ask for: a prediction must not be too low. */
function mostExpensiveMembership(spec: RunSpec): Pick<RunSpec, "workers" | "algorithm"> {
  const { algorithm } = spec;
  const { workers, participants } = mostTakingPart(spec);
  if (participants === null || !("participants" in algorithm)) return { workers, algorithm };
  return { workers, algorithm: { ...algorithm, participants } };
}

/**
 * @param onRound told of each round of the trial
 * @returns undefined where the data set is too large to be fetched for a trial, or this machine too small for one.
 * @throws MarinaError "spec" for a run whose trial does not end well: what it is made of alone decides that.
 */
export async function predict(
  objects: Pick<ObjectStore, "get" | "list">,
  spec: RunSpec,
  configuration: ServiceConfiguration & { readonly workerConcurrency?: number },
  onRound: () => void = () => undefined,
): Promise<Prediction | undefined> {
  const manifest = await findManifest(objects, spec.data);
  if (manifest.object.bytes > WHOLE_OBJECT_BYTES) return undefined;
  const problem = openProblem(spec.problem, await problemForm(objects, spec.problem, manifest));
  if (embeddedMemoryBytes(spec, manifest, problem) > machineMemoryBytes()) return undefined;
  const service = createEmbeddedService({
    seed: 1,
    configuration,
    ...(configuration.workerConcurrency === undefined
      ? {}
      : { workerConcurrency: configuration.workerConcurrency }),
    ...(configuration.latencies === undefined ? { ramp: AWS_RAMP } : {}),
    observer: { calibration: () => undefined, round: onRound },
  });
  const rounds = Math.min(TRIAL_ROUNDS, spec.stop.rounds);
  const membership = mostExpensiveMembership(spec);
  const trial: RunSpec = { ...spec, ...membership, stop: { rounds }, evaluateEvery: 0 };
  const control = await createTrial(service, objects, trial, manifest);
  const result = await driveToEnd(service, control);
  if (result.status !== "done") {
    const why = result.error === null ? "" : `: ${result.error}`;
    throw new MarinaError("spec", `a trial of its first rounds ends as ${result.status}${why}`);
  }
  const usdPerRound = result.usd / rounds;
  const secondsPerRound = result.seconds / rounds;
  return {
    usdPerRound,
    secondsPerRound,
    usdAtMost: usdPerRound * spec.stop.rounds,
    secondsAtMost: secondsPerRound * spec.stop.rounds,
  };
}
