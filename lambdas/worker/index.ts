/** The worker function as AWS Lambda loads it. */
import { createFunctionClients } from "../../shared/cloud/aws/clients.ts";
import { requiredVariable } from "../../shared/cloud/aws/environment.ts";
import { lambdaHandler } from "../../shared/cloud/aws/function.ts";
import { createLambdaLog } from "../../shared/cloud/aws/log.ts";
import { createAwsPorts } from "../../shared/cloud/aws/ports.ts";
import type { QueueAddress } from "../../shared/cloud/ports.ts";
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
