/** Is a deployed stack fit for a run? Asked before anything is spent. */

import { MarinaError, seconds } from "../shared/base/index.ts";
import { type DeployedStack, type FunctionLimits, functionLimits } from "../shared/cloud/aws/index.ts";
import type { ObjectStore } from "../shared/cloud/index.ts";
import type { Manifest } from "../shared/data/index.ts";
import {
  AGGREGATOR_TIMEOUT_SECONDS,
  FUNCTION_MEMORY_LIMIT_MB,
  type RunSpec,
  WORKER_TIMEOUT_SECONDS,
} from "../shared/protocol/index.ts";
import { aggregatorMemoryBytes } from "./aggregator-memory.ts";
import { findManifest } from "./launch.ts";
import { taskSeconds } from "./task-seconds.ts";
import { checkWorkerMemory, newAccount } from "./worker-memory.ts";

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
  { timeoutSeconds, memoryMb }: Pick<FunctionLimits, "timeoutSeconds" | "memoryMb">,
): Check {
  const { reading, computing } = taskSeconds(spec, manifest, memoryMb);
  const good = reading + computing < timeoutSeconds;
  const advice = good
    ? ""
    : `: workers would be cut off; give the spec more workers or fewer shardsPerTask, or the function more memory`;
  return {
    good,
    text: `largest task: about ${seconds(reading)} to read its rows and ${seconds(computing)} to compute, time-out ${timeoutSeconds} s${advice}`,
  };
}

/** The aggregator's largest round, against its function's memory. */
export function checkMemory(
  spec: RunSpec,
  { dimension }: Pick<Manifest, "dimension">,
  { memoryMb }: Pick<FunctionLimits, "memoryMb">,
): Check {
  const needed = Math.ceil(aggregatorMemoryBytes(spec, dimension) / 2 ** 20);
  const good = needed <= memoryMb;
  const enough =
    needed <= FUNCTION_MEMORY_LIMIT_MB
      ? `deploy with -c aggregatorMemoryMb=${needed}${newAccount(needed)}, or give the spec fewer workers`
      : `a function has ${FUNCTION_MEMORY_LIMIT_MB} MB at most: give the spec fewer workers`;
  const advice = good ? "" : `: the aggregator would run out of it; ${enough} (f stays the same)`;
  return {
    good,
    text: `largest round: about ${needed} MB of the aggregator's ${memoryMb} MB for d = ${dimension}${advice}`,
  };
}

/** The functions' time-outs, and whether each spec's largest task and largest round keep within what they have. */
export async function checkFit({ stack, objects }: Deployment, specs: readonly RunSpec[]): Promise<Check[]> {
  const [worker, aggregator] = await Promise.all([
    functionLimits(stack.workerFunction),
    functionLimits(stack.aggregatorFunction),
  ]);
  const checks = [
    checkFunction(stack.workerFunction, worker, WORKER_TIMEOUT_SECONDS),
    checkFunction(stack.aggregatorFunction, aggregator, AGGREGATOR_TIMEOUT_SECONDS),
  ];
  const manifests = new Map<string, Manifest>();
  for (const spec of specs) {
    const manifest = manifests.get(spec.data) ?? (await findManifest(objects, spec.data));
    manifests.set(spec.data, manifest);
    checks.push(checkTask(spec, manifest, worker), checkMemory(spec, manifest, aggregator));
    checks.push(checkWorkerMemory(spec, manifest, worker));
  }
  return checks;
}

/**
 * Refuses what can't end well. Whoever may not read the functions' configuration is told that it was not looked at.
 * @throws MarinaError "limit"
 */
export async function requireFit(deployment: Deployment, specs: readonly RunSpec[]): Promise<void> {
  let checks: readonly Check[];
  try {
    checks = await checkFit(deployment, specs);
  } catch (error) {
    if (!(error instanceof MarinaError) || error.code !== "access") throw error;
    console.error(`time-outs and memory not checked: ${error.message}`);
    return;
  }
  const bad = checks.find(({ good }) => !good);
  if (bad !== undefined) throw new MarinaError("limit", `stack ${deployment.stack.name}: ${bad.text}`);
}
