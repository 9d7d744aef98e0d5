/** A handler as AWS Lambda calls it: events of a queue in, the messages that failed out. */
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { MarinaError } from "../../math/errors.ts";
import type { DeliveredMessage, Handler, QueueAddress } from "../ports.ts";

export type LambdaHandler = (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;

export interface FunctionSetting {
  /** The queue that triggers the function: records name it by ARN, the API wants its URL. */
  readonly queue: QueueAddress;
  /** Before the handler is called. */
  readonly begin?: (requestId: string, cold: boolean) => void;
  /** After the handler has returned or thrown. */
  readonly end?: () => void;
}

/**
 * Wraps a handler. One wrapper is one environment: its first invocation counts as cold.
 * @throws MarinaError "usage" for an event that no queue sent.
 */
export function lambdaHandler(handler: Handler, { queue, begin, end }: FunctionSetting): LambdaHandler {
  let cold = true;
  return async (event, context) => {
    const messages = messagesOf(event, queue);
    const invocation = {
      remainingMilliseconds: () => context.getRemainingTimeInMillis(),
      requestId: context.awsRequestId,
      cold,
    };
    begin?.(context.awsRequestId, cold);
    cold = false;
    try {
      const { failedMessageIds } = await handler(messages, invocation);
      return { batchItemFailures: failedMessageIds.map((itemIdentifier) => ({ itemIdentifier })) };
    } finally {
      end?.();
    }
  };
}

function messagesOf(event: SQSEvent, queue: QueueAddress): DeliveredMessage[] {
  if (!Array.isArray(event?.Records)) {
    throw new MarinaError("usage", "expected an event of an SQS queue with Records; this function is triggered by its queue only");
  }
  const name = queueName(queue);
  return event.Records.map((record: SQSRecord) => {
    const source = record.eventSourceARN?.split(":").at(-1);
    if (record.eventSource !== "aws:sqs" || source !== name) {
      throw new MarinaError(
        "usage",
        `expected messages of queue ${name}, got one of ${record.eventSourceARN ?? record.eventSource}; check the function's event source mapping`,
      );
    }
    return {
      body: record.body,
      receipt: record.receiptHandle,
      receiveCount: Number(record.attributes.ApproximateReceiveCount),
      messageId: record.messageId,
      queue,
    };
  });
}

/** The last part of a queue's URL. */
function queueName(queue: QueueAddress): string {
  return queue.slice(queue.lastIndexOf("/") + 1);
}
