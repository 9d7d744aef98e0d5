import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MarinaError } from "../../base/errors.ts";
import type { MessageQueue, QueueAddress } from "../ports.ts";
import { createSqsMessageQueue } from "./message-queue.ts";
import { createFakeClock, type FakeClock } from "./testing/fake-clock.ts";
import {
  type ClientKind,
  type FakeAnswer,
  type FakeBehaviour,
  type FakeService,
  sqsAnswer,
  sqsError,
  sqsRequest,
  startFakeService,
} from "./testing/fake-service.ts";

let service: FakeService | undefined;
let clock: FakeClock;

afterEach(async () => {
  await service?.close();
  service = undefined;
});

const NAME = "Marina_run-r-0123456789ab";
const URL_OF_QUEUE = `https://sqs.eu-north-1.amazonaws.com/123456789012/${NAME}`;
const QUEUE = URL_OF_QUEUE as QueueAddress;
const OPTIONS = { visibilitySeconds: 15, retentionSeconds: 3600 };

/** Whose client the tests at hand are about. */
let kind: ClientKind;

async function queueOn(behaviour: FakeBehaviour, requestTimeoutMilliseconds = 5000): Promise<MessageQueue> {
  service = await startFakeService(behaviour, { maxAttempts: 2 }, kind);
  clock = createFakeClock();
  return createSqsMessageQueue(service.clients.sqs, clock, {
    tags: { "marina:stack": "Marina" },
    requestTimeoutMilliseconds,
  });
}

function requests(): readonly { operation: string; input: Record<string, unknown> }[] {
  return service!.requests.map(sqsRequest);
}

async function failureOf(promise: Promise<unknown>): Promise<MarinaError> {
  const error = await promise.then(
    (value) => new Error(`expected a failure, got ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof MarinaError)) throw error;
  return error;
}

const missing = (): FakeAnswer =>
  sqsError(400, "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue");
const accepted = (...ids: string[]): FakeAnswer =>
  sqsAnswer({
    Successful: ids.map((Id) => ({ Id, MessageId: `m${Id}`, MD5OfMessageBody: "0" })),
    Failed: [],
  });
const partly = (good: string[], bad: string[], fault = false, code = "InternalError"): FakeAnswer =>
  sqsAnswer({
    Successful: good.map((Id) => ({ Id, MessageId: `m${Id}`, MD5OfMessageBody: "0" })),
    Failed: bad.map((Id) => ({ Id, SenderFault: fault, Code: code, Message: "said so" })),
  });

describe.each(["sdk", "function"] as const)("the %s client", (clientKind) => {
  beforeEach(() => {
    kind = clientKind;
  });

  describe("create", () => {
    it("makes an encrypted, tagged queue with the given times and returns its URL", async () => {
      const queues = await queueOn(() => sqsAnswer({ QueueUrl: URL_OF_QUEUE }));
      expect(await queues.create(NAME, OPTIONS)).toBe(URL_OF_QUEUE);
      expect(requests()).toEqual([
        {
          operation: "CreateQueue",
          input: {
            QueueName: NAME,
            Attributes: {
              VisibilityTimeout: "15",
              MessageRetentionPeriod: "3600",
              SqsManagedSseEnabled: "true",
            },
            tags: { "marina:stack": "Marina" },
          },
        },
      ]);
    });

    it("waits the second that SQS asks for before a new queue is used", async () => {
      const queues = await queueOn(() => sqsAnswer({ QueueUrl: URL_OF_QUEUE }));
      await queues.create(NAME, OPTIONS);
      expect(clock.slept).toEqual([1000]);
    });

    it("takes a queue of that name with other attributes as it is", async () => {
      const queues = await queueOn((request) =>
        sqsRequest(request).operation === "CreateQueue"
          ? sqsError(400, "QueueNameExists", "QueueAlreadyExists")
          : sqsAnswer({ QueueUrl: URL_OF_QUEUE }),
      );
      expect(await queues.create(NAME, OPTIONS)).toBe(URL_OF_QUEUE);
      expect(requests().map(({ operation }) => operation)).toEqual(["CreateQueue", "GetQueueUrl"]);
    });

    it("waits for the name of a queue that was deleted a moment ago", async () => {
      const recently = sqsError(400, "QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently");
      const queues = await queueOn((_, count) =>
        count <= 3 ? recently : sqsAnswer({ QueueUrl: URL_OF_QUEUE }),
      );
      expect(await queues.create(NAME, OPTIONS)).toBe(URL_OF_QUEUE);
      expect(requests()).toHaveLength(4);
    });

    it("gives up on the name after a little more than a minute", async () => {
      const recently = sqsError(400, "QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently");
      const queues = await queueOn(() => recently);
      expect((await failureOf(queues.create(NAME, OPTIONS))).code).toBe("unavailable");
      expect(clock.now()).toBeGreaterThan(60_000);
      expect(clock.now()).toBeLessThan(90_000);
    });
  });

  describe("address and destroy", () => {
    it("looks a queue's URL up", async () => {
      const queues = await queueOn(() => sqsAnswer({ QueueUrl: URL_OF_QUEUE }));
      expect(await queues.address(NAME)).toBe(URL_OF_QUEUE);
    });

    it("says that there is no such queue", async () => {
      const queues = await queueOn(missing);
      const error = await failureOf(queues.address(NAME));
      expect([error.code, error.message]).toEqual(["not-found", `queue ${NAME}: no such queue`]);
      expect(requests()).toHaveLength(1);
    });

    it("takes a missing queue for destroyed", async () => {
      const queues = await queueOn(missing);
      await expect(queues.destroy(QUEUE)).resolves.toBeUndefined();
    });

    it("does not take a queue for destroyed that it may not destroy", async () => {
      const queues = await queueOn(() => sqsError(403, "AccessDenied"));
      expect((await failureOf(queues.destroy(QUEUE))).code).toBe("access");
    });
  });

  describe("send", () => {
    it("sends bodies as one batch to the queue's URL", async () => {
      const queues = await queueOn(() => accepted("0", "1"));
      await queues.send(QUEUE, [{ body: "a" }, { body: "b" }]);
      expect(requests()).toEqual([
        {
          operation: "SendMessageBatch",
          input: {
            QueueUrl: URL_OF_QUEUE,
            Entries: [
              { Id: "0", MessageBody: "a" },
              { Id: "1", MessageBody: "b" },
            ],
          },
        },
      ]);
    });

    it("sends group and de-duplication id of a FIFO message", async () => {
      const queues = await queueOn(() => accepted("0"));
      await queues.send(QUEUE, [{ body: "a", group: "run", deduplicationId: "run.0" }]);
      expect(requests()[0]!.input.Entries).toEqual([
        { Id: "0", MessageBody: "a", MessageGroupId: "run", MessageDeduplicationId: "run.0" },
      ]);
    });

    it("sends again what SQS did not take, and only that", async () => {
      const queues = await queueOn((_, count) =>
        count === 1 ? partly(["0", "2"], ["1", "3"]) : accepted("0", "1"),
      );
      await queues.send(QUEUE, [{ body: "a" }, { body: "b" }, { body: "c" }, { body: "d" }]);
      const bodies = requests().map(({ input }) =>
        (input.Entries as { MessageBody: string }[]).map((e) => e.MessageBody),
      );
      expect(bodies).toEqual([
        ["a", "b", "c", "d"],
        ["b", "d"],
      ]);
      expect(clock.slept).toHaveLength(1);
    });

    it("gives up on what SQS does not take five times over", async () => {
      const queues = await queueOn(() => partly([], ["0"]));
      const error = await failureOf(queues.send(QUEUE, [{ body: "a" }]));
      expect([error.code, requests().length]).toEqual(["unavailable", 5]);
    });

    it("does not send again what SQS refuses for what it is", async () => {
      const queues = await queueOn(() => partly([], ["0"], true, "InvalidMessageContents"));
      const error = await failureOf(queues.send(QUEUE, [{ body: "\u0001" }]));
      expect(error.code).toBe("usage");
      expect(error.message).toContain("InvalidMessageContents: said so");
      expect(requests()).toHaveLength(1);
    });

    it("says that a batch is too long", async () => {
      const queues = await queueOn(() =>
        sqsError(400, "BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong"),
      );
      expect((await failureOf(queues.send(QUEUE, [{ body: "a" }]))).code).toBe("limit");
    });

    it("says that the queue is gone", async () => {
      const queues = await queueOn(missing);
      expect((await failureOf(queues.send(QUEUE, [{ body: "a" }]))).code).toBe("not-found");
    });

    it("repeats a request that got no answer in time", async () => {
      const queues = await queueOn((_, count) => (count === 1 ? "silence" : accepted("0")), 150);
      await queues.send(QUEUE, [{ body: "a" }]);
      expect(requests()).toHaveLength(2);
    });

    it("says how often there was no answer", async () => {
      const queues = await queueOn(() => "silence", 100);
      const error = await failureOf(queues.send(QUEUE, [{ body: "a" }]));
      expect(error.code).toBe("unavailable");
      expect(error.message).toContain("after 2 attempts (TimeoutError");
    });

    it("explains expired credentials", async () => {
      const queues = await queueOn(() => sqsError(403, "ExpiredTokenException"));
      const error = await failureOf(queues.send(QUEUE, [{ body: "a" }]));
      expect([error.code, /expired; sign in again/.test(error.message)]).toEqual(["access", true]);
    });
  });

  describe("receive", () => {
    it("asks for the number and the wait, and for how often each was delivered", async () => {
      const queues = await queueOn(() =>
        sqsAnswer({
          Messages: [{ Body: "a", ReceiptHandle: "r1", Attributes: { ApproximateReceiveCount: "3" } }],
        }),
      );
      expect(await queues.receive(QUEUE, { max: 10, waitSeconds: 5 })).toEqual([
        { body: "a", receipt: "r1", receiveCount: 3 },
      ]);
      expect(requests()[0]!.input).toMatchObject({
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 5,
        MessageSystemAttributeNames: ["ApproximateReceiveCount"],
      });
    });

    it("is empty when nothing came", async () => {
      const queues = await queueOn(() => sqsAnswer({}));
      expect(await queues.receive(QUEUE, { max: 10, waitSeconds: 0 })).toEqual([]);
    });

    it("lets a long poll wait longer than other requests may take", async () => {
      const queues = await queueOn(async () => {
        await new Promise((resolve) => setTimeout(resolve, 500));
        return sqsAnswer({});
      }, 200);
      expect(await queues.receive(QUEUE, { max: 1, waitSeconds: 1 })).toEqual([]);
      expect(requests()).toHaveLength(1);
    });

    it("gives up a poll that is not answered after its wait", async () => {
      const queues = await queueOn(() => "silence", 100);
      expect((await failureOf(queues.receive(QUEUE, { max: 1, waitSeconds: 0 }))).code).toBe("unavailable");
    });
  });

  describe("delete", () => {
    it("deletes all receipts in one batch", async () => {
      const queues = await queueOn(() => accepted("0", "1"));
      await queues.delete(QUEUE, ["r1", "r2"]);
      expect(requests()).toEqual([
        {
          operation: "DeleteMessageBatch",
          input: {
            QueueUrl: URL_OF_QUEUE,
            Entries: [
              { Id: "0", ReceiptHandle: "r1" },
              { Id: "1", ReceiptHandle: "r2" },
            ],
          },
        },
      ]);
    });

    it("takes an outdated receipt for deleted", async () => {
      const queues = await queueOn(() => partly(["0"], ["1"], true, "ReceiptHandleIsInvalid"));
      await expect(queues.delete(QUEUE, ["r1", "r2"])).resolves.toBeUndefined();
      expect(requests()).toHaveLength(1);
    });

    it("deletes again what SQS did not get to", async () => {
      const queues = await queueOn((_, count) => (count === 1 ? partly(["0"], ["1"]) : accepted("0")));
      await queues.delete(QUEUE, ["r1", "r2"]);
      expect(requests()[1]!.input.Entries).toEqual([{ Id: "0", ReceiptHandle: "r2" }]);
    });
  });

  describe("waiting", () => {
    it("tells about how many messages wait", async () => {
      const queues = await queueOn(() => sqsAnswer({ Attributes: { ApproximateNumberOfMessages: "92" } }));
      expect(await queues.waiting(QUEUE)).toBe(92);
      expect(requests()).toEqual([
        {
          operation: "GetQueueAttributes",
          input: { QueueUrl: URL_OF_QUEUE, AttributeNames: ["ApproximateNumberOfMessages"] },
        },
      ]);
    });

    it("takes no other answer for a number", async () => {
      const queues = await queueOn(() => sqsAnswer({ Attributes: {} }));
      expect((await failureOf(queues.waiting(QUEUE))).code).toBe("unavailable");
    });
  });

  describe("extend", () => {
    it("hides the message for so many seconds", async () => {
      const queues = await queueOn(() => sqsAnswer({}));
      await queues.extend(QUEUE, "r1", 45);
      expect(requests()).toEqual([
        {
          operation: "ChangeMessageVisibility",
          input: { QueueUrl: URL_OF_QUEUE, ReceiptHandle: "r1", VisibilityTimeout: 45 },
        },
      ]);
    });

    it.each([
      ["MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"],
      ["ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"],
    ])("says that the delivery is over: %s", async (type, queryCode) => {
      const queues = await queueOn(() => sqsError(400, type, queryCode));
      const error = await failureOf(queues.extend(QUEUE, "r1", 45));
      expect(error.code).toBe("not-found");
      expect(error.message).toContain("not in flight");
    });

    it("says so too when SQS calls the receipt an invalid value", async () => {
      const answer: FakeAnswer = {
        status: 400,
        headers: { "content-type": "application/x-amz-json-1.0" },
        body: JSON.stringify({
          __type: "com.amazonaws.sqs#InvalidParameterValueException",
          message:
            "Value r1 for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.",
        }),
      };
      const queues = await queueOn(() => answer);
      expect((await failureOf(queues.extend(QUEUE, "r1", 45))).code).toBe("not-found");
    });
  });
});
