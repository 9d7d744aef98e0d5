/** Is a deployed stack fit for a run? Asked before anything is spent. */

import { rangesOf, readingSeconds } from "../lambdas/aggregator/index.ts";
import { MarinaError, seconds } from "../shared/base/index.ts";
import type { DeployedStack, FunctionLimits } from "../shared/cloud/aws/index.ts";
import type { ObjectStore } from "../shared/cloud/index.ts";
import { type Manifest, problemForm } from "../shared/data/index.ts";
import { openProblem, type Problem } from "../shared/problems/index.ts";
import {
  AGGREGATOR_TIMEOUT_SECONDS,
  FUNCTION_MEMORY_LIMIT_MB,
  type RunSpec,
  WORKER_TIMEOUT_SECONDS,
  workersAsked,
} from "../shared/protocol/index.ts";
import { aggregatorMemoryBytes } from "./aggregator-memory.ts";
import { findManifest } from "./find.ts";
import { taskSeconds } from "./task-seconds.ts";
import { workerMemoryBytes } from "./vector-memory.ts";

/** One line of `marina doctor`. */
export interface Check {
  readonly good: boolean;
  readonly text: string;
}

/** A stack and its object store. */
export interface Deployment {
  readonly stack: DeployedStack;
  readonly objects: ObjectStore;
}

/** What to do about a function that can't be invoked, by Lambda's state of it. Lambda guide, function states. */
const STATE_ADVICE: Readonly<Record<string, string>> = {
  Pending: "; it is being made ready: try again in a minute",
  Inactive:
    "; it was unused for weeks, and its first invocation fails: wake it (aws lambda invoke), and try again in a minute",
  Failed: "; its last deployment failed: deploy the stack again (npx cdk deploy)",
};

/** A function as it is deployed, against what this program builds on. */
export function checkFunction(
  name: string,
  { timeoutSeconds, memoryMb, state }: FunctionLimits,
  neededSeconds: number,
): Check {
  const unready =
    state === "Active" || state === "unknown" ? "" : (STATE_ADVICE[state] ?? `; expected Active`);
  const short =
    timeoutSeconds >= neededSeconds
      ? ""
      : `; this program needs a time-out of ${neededSeconds} s: deploy the stack again (npx cdk deploy)`;
  const advice = `${unready}${short}`;
  const good = advice === "";
  return { good, text: `${name}: ${state}, ${memoryMb} MB, time-out ${timeoutSeconds} s${advice}` };
}

/** A worker's largest task, against its function's time-out. */
export function checkTask(
  spec: RunSpec,
  manifest: Manifest,
  problem: Problem,
  { timeoutSeconds, memoryMb }: Pick<FunctionLimits, "timeoutSeconds" | "memoryMb">,
): Check {
  const { reading, computing } = taskSeconds(spec, manifest, problem, memoryMb);
  const good = reading + computing < timeoutSeconds;
  const advice = good
    ? ""
    : `: workers would be cut off; give the spec more workers or fewer shardsPerTask, or the function more memory`;
  return {
    good,
    text: `largest task: about ${seconds(reading)} to read its rows and ${seconds(computing)} to compute, time-out ${timeoutSeconds} s${advice}`,
  };
}

/** A reducer's task, against its function's time-out; undefined where reducers add nothing. */
export function checkReducer(
  spec: RunSpec,
  { parameters: { dimension } }: Pick<Problem, "parameters">,
  { timeoutSeconds }: Pick<FunctionLimits, "timeoutSeconds">,
): Check | undefined {
  const vectors = Math.max(...workersAsked(spec.workers));
  // The exact gradients of the first round, which every run has: float64 on either wire.
  const exact = { vectors, dimension, entryBytes: 8 } as const;
  const ranges = rangesOf(spec.reduction, exact);
  if (ranges === 0) return undefined;
  const needed = readingSeconds(exact, ranges);
  const good = needed < timeoutSeconds;
  const advice = good ? "" : ": reducers would be cut off; give the spec fewer workers (f stays the same)";
  return {
    good,
    text: `largest sum: ${ranges} reducers read ${vectors} vectors by ranges in about ${seconds(needed)}, time-out ${timeoutSeconds} s${advice}`,
  };
}

/** The aggregator's largest round, against its function's memory. */
export function checkMemory(
  spec: RunSpec,
  { advice: smaller, parameters: { dimension } }: Pick<Problem, "advice" | "parameters">,
  { memoryMb }: Pick<FunctionLimits, "memoryMb">,
): Check {
  const needed = Math.ceil(aggregatorMemoryBytes(spec, dimension) / 2 ** 20);
  const good = needed <= memoryMb;
  const one = Math.ceil(aggregatorMemoryBytes({ ...spec, workers: 1 }, dimension) / 2 ** 20);
  const enough =
    needed <= FUNCTION_MEMORY_LIMIT_MB
      ? `deploy with -c aggregatorMemoryMb=${needed}${newAccount(needed)}, or give the spec fewer workers`
      : one <= FUNCTION_MEMORY_LIMIT_MB
        ? `a function has ${FUNCTION_MEMORY_LIMIT_MB} MB at most: give the spec fewer workers`
        : `a function has ${FUNCTION_MEMORY_LIMIT_MB} MB at most: ${smaller}`;
  const advice = good ? "" : `: the aggregator would run out of it; ${enough} (f stays the same)`;
  return {
    good,
    text: `largest round: about ${needed} MB of the aggregator's ${memoryMb} MB for d = ${dimension}${advice}`,
  };
}

/** What this program needs of a stack's functions, and what a run needs of them. */
export interface Fitness {
  /** The functions as they are deployed, whatever is run. */
  readonly functions: readonly Check[];
  /** Of one run: do its largest task and its largest round keep within what the functions have? */
  ofRun(spec: RunSpec, manifest: Manifest, problem: Problem): Check[];
}

export async function fitnessOf({ stack }: Pick<Deployment, "stack">): Promise<Fitness> {
  const { functionLimits } = await import("../shared/cloud/aws/index.ts");
  const [worker, aggregator] = await Promise.all([
    functionLimits(stack.workerFunction),
    functionLimits(stack.aggregatorFunction),
  ]);
  return {
    functions: [
      checkFunction(stack.workerFunction, worker, WORKER_TIMEOUT_SECONDS),
      checkFunction(stack.aggregatorFunction, aggregator, AGGREGATOR_TIMEOUT_SECONDS),
    ],
    ofRun(spec, manifest, problem) {
      const reducer = checkReducer(spec, problem, worker);
      return [
        checkTask(spec, manifest, problem, worker),
        checkWorkerMemory(spec, manifest, problem, worker),
        ...(reducer === undefined ? [] : [reducer]),
        checkMemory(spec, problem, aggregator),
      ];
    },
  };
}

async function checksOfRun(
  fitness: Fitness,
  objects: Pick<ObjectStore, "get" | "list">,
  spec: RunSpec,
): Promise<Check[]> {
  const manifest = await findManifest(objects, spec.data);
  const problem = openProblem(spec.problem, await problemForm(objects, spec.problem, manifest));
  return fitness.ofRun(spec, manifest, problem);
}

/** For those who may not read the functions' configuration: they are told that it was not looked at. */
export async function fitnessIfReadable(deployment: Pick<Deployment, "stack">): Promise<Fitness | undefined> {
  try {
    return await fitnessOf(deployment);
  } catch (error) {
    if (!(error instanceof MarinaError) || error.code !== "access") throw error;
    console.error(`time-outs and memory not checked: ${error.message}`);
    return undefined;
  }
}

/** A worker's rows and vectors, against its function's memory. */
export function checkWorkerMemory(
  spec: RunSpec,
  manifest: Manifest,
  problem: Problem,
  { memoryMb }: Pick<FunctionLimits, "memoryMb">,
): Check {
  const needed = Math.ceil(workerMemoryBytes(spec, manifest, problem) / 2 ** 20);
  const good = needed <= memoryMb;
  const vectors = workerMemoryBytes(
    spec,
    { ...manifest, rows: 1, object: { ...manifest.object, bytes: 0 } },
    problem,
  );
  const smaller =
    vectors / 2 ** 20 > FUNCTION_MEMORY_LIMIT_MB
      ? problem.advice
      : "give the spec more workers or fewer shardsPerTask";
  const enough =
    needed <= FUNCTION_MEMORY_LIMIT_MB
      ? `deploy with -c workerMemoryMb=${needed}${newAccount(needed)}`
      : `a function has ${FUNCTION_MEMORY_LIMIT_MB} MB at most: ${smaller}`;
  const advice = good ? "" : `: workers would run out of it; ${enough}`;
  return {
    good,
    text: `largest task: about ${needed} MB of the worker's ${memoryMb} MB for its rows and d = ${problem.parameters.dimension}${advice}`,
  };
}

/** The functions, and a spec's needs of them. */
export async function checkFit({ stack, objects }: Deployment, spec: RunSpec | undefined): Promise<Check[]> {
  const fitness = await fitnessOf({ stack });
  if (spec === undefined) return [...fitness.functions];
  return [...fitness.functions, ...(await checksOfRun(fitness, objects, spec))];
}

/**
 * Refuses what can't end well.
 * @throws MarinaError "limit"
 */
export async function requireFit({ stack, objects }: Deployment, spec: RunSpec): Promise<void> {
  const fitness = await fitnessIfReadable({ stack });
  if (fitness === undefined) return;
  refuseUnfit(stack, [...fitness.functions, ...(await checksOfRun(fitness, objects, spec))]);
}

/** @throws MarinaError "limit" with everything that is not good. */
export function refuseUnfit({ name }: Pick<DeployedStack, "name">, checks: readonly Check[]): void {
  const bad = checks.filter(({ good }) => !good);
  if (bad.length > 0)
    throw new MarinaError("limit", `stack ${name}: ${bad.map(({ text }) => text).join("; ")}`);
}

/** Quota of new accounts. Lambda quotas page. */
const NEW_ACCOUNT_MEMORY_MB = 3008;

/** What is to be known of an advice to take so much memory. */
function newAccount(memoryMb: number): string {
  return memoryMb > NEW_ACCOUNT_MEMORY_MB
    ? ` (a new account's functions have ${NEW_ACCOUNT_MEMORY_MB} MB at most: ask AWS Support for more)`
    : "";
}
