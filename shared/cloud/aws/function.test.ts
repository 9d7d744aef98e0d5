import { describe, expect, it } from "vitest";
import type { DeliveredMessage, Handler, Invocation, QueueAddress } from "../ports.ts";
import { type LambdaContext, lambdaHandler, type SqsRecord } from "./function.ts";

const QUEUE = "https://sqs.eu-north-1.amazonaws.com/123456789012/Tasks" as QueueAddress;

const record = (messageId: string, changes: Partial<SqsRecord> = {}): SqsRecord => ({
  messageId,
  receiptHandle: `receipt of ${messageId}`,
  body: `body of ${messageId}`,
  attributes: { ApproximateReceiveCount: "2" },
  eventSource: "aws:sqs",
  eventSourceARN: "arn:aws:sqs:eu-north-1:123456789012:Tasks",
  ...changes,
});

const context = (awsRequestId: string): LambdaContext => ({
  awsRequestId,
  getRemainingTimeInMillis: () => 1234,
});

/** A handler that remembers its calls. */
function recorder(failedMessageIds: readonly string[] = []) {
  const calls: { messages: readonly DeliveredMessage[]; invocation: Invocation }[] = [];
  const handler: Handler = async (messages, invocation) => {
    calls.push({ messages, invocation });
    return { failedMessageIds };
  };
  return { calls, handler };
}

describe("lambdaHandler", () => {
  it("hands records on as messages of the queue's URL", async () => {
    const { calls, handler } = recorder();
    await lambdaHandler(handler, { queue: QUEUE })({ Records: [record("m1")] }, context("q1"));
    expect(calls[0]!.messages).toEqual([
      { messageId: "m1", body: "body of m1", receipt: "receipt of m1", receiveCount: 2, queue: QUEUE },
    ]);
  });

  it("tells the time that is left and the request", async () => {
    const { calls, handler } = recorder();
    await lambdaHandler(handler, { queue: QUEUE })({ Records: [] }, context("q1"));
    const { invocation } = calls[0]!;
    expect([invocation.remainingMilliseconds(), invocation.requestId]).toEqual([1234, "q1"]);
  });

  it("is cold in its first invocation only, even when that one fails", async () => {
    const cold: boolean[] = [];
    const wrapped = lambdaHandler(
      async (_, invocation) => {
        cold.push(invocation.cold);
        throw new Error("boom");
      },
      { queue: QUEUE },
    );
    for (const id of ["q1", "q2"])
      await expect(wrapped({ Records: [] }, context(id))).rejects.toThrow("boom");
    expect(cold).toEqual([true, false]);
  });

  it("answers the messages that are to be delivered again", async () => {
    const { handler } = recorder(["m2"]);
    const answer = await lambdaHandler(handler, { queue: QUEUE })(
      { Records: [record("m1"), record("m2")] },
      context("q"),
    );
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "m2" }] });
  });

  it.each([
    ["another queue", record("m", { eventSourceARN: "arn:aws:sqs:eu-north-1:123456789012:Others" })],
    ["another service", record("m", { eventSource: "aws:kinesis" })],
  ])("refuses messages of %s, whose receipts its queue does not know", async (_, foreign) => {
    const { calls, handler } = recorder();
    await expect(
      lambdaHandler(handler, { queue: QUEUE })({ Records: [foreign] }, context("q")),
    ).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining("expected messages of queue Tasks"),
    });
    expect(calls).toEqual([]);
  });

  it("refuses an event that no queue sent", async () => {
    const { handler } = recorder();
    const event = { hello: "world" } as unknown as { Records: SqsRecord[] };
    await expect(lambdaHandler(handler, { queue: QUEUE })(event, context("q"))).rejects.toMatchObject({
      code: "usage",
    });
  });

  it("tells of an invocation's beginning and end, also of one that throws", async () => {
    const told: string[] = [];
    const wrapped = lambdaHandler(
      async () => {
        told.push("handler");
        throw new Error("boom");
      },
      { queue: QUEUE, begin: (id, cold) => told.push(`begin ${id} ${cold}`), end: () => told.push("end") },
    );
    await wrapped({ Records: [] }, context("q1")).catch(() => undefined);
    expect(told).toEqual(["begin q1 true", "handler", "end"]);
  });
});
