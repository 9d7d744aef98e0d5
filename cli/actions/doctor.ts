/** `marina doctor`: is everything there, and is it fit for a spec? */

import {
  accountChecks,
  adviceText,
  type Check,
  checkFit,
  checkHeldOutData,
  checkTurns,
  configurationOf,
  configure,
  constantsOfSpec,
  type DeployedEngine,
  type EngineOptions,
  findManifest,
  type Prediction,
  packingAdvice,
  predict,
  readSpec,
  reuseText,
  stepTexts,
  taskSeconds,
  travelText,
  vectorTravel,
  withStack,
  workersAtOnce,
} from "../../client/index.ts";
import { shardsPerTaskOf } from "../../lambdas/aggregator/index.ts";
import { dollars, MarinaError, seconds } from "../../shared/base/index.ts";
import { accountConcurrency, functionLimits } from "../../shared/cloud/aws/index.ts";
import { priceNotice } from "../../shared/cost/index.ts";
import { type Manifest, problemForm } from "../../shared/data/index.ts";
import { openProblem } from "../../shared/problems/index.ts";
import { type RunSpec, workersAsked } from "../../shared/protocol/index.ts";
import type { PrintOptions } from "../output/print.ts";

export interface DoctorOptions extends EngineOptions, PrintOptions {
  readonly beforeDeploy?: true;
}

export async function doctor(specPath: string | undefined, options: DoctorOptions): Promise<void> {
  if (options.beforeDeploy === true) return beforeDeploy(specPath, options);
  if (options.on === "embedded") {
    throw new MarinaError("usage", "doctor looks at a deployed stack: give --on aws or --on localstack");
  }
  await withStack(options, async (engine) => {
    const { stack } = engine;
    const told = new Told(options);
    told.tell({ good: true, text: `credentials good for account ${stack.account}, region ${stack.region}` });
    told.tell({ good: true, text: `stack ${stack.name}: bucket ${stack.bucket}` });
    for await (const check of checks(engine, specPath)) told.tell(check);
    told.end();
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
  const told = new Told(options);
  for (const check of accountChecks(await accountConcurrency())) told.tell(check);
  told.end();
}

/** For people each check as it comes, for programs all of them in the end. */
class Told {
  readonly #options: PrintOptions;
  readonly #checks: Check[] = [];

  constructor(options: PrintOptions) {
    this.#options = options;
  }

  tell(check: Check): void {
    this.#checks.push(check);
    if (this.#options.json !== true) console.log(`${check.good ? "ok  " : "BAD "} ${check.text}`);
  }

  end(): void {
    const good = this.#checks.every((check) => check.good);
    if (this.#options.json === true) console.log(JSON.stringify({ good, checks: this.#checks }));
    process.exitCode = good ? 0 : 1;
  }
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
  yield* await heldOutChecks(objects, spec, manifest);
  const problem = openProblem(spec.problem, await problemForm(objects, spec.problem, manifest));
  const tasks = Math.ceil(workers / shardsPerTaskOf(spec, workers, manifest, problem));
  const { reading, computing } = taskSeconds(spec, manifest, problem, stack.workerMemoryMb);
  // Of the first round, in which workers have still to read their rows.
  const turns = checkTurns(tasks, reading + computing, concurrency);
  yield* turns;
  const travel = travelText(vectorTravel(spec, manifest, problem), computing);
  if (travel !== undefined) yield { good: true, text: travel };
  const reuse = reuseText(spec, manifest, problem);
  if (reuse !== undefined) yield { good: true, text: reuse };
  const notice = priceNotice(stack);
  if (notice !== undefined) {
    const limit = spec.stop.usd === undefined ? "" : "; so does the limit stop.usd";
    yield { good: true, text: `prices: ${notice}${limit}` };
  }
  if (turns.some(({ good }) => !good)) return;
  const configuration = { ...configurationOf(engine), workerConcurrency: workersAtOnce(concurrency) };
  yield* await stepChecks(objects, spec);
  let prediction: Prediction | undefined;
  try {
    prediction = await predict(objects, spec, configuration);
  } catch (error) {
    if (!(error instanceof MarinaError)) throw error;
    yield { good: false, text: error.message };
    return;
  }
  if (prediction === undefined) {
    yield {
      good: true,
      text: "price: can't be predicted, data set or vectors are too large for a trial on this machine",
    };
    return;
  }
  yield {
    good: true,
    text: `price: $${dollars(1000 * prediction.usdPerRound)} per 1,000 rounds, ${seconds(prediction.secondsPerRound)} a round; at most $${dollars(prediction.usdAtMost)} and ${seconds(prediction.secondsAtMost)} for ${spec.stop.rounds} rounds`,
  };
  const advice = await packingAdvice(objects, spec, configuration, prediction);
  if (advice !== undefined) yield { good: true, text: `packing: ${adviceText(advice)}` };
}

/** Is the data that is not trained on there, whole, and like the run's? Nothing where the spec names none. */
export async function heldOutChecks(
  objects: DeployedEngine["objects"],
  spec: RunSpec,
  manifest: Manifest,
): Promise<Check[]> {
  if (spec.heldOut === undefined) return [];
  const { data } = spec.heldOut;
  try {
    const { rows } = (await checkHeldOutData(objects, spec, manifest))!;
    return [{ good: true, text: `held-out data: ${rows.toLocaleString("en-US")} rows of ${data}` }];
  } catch (error) {
    if (!(error instanceof MarinaError)) throw error;
    return [{ good: false, text: `held-out data: ${error.message}` }];
  }
}

/** Where the step size comes from, and what it promises; where there is none, why. */
async function stepChecks(objects: DeployedEngine["objects"], spec: RunSpec): Promise<Check[]> {
  try {
    const constants = await constantsOfSpec(objects, spec);
    return stepTexts(spec, constants ?? { stepSize: 0 }).map((text) => ({
      good: true,
      text: `step: ${text}`,
    }));
  } catch (error) {
    if (!(error instanceof MarinaError)) throw error;
    return [{ good: false, text: error.message }];
  }
}
