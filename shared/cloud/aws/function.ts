/** A handler as AWS Lambda calls it: events of a queue in, the messages that failed out. */
import { MarinaError } from "../../base/index.ts";
import type { DeliveredMessage, Handler, QueueAddress } from "../index.ts";

/** What is read of an event and of a context (Lambda guide: using Lambda with SQS; the Node context object). */
export interface SqsEvent {
  readonly Records: readonly SqsRecord[];
}

export interface SqsRecord {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: { readonly ApproximateReceiveCount: string };
  readonly eventSource: string;
  readonly eventSourceARN: string;
}

export interface LambdaContext {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

export interface SqsBatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export type LambdaHandler = (event: SqsEvent, context: LambdaContext) => Promise<SqsBatchResponse>;

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

function messagesOf(event: SqsEvent, queue: QueueAddress): DeliveredMessage[] {
  if (!Array.isArray(event?.Records)) {
    throw new MarinaError(
      "usage",
      "expected an event of an SQS queue with Records; this function is triggered by its queue only",
    );
  }
  const name = queueName(queue);
  return event.Records.map((record) => {
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
