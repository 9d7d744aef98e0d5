/** The ports on AWS. */
import type { Log, Ports } from "../index.ts";
import type { AwsClients } from "./clients.ts";
import { createSystemClock } from "./clock.ts";
import { createDirectCompute } from "./compute.ts";
import { createSqsMessageQueue } from "./message-queue.ts";
import { createS3ObjectStore } from "./object-store.ts";

export interface AwsPortsConfig {
  /** The stack's bucket. */
  readonly bucket: string;
  readonly log: Log;
  /** Tags of the queues that are created, for the bill. */
  readonly queueTags?: Readonly<Record<string, string>>;
  readonly clients: AwsClients;
}

/**
 * The ports on S3, SQS and the machine's clock. Credentials, region and endpoint come from the environment and the
 * shared config files, as the AWS CLI reads them; nothing is asked of AWS before the first call.
 */
export function createAwsPorts({ bucket, log, queueTags, clients }: AwsPortsConfig): Ports {
  const clock = createSystemClock();
  return {
    objects: createS3ObjectStore(clients.s3, bucket, clock),
    queues: createSqsMessageQueue(clients.sqs, clock, queueTags === undefined ? {} : { tags: queueTags }),
    clock,
    compute: createDirectCompute(),
    log,
  };
}
