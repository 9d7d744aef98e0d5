/** What is asked of SQS, whoever carries it there. */
import type {
  ChangeMessageVisibilityCommandInput,
  CreateQueueCommandInput,
  CreateQueueResult,
  DeleteMessageBatchCommandInput,
  DeleteMessageBatchResult,
  DeleteQueueCommandInput,
  GetQueueAttributesCommandInput,
  GetQueueAttributesResult,
  GetQueueUrlCommandInput,
  GetQueueUrlResult,
  ReceiveMessageCommandInput,
  ReceiveMessageResult,
  SendMessageBatchCommandInput,
  SendMessageBatchResult,
} from "@aws-sdk/client-sqs";

/** Operation -> its input and its output, as the SDK describes them. */
export interface SqsOperations {
  readonly CreateQueue: readonly [CreateQueueCommandInput, CreateQueueResult];
  readonly GetQueueUrl: readonly [GetQueueUrlCommandInput, GetQueueUrlResult];
  readonly GetQueueAttributes: readonly [GetQueueAttributesCommandInput, GetQueueAttributesResult];
  readonly DeleteQueue: readonly [DeleteQueueCommandInput, unknown];
  readonly SendMessageBatch: readonly [SendMessageBatchCommandInput, SendMessageBatchResult];
  readonly ReceiveMessage: readonly [ReceiveMessageCommandInput, ReceiveMessageResult];
  readonly DeleteMessageBatch: readonly [DeleteMessageBatchCommandInput, DeleteMessageBatchResult];
  readonly ChangeMessageVisibility: readonly [ChangeMessageVisibilityCommandInput, unknown];
}

export type SqsOperation = keyof SqsOperations;

/**
 * SQS as the queues' adapter sees it. Two carry requests there: the SDK's client (`sqs-sdk.ts`) for the command line, and
 * a leaner one (`sqs-signed.ts`) for functions. Both retry what may pass (throttling, 5xx, broken connections, no answer
 * in time), a bounded number of times, and throw errors of the same names with `$metadata` as the SDK's have them.
 */
export interface Sqs {
  /** @param timeoutMilliseconds of one attempt, its answer included. */
  call<O extends SqsOperation>(
    operation: O,
    input: SqsOperations[O][0],
    timeoutMilliseconds: number,
  ): Promise<SqsOperations[O][1]>;
  /** Closes its connections. */
  destroy(): void;
}
