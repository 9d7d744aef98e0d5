/** Is a deployed stack fit for a run? Asked before anything is spent. */
import { type FunctionLimits, functionLimits } from "../shared/cloud/aws/function-limits.ts";
import type { DeployedStack } from "../shared/cloud/aws/stack.ts";
import type { ObjectStore } from "../shared/cloud/ports.ts";
import type { Manifest } from "../shared/data/manifest.ts";
import { MarinaError } from "../shared/math/errors.ts";
import { AGGREGATOR_TIMEOUT_SECONDS, WORKER_TIMEOUT_SECONDS } from "../shared/protocol/limits.ts";
import type { RunSpec } from "../shared/protocol/spec.ts";
import { findManifest } from "./launch.ts";
import { seconds } from "./output/format.ts";
import { taskSeconds } from "./task-seconds.ts";

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

/** A function as it is deployed, against what this program builds on. */
export function checkFunction(
  name: string,
  { timeoutSeconds, memoryMb, state }: FunctionLimits,
  neededSeconds: number,
): Check {
  const good = timeoutSeconds >= neededSeconds && (state === "Active" || state === "unknown");
  const advice = good
    ? ""
    : `; this program needs a time-out of ${neededSeconds} s: deploy the stack again (npx cdk deploy)`;
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

/** The functions' time-outs, and whether the largest task of a spec keeps within its worker's. */
export async function checkTimeouts(
  { stack, objects }: Deployment,
  spec: RunSpec | undefined,
): Promise<Check[]> {
  const [worker, aggregator] = await Promise.all([
    functionLimits(stack.workerFunction),
    functionLimits(stack.aggregatorFunction),
  ]);
  const checks = [
    checkFunction(stack.workerFunction, worker, WORKER_TIMEOUT_SECONDS),
    checkFunction(stack.aggregatorFunction, aggregator, AGGREGATOR_TIMEOUT_SECONDS),
  ];
  if (spec !== undefined) checks.push(checkTask(spec, await findManifest(objects, spec.data), worker));
  return checks;
}

/**
 * Refuses what can't end well. Whoever may not read the functions' configuration is told that it was not looked at.
 * @throws MarinaError "limit"
 */
export async function requireTimeouts(deployment: Deployment, spec: RunSpec): Promise<void> {
  let checks: readonly Check[];
  try {
    checks = await checkTimeouts(deployment, spec);
  } catch (error) {
    if (!(error instanceof MarinaError) || error.code !== "access") throw error;
    console.error(`time-outs not checked: ${error.message}`);
    return;
  }
  const bad = checks.find(({ good }) => !good);
  if (bad !== undefined) throw new MarinaError("limit", `stack ${deployment.stack.name}: ${bad.text}`);
}
