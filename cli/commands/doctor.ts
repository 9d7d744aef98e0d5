/** `marina doctor`: is everything there, and is it fit for a spec? */

import {
  type AwsEngine,
  type Check,
  checkFit,
  type EngineOptions,
  openStack,
  type Prediction,
  predict,
  readSpec,
} from "../../client/index.ts";
import { dollars, MarinaError, seconds } from "../../shared/base/index.ts";
import { unreservedConcurrency } from "../../shared/cloud/aws/index.ts";
import { priceNotice } from "../../shared/cost/index.ts";
import { workersAsked } from "../../shared/protocol/index.ts";

export async function doctor(specPath: string | undefined, options: EngineOptions): Promise<void> {
  if (options.on === "embedded") {
    throw new MarinaError("usage", "doctor looks at a deployed stack: give --on aws or --on localstack");
  }
  const engine = await openStack(options);
  const { stack } = engine;
  report({ good: true, text: `credentials good for account ${stack.account}, region ${stack.region}` });
  report({ good: true, text: `stack ${stack.name}: bucket ${stack.bucket}` });
  let good = true;
  for await (const check of checks(engine, specPath)) {
    report(check);
    good &&= check.good;
  }
  process.exitCode = good ? 0 : 1;
}

function report({ good, text }: Check): void {
  console.log(`${good ? "ok  " : "BAD "} ${text}`);
}

async function* checks(engine: AwsEngine, specPath: string | undefined): AsyncGenerator<Check> {
  const { stack, objects } = engine;
  const spec = specPath === undefined ? undefined : readSpec(specPath, []);
  yield* await checkFit(engine, spec);
  const concurrency = await unreservedConcurrency();
  if (spec === undefined) {
    yield { good: true, text: `account concurrency: ${concurrency} unreserved` };
    return;
  }
  // Dense rounds, and those of every method but PP-MARINA, ask all workers at once.
  const slots = Math.max(...workersAsked(spec.workers));
  yield {
    good: true,
    text:
      concurrency >= slots
        ? `account concurrency: ${concurrency} unreserved, enough for ${slots} workers at once`
        : `account concurrency: ${concurrency} unreserved, fewer than ${slots} workers: rounds go in ${Math.ceil(slots / Math.max(1, concurrency))} waves; ask AWS for a higher quota`,
  };
  const notice = priceNotice(stack.region);
  if (notice !== undefined) {
    const limit = spec.stop.usd === undefined ? "" : "; so does the limit stop.usd";
    yield { good: true, text: `prices: ${notice}${limit}` };
  }
  let prediction: Prediction | undefined;
  try {
    prediction = await predict(objects, spec, stack);
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
