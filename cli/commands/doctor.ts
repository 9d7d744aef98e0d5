/** `marina doctor`: is everything there, and is it fit for a spec? */
import { functionLimits, unreservedConcurrency } from "../../shared/cloud/aws/function-limits.ts";
import { MarinaError } from "../../shared/math/errors.ts";
import { AGGREGATOR_TIMEOUT_SECONDS, WORKER_TIMEOUT_SECONDS } from "../../shared/protocol/limits.ts";
import type { AwsEngine } from "../engines/aws.ts";
import { openStack } from "../engines/open.ts";
import type { CommonOptions } from "../main.ts";
import { dollars, seconds } from "../output/format.ts";
import { predict } from "../predict.ts";
import { readSpec } from "../spec-file.ts";

interface Check {
  readonly good: boolean;
  readonly text: string;
}

export async function doctor(specPath: string | undefined, options: CommonOptions): Promise<void> {
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

async function* checks({ stack, objects }: AwsEngine, specPath: string | undefined): AsyncGenerator<Check> {
  for (const [name, wanted] of [
    [stack.workerFunction, WORKER_TIMEOUT_SECONDS],
    [stack.aggregatorFunction, AGGREGATOR_TIMEOUT_SECONDS],
  ] as const) {
    const { timeoutSeconds, memoryMb, state } = await functionLimits(name);
    const good = timeoutSeconds >= wanted && (state === "Active" || state === "unknown");
    const advice = good ? "" : `; this program needs a time-out of ${wanted} s: deploy the stack again`;
    yield { good, text: `${name}: ${state}, ${memoryMb} MB, time-out ${timeoutSeconds} s${advice}` };
  }
  const concurrency = await unreservedConcurrency();
  if (specPath === undefined) {
    yield { good: true, text: `account concurrency: ${concurrency} unreserved` };
    return;
  }
  const spec = readSpec(specPath, []);
  const slots = spec.algorithm.kind === "pp-marina" ? spec.algorithm.participants : spec.workers;
  yield {
    good: true,
    text:
      concurrency >= slots
        ? `account concurrency: ${concurrency} unreserved, enough for ${slots} workers at once`
        : `account concurrency: ${concurrency} unreserved, fewer than ${slots} workers: rounds go in ${Math.ceil(slots / Math.max(1, concurrency))} waves; ask AWS for a higher quota`,
  };
  const prediction = await predict(objects, spec, stack);
  yield prediction === undefined
    ? { good: true, text: "price: can't be predicted, the data set is too large for a trial" }
    : {
        good: true,
        text: `price: $${dollars(1000 * prediction.usdPerRound)} per 1,000 rounds, ${seconds(prediction.secondsPerRound)} a round; at most $${dollars(prediction.usdAtMost)} and ${seconds(prediction.secondsAtMost)} for ${spec.stop.rounds} rounds`,
      };
}
