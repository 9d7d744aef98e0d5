/** How many messages a queue holds, waiting or received and not yet deleted. */
import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { QueueAddress } from "../index.ts";
import { commonConfig, configuredEndpoint } from "./clients.ts";
import { explainAwsError } from "./errors.ts";

/** SQS counts approximately: right within a minute or so of the last change. */
export async function messagesIn(queue: QueueAddress): Promise<number> {
  const endpoint = configuredEndpoint("SQS");
  const client = new SQSClient({
    ...commonConfig({}),
    // An emulator's queue URLs may carry a host name that does not resolve here.
    ...(endpoint === undefined ? {} : { endpoint, useQueueUrlAsEndpoint: false }),
  });
  try {
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl: queue,
        AttributeNames: [
          "ApproximateNumberOfMessages",
          "ApproximateNumberOfMessagesNotVisible",
          "ApproximateNumberOfMessagesDelayed",
        ],
      }),
    );
    return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
  } catch (error) {
    throw explainAwsError(error, `SQS GetQueueAttributes ${queue}`);
  } finally {
    client.destroy();
  }
}
