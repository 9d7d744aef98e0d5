/** Queues on SQS. */
import type { BatchResultErrorEntry, Message } from "@aws-sdk/client-sqs";
import { MarinaError } from "../../base/index.ts";
import type { Clock, MessageQueue, OutgoingMessage, QueueAddress, ReceivedMessage } from "../index.ts";
import { QUEUE_REQUEST_TIMEOUT_MILLISECONDS } from "./clients.ts";
import { errorName, explainAwsError } from "./errors.ts";
import { backOff } from "./retry.ts";
import type { Sqs } from "./sqs.ts";

/** Attempts of the entries of a batch that SQS did not take while it took others. */
const ATTEMPTS = 5;
/** AWS: wait a second before a new queue is used (SQS API reference, CreateQueue). */
const CREATION_MILLISECONDS = 1000;
/** AWS: a deleted queue's name is free again after a minute (the same page). Tried so often, so far apart. */
const NAME_ATTEMPTS = 14;
const NAME_WAIT_MILLISECONDS = 5000;

const MISSING = new Set(["QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"]);
const DELETED_RECENTLY = new Set(["QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently"]);
const EXISTS = new Set(["QueueNameExists", "QueueAlreadyExists"]);
const TOO_LONG = new Set(["BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong"]);
/** A receipt whose delivery is over: nothing to delete, nothing to hide. */
const STALE_RECEIPT = new Set([
  "ReceiptHandleIsInvalid",
  "MessageNotInflight",
  "AWS.SimpleQueueService.MessageNotInflight",
]);

export interface QueueClientOptions {
  /** Tags of the queues that it creates, for the bill. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly requestTimeoutMilliseconds?: number;
}

/**
 * The MessageQueue port on SQS. Besides the port's own errors it throws MarinaError "access" (credentials, permissions),
 * "limit" (a message or batch too long) and "usage" (a request that SQS refuses). One long closure and no class: ports are spread and
 * wrapped by who counts or disturbs their calls; each method is short.
 */
export function createSqsMessageQueue(
  sqs: Sqs,
  clock: Clock,
  options: QueueClientOptions = {},
): MessageQueue {
  const { tags, requestTimeoutMilliseconds: timeout = QUEUE_REQUEST_TIMEOUT_MILLISECONDS } = options;

  /** Port errors of a request on a queue; everything else as `explainAwsError` has it. */
  const explain = (error: unknown, operation: string, queue: string): unknown => {
    const name = errorName(error);
    if (MISSING.has(name)) {
      return new MarinaError("not-found", `queue ${queue}: no such queue`, { cause: error });
    }
    if (TOO_LONG.has(name)) {
      return new MarinaError("limit", `queue ${queue}: SQS takes at most 1 MiB a batch`, { cause: error });
    }
    return explainAwsError(error, `SQS ${operation} ${queue}`);
  };

  const address = async (name: string): Promise<QueueAddress> => {
    try {
      const { QueueUrl } = await sqs.call("GetQueueUrl", { QueueName: name }, timeout);
      return addressOf(QueueUrl, name);
    } catch (error) {
      throw explain(error, "GetQueueUrl", name);
    }
  };

  /** One batch; returns the entries that SQS did not take for reasons of its own. */
  const sendOnce = async (
    queue: QueueAddress,
    messages: readonly OutgoingMessage[],
  ): Promise<OutgoingMessage[]> => {
    const Entries = messages.map(({ body, group, deduplicationId }, i) => ({
      Id: String(i),
      MessageBody: body,
      ...(group === undefined ? {} : { MessageGroupId: group }),
      ...(deduplicationId === undefined ? {} : { MessageDeduplicationId: deduplicationId }),
    }));
    const { Failed } = await sqs.call("SendMessageBatch", { QueueUrl: queue, Entries }, timeout);
    return retryable(Failed, messages, queue, "SendMessageBatch");
  };

  return {
    async create(name, { visibilitySeconds, retentionSeconds }) {
      const input = {
        QueueName: name,
        Attributes: {
          VisibilityTimeout: String(visibilitySeconds),
          MessageRetentionPeriod: String(retentionSeconds),
          SqsManagedSseEnabled: "true",
        },
        ...(tags === undefined ? {} : { tags }),
      };
      for (let attempt = 1; ; attempt++) {
        try {
          const { QueueUrl } = await sqs.call("CreateQueue", input, timeout);
          await clock.sleep(CREATION_MILLISECONDS);
          return addressOf(QueueUrl, name);
        } catch (error) {
          // Made by a version of the program with other attributes: it serves as it is.
          if (EXISTS.has(errorName(error))) return address(name);
          if (!DELETED_RECENTLY.has(errorName(error))) throw explain(error, "CreateQueue", name);
          if (attempt === NAME_ATTEMPTS) {
            throw new MarinaError(
              "unavailable",
              `queue ${name}: was deleted a moment ago; SQS does not give the name back yet`,
              {
                cause: error,
              },
            );
          }
          await clock.sleep(NAME_WAIT_MILLISECONDS);
        }
      }
    },
    address,
    async destroy(queue) {
      try {
        await sqs.call("DeleteQueue", { QueueUrl: queue }, timeout);
      } catch (error) {
        if (!MISSING.has(errorName(error))) throw explain(error, "DeleteQueue", queue);
      }
    },
    async send(queue, messages) {
      let rest = messages;
      try {
        for (let attempt = 1; rest.length > 0; attempt++) {
          rest = await sendOnce(queue, rest);
          if (rest.length === 0) return;
          if (attempt === ATTEMPTS) throw notTaken(queue, rest.length);
          await backOff(clock, attempt);
        }
      } catch (error) {
        throw explain(error, "SendMessageBatch", queue);
      }
    },
    async receive(queue, { max, waitSeconds }) {
      try {
        const { Messages } = await sqs.call(
          "ReceiveMessage",
          {
            QueueUrl: queue,
            MaxNumberOfMessages: max,
            WaitTimeSeconds: waitSeconds,
            MessageSystemAttributeNames: ["ApproximateReceiveCount"],
          },
          timeout + 1000 * waitSeconds,
        );
        return (Messages ?? []).map((message) => received(message, queue));
      } catch (error) {
        throw explain(error, "ReceiveMessage", queue);
      }
    },
    async delete(queue, receipts) {
      let rest = receipts;
      try {
        for (let attempt = 1; rest.length > 0; attempt++) {
          const Entries = rest.map((receipt, i) => ({ Id: String(i), ReceiptHandle: receipt }));
          const { Failed } = await sqs.call("DeleteMessageBatch", { QueueUrl: queue, Entries }, timeout);
          const failed = Failed?.filter(({ Code }) => !STALE_RECEIPT.has(Code ?? ""));
          rest = retryable(failed, rest, queue, "DeleteMessageBatch");
          if (rest.length === 0) return;
          if (attempt === ATTEMPTS) throw notTaken(queue, rest.length);
          await backOff(clock, attempt);
        }
      } catch (error) {
        throw explain(error, "DeleteMessageBatch", queue);
      }
    },
    async extend(queue, receipt, seconds) {
      try {
        const input = { QueueUrl: queue, ReceiptHandle: receipt, VisibilityTimeout: seconds };
        await sqs.call("ChangeMessageVisibility", input, timeout);
      } catch (error) {
        if (isStale(error)) {
          throw new MarinaError(
            "not-found",
            `queue ${queue}: the message is not in flight: its visibility ran out or it was deleted`,
            { cause: error },
          );
        }
        throw explain(error, "ChangeMessageVisibility", queue);
      }
    },
    async waiting(queue) {
      try {
        const { Attributes } = await sqs.call(
          "GetQueueAttributes",
          { QueueUrl: queue, AttributeNames: ["ApproximateNumberOfMessages"] },
          timeout,
        );
        const count = Number(Attributes?.ApproximateNumberOfMessages);
        if (Number.isInteger(count)) return count;
      } catch (error) {
        throw explain(error, "GetQueueAttributes", queue);
      }
      throw new MarinaError("unavailable", `queue ${queue}: SQS does not tell how many messages wait`);
    },
  };
}

function addressOf(url: string | undefined, name: string): QueueAddress {
  if (url === undefined) throw new MarinaError("unavailable", `queue ${name}: SQS answered without a URL`);
  return url as QueueAddress;
}

function received({ Body, ReceiptHandle, Attributes }: Message, queue: QueueAddress): ReceivedMessage {
  const receiveCount = Number(Attributes?.ApproximateReceiveCount);
  if (Body === undefined || ReceiptHandle === undefined || !Number.isInteger(receiveCount)) {
    throw new MarinaError(
      "unavailable",
      `queue ${queue}: SQS delivered a message without body, receipt or receive count`,
    );
  }
  return { body: Body, receipt: ReceiptHandle, receiveCount };
}

/**
 * The entries to send again.
 * @throws MarinaError when SQS refused one for what it is.
 */
function retryable<T>(
  failed: readonly BatchResultErrorEntry[] | undefined,
  entries: readonly T[],
  queue: QueueAddress,
  operation: string,
): T[] {
  const again: T[] = [];
  for (const { Id, SenderFault, Code, Message: message } of failed ?? []) {
    const entry = entries[Number(Id)];
    if (entry === undefined) {
      throw new MarinaError(
        "unavailable",
        `queue ${queue}: SQS speaks of entry ${Id} of a batch of ${entries.length}`,
      );
    }
    if (SenderFault === true) {
      throw new MarinaError(
        "usage",
        `SQS ${operation} ${queue}: entry ${Id} was refused (${Code}: ${message ?? ""})`,
      );
    }
    again.push(entry);
  }
  return again;
}

function notTaken(queue: QueueAddress, count: number): MarinaError {
  return new MarinaError(
    "unavailable",
    `queue ${queue}: ${count} entries of a batch were not taken in ${ATTEMPTS} attempts`,
  );
}

/** SQS says it in several ways, by the age of the receipt. */
function isStale(error: unknown): boolean {
  const name = errorName(error);
  if (STALE_RECEIPT.has(name)) return true;
  return (
    (name === "InvalidParameterValue" || name === "InvalidParameterValueException") &&
    error instanceof Error &&
    /not available for visibility timeout change|receipt handle has expired/i.test(error.message)
  );
}
