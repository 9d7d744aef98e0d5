/** `marina doctor`: is everything there, and is it fit for a spec? */

import {
  accountChecks,
  type Check,
  checkFit,
  checkTurns,
  configure,
  type DeployedEngine,
  type EngineOptions,
  findManifest,
  type Prediction,
  predict,
  readSpec,
  taskSeconds,
  withStack,
  workersAtOnce,
} from "../../client/index.ts";
import { shardsPerTaskOf } from "../../lambdas/aggregator/index.ts";
import { dollars, MarinaError, seconds } from "../../shared/base/index.ts";
import { accountConcurrency, functionLimits } from "../../shared/cloud/aws/index.ts";
import { priceNotice } from "../../shared/cost/index.ts";
import { problemForm } from "../../shared/data/index.ts";
import { openProblem } from "../../shared/problems/index.ts";
import { workersAsked } from "../../shared/protocol/index.ts";

export interface DoctorOptions extends EngineOptions {
  readonly beforeDeploy?: true;
}

export async function doctor(specPath: string | undefined, options: DoctorOptions): Promise<void> {
  if (options.beforeDeploy === true) return beforeDeploy(specPath, options);
  if (options.on === "embedded") {
    throw new MarinaError("usage", "doctor looks at a deployed stack: give --on aws or --on localstack");
  }
  await withStack(options, async (engine) => {
    const { stack } = engine;
    report({ good: true, text: `credentials good for account ${stack.account}, region ${stack.region}` });
    report({ good: true, text: `stack ${stack.name}: bucket ${stack.bucket}` });
    let good = true;
    for await (const check of checks(engine, specPath)) {
      report(check);
      good &&= check.good;
    }
    process.exitCode = good ? 0 : 1;
  });
}

/** An account is looked at before there is anything of ours in it. */
async function beforeDeploy(specPath: string | undefined, options: DoctorOptions): Promise<void> {
  if (specPath !== undefined) {
    throw new MarinaError(
      "usage",
      "--before-deploy takes no spec: deploy first, then marina doctor SPEC --on aws",
    );
  }
  configure({ ...options, on: options.on === "embedded" ? "aws" : options.on });
  const checks = accountChecks(await accountConcurrency());
  for (const check of checks) report(check);
  process.exitCode = checks.every(({ good }) => good) ? 0 : 1;
}

function report({ good, text }: Check): void {
  console.log(`${good ? "ok  " : "BAD "} ${text}`);
}

async function* checks(engine: DeployedEngine, specPath: string | undefined): AsyncGenerator<Check> {
  const { stack, objects } = engine;
  const spec = specPath === undefined ? undefined : readSpec(specPath, []);
  yield* await checkFit(engine, spec);
  const [{ unreserved }, { reservedConcurrency: reserved }] = await Promise.all([
    accountConcurrency(),
    functionLimits(stack.aggregatorFunction),
  ]);
  const concurrency = { mapping: stack.workerConcurrency, unreserved, reserved };
  if (spec === undefined) {
    yield* checkTurns(workersAtOnce(concurrency), 0, concurrency);
    return;
  }
  // Dense rounds, and those of every method but PP-MARINA, ask all workers at once.
  const workers = Math.max(...workersAsked(spec.workers));
  const manifest = await findManifest(objects, spec.data);
  const problem = openProblem(spec.problem, await problemForm(objects, spec.problem, manifest));
  const tasks = Math.ceil(workers / shardsPerTaskOf(spec, workers, manifest, problem));
  const { reading, computing } = taskSeconds(spec, manifest, problem, stack.workerMemoryMb);
  // Of the first round, in which workers have still to read their rows.
  const turns = checkTurns(tasks, reading + computing, concurrency);
  yield* turns;
  const notice = priceNotice(stack);
  if (notice !== undefined) {
    const limit = spec.stop.usd === undefined ? "" : "; so does the limit stop.usd";
    yield { good: true, text: `prices: ${notice}${limit}` };
  }
  if (turns.some(({ good }) => !good)) return;
  let prediction: Prediction | undefined;
  try {
    prediction = await predict(objects, spec, { ...stack, workerConcurrency: workersAtOnce(concurrency) });
  } catch (error) {
    if (!(error instanceof MarinaError)) throw error;
    yield { good: false, text: error.message };
    return;
  }
  yield prediction === undefined
    ? {
        good: true,
        text: "price: can't be predicted, data set or vectors are too large for a trial on this machine",
      }
    : {
        good: true,
        text: `price: $${dollars(1000 * prediction.usdPerRound)} per 1,000 rounds, ${seconds(prediction.secondsPerRound)} a round; at most $${dollars(prediction.usdAtMost)} and ${seconds(prediction.secondsAtMost)} for ${spec.stop.rounds} rounds`,
      };
}
