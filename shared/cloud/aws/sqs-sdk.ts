/** SQS through the SDK's client. */
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
  type SQSClientConfig,
} from "@aws-sdk/client-sqs";
import type { Sqs, SqsOperation, SqsOperations } from "./sqs.ts";

type Caller<O extends SqsOperation> = (
  client: SQSClient,
  input: SqsOperations[O][0],
  options: { readonly requestTimeout: number },
) => Promise<SqsOperations[O][1]>;

const CALLERS: { readonly [O in SqsOperation]: Caller<O> } = {
  CreateQueue: (client, input, options) => client.send(new CreateQueueCommand(input), options),
  GetQueueUrl: (client, input, options) => client.send(new GetQueueUrlCommand(input), options),
  GetQueueAttributes: (client, input, options) => client.send(new GetQueueAttributesCommand(input), options),
  DeleteQueue: (client, input, options) => client.send(new DeleteQueueCommand(input), options),
  SendMessageBatch: (client, input, options) => client.send(new SendMessageBatchCommand(input), options),
  ReceiveMessage: (client, input, options) => client.send(new ReceiveMessageCommand(input), options),
  DeleteMessageBatch: (client, input, options) => client.send(new DeleteMessageBatchCommand(input), options),
  ChangeMessageVisibility: (client, input, options) =>
    client.send(new ChangeMessageVisibilityCommand(input), options),
};

export function createSdkSqs(config: SQSClientConfig): Sqs {
  const client = new SQSClient(config);
  return {
    call: (operation, input, timeoutMilliseconds) =>
      CALLERS[operation](client, input, { requestTimeout: timeoutMilliseconds }),
    destroy: () => client.destroy(),
  };
}
