/** The aggregator function as AWS Lambda loads it. */
import { createFunctionClients } from "../../shared/cloud/aws/clients.ts";
import { requiredCount, requiredVariable } from "../../shared/cloud/aws/environment.ts";
import { lambdaHandler } from "../../shared/cloud/aws/function.ts";
import { createLambdaLog } from "../../shared/cloud/aws/log.ts";
import { createAwsPorts } from "../../shared/cloud/aws/ports.ts";
import type { QueueAddress } from "../../shared/cloud/ports.ts";
import { Meter } from "../../shared/cost/meter.ts";
import { meterPorts } from "../../shared/cost/metered.ts";
import { PRICES_US_EAST_1, priceNotice } from "../../shared/cost/prices.ts";
import { TenureSpending } from "../../shared/cost/tenure-spending.ts";
import { estimateWorkers } from "../../shared/cost/worker-estimate.ts";
import { outsideBytesOf } from "../../shared/protocol/traffic.ts";
import { createAggregator } from "./handler.ts";
import { RoundMetrics } from "./metrics.ts";

const stack = requiredVariable("STACK_NAME");
const queuePrefix = requiredVariable("QUEUE_PREFIX");
const taskQueue = requiredVariable("TASK_QUEUE_URL") as QueueAddress;

const log = createLambdaLog("aggregator");
const metrics = new RoundMetrics(stack);
const meter = new Meter();
const awsPorts = createAwsPorts({
  bucket: requiredVariable("BUCKET_NAME"),
  log,
  queueTags: { "marina:stack": stack },
  clients: createFunctionClients(taskQueue),
});
const ports = estimateWorkers(meterPorts(awsPorts, meter, outsideBytesOf), meter, taskQueue);
const spending = new TenureSpending(meter, ports.clock, PRICES_US_EAST_1, {
  workerMemoryMb: requiredCount("WORKER_MEMORY_MB"),
  aggregatorMemoryMb: requiredCount("AGGREGATOR_MEMORY_MB"),
  architecture: process.arch === "arm64" ? "arm64" : "x86-64",
});

// The limit stop.usd and a result's dollars go by this table, whatever the region: once an environment, say so.
const notice = priceNotice(process.env.AWS_REGION ?? "unknown");
if (notice !== undefined) log.warn("prices-of-another-region", { notice });

const aggregator = createAggregator(ports, {
  taskQueue,
  queuePrefix,
  spendingOf: () => spending.ofRun(),
  observer: { round: (run, record) => metrics.round(run, record) },
});

export const handler = lambdaHandler(aggregator, {
  queue: requiredVariable("CONTROL_QUEUE_URL") as QueueAddress,
  begin: (requestId, cold) => {
    log.begin(requestId);
    spending.begin(cold);
  },
  end: () => metrics.flush(),
});
