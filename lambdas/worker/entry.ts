/** The worker function as AWS Lambda loads it. */
import {
  createAwsPorts,
  createFunctionClients,
  createLambdaLog,
  lambdaHandler,
  requiredVariable,
} from "../../shared/cloud/aws/index.ts";
import type { QueueAddress } from "../../shared/cloud/index.ts";
import { createWorker } from "./handler.ts";

const log = createLambdaLog("worker");
const queue = requiredVariable("TASK_QUEUE_URL") as QueueAddress;
const ports = createAwsPorts({
  bucket: requiredVariable("BUCKET_NAME"),
  log,
  clients: createFunctionClients(queue),
});

export const handler = lambdaHandler(createWorker(ports), {
  queue,
  begin: (requestId) => log.begin(requestId),
});
