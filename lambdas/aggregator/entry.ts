/** The aggregator function as AWS Lambda loads it. */
import {
  createAwsPorts,
  createFunctionClients,
  createLambdaLog,
  lambdaHandler,
  requiredCount,
  requiredVariable,
} from "../../shared/cloud/aws/index.ts";
import type { Handler, QueueAddress } from "../../shared/cloud/index.ts";
import { type BillingConfiguration, meterTerm, priceNotice, pricesOf } from "../../shared/cost/index.ts";
import { createAggregator } from "./handler.ts";
import { RoundMetrics } from "./telemetry/metrics.ts";

const stack = requiredVariable("STACK_NAME");
const queuePrefix = requiredVariable("QUEUE_PREFIX");
const taskQueue = requiredVariable("TASK_QUEUE_URL") as QueueAddress;

const log = createLambdaLog("aggregator");
const metrics = new RoundMetrics(stack);
const ports = createAwsPorts({
  bucket: requiredVariable("BUCKET_NAME"),
  log,
  queueTags: { "marina:stack": stack },
  clients: createFunctionClients(taskQueue),
});
const billing: BillingConfiguration = {
  workerMemoryMb: requiredCount("WORKER_MEMORY_MB"),
  aggregatorMemoryMb: requiredCount("AGGREGATOR_MEMORY_MB"),
  architecture: process.arch === "arm64" ? "arm64" : "x86-64",
};

// The limit stop.usd and a result's dollars go by what is known of the region's prices: once an environment, say what is not.
const region = process.env.AWS_REGION ?? "unknown";
const { prices } = pricesOf(region);
const notice = priceNotice({ region, architecture: billing.architecture });
if (notice !== undefined) log.warn("prices-of-another-region", { notice });

const aggregator: Handler = (messages, invocation) => {
  const term = meterTerm(ports, { taskQueue, prices, billing }, invocation.cold);
  const drive = createAggregator(term.ports, {
    taskQueue,
    queuePrefix,
    spendingOf: () => term.spending.ofRun(),
    observer: { round: (run, record) => metrics.round(run, record) },
  });
  return drive(messages, invocation);
};

export const handler = lambdaHandler(aggregator, {
  queue: requiredVariable("CONTROL_QUEUE_URL") as QueueAddress,
  begin: (requestId) => log.begin(requestId),
  end: () => metrics.flush(),
});
