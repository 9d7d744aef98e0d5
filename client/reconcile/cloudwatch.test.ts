import { expect, test } from "vitest";
import { exampleStack } from "../../shared/cloud/aws/testing/example-stack.ts";
import { zeroUsage } from "../../shared/cost/usage.ts";
import { contributionsQueueName } from "../../shared/protocol/keys.ts";
import { metricLines, withSums } from "./cloudwatch.ts";

const STACK = exampleStack("us-east-1");

/** 3 rounds of 4 tasks in one batch each, and one evaluation of 4: by hand. */
function usage() {
  const counts = zeroUsage();
  Object.assign(counts.method.worker, { invocations: 12, billedMilliseconds: 240 });
  Object.assign(counts.evaluation.worker, { invocations: 4, billedMilliseconds: 60 });
  Object.assign(counts.method.aggregator, { invocations: 1, billedMilliseconds: 900 });
  Object.assign(counts.method.standardQueues, {
    sendRequests: 3 + 12,
    sentMessages: 12 + 12,
    receiveRequests: 5,
    receivedMessages: 12,
    deleteRequests: 5,
    deletedMessages: 12,
    emptyReceiveRequests: 8,
  });
  Object.assign(counts.evaluation.standardQueues, {
    sendRequests: 1 + 4,
    sentMessages: 4 + 4,
    receivedMessages: 4,
    deletedMessages: 4,
  });
  Object.assign(counts.method.fifoMapping, { receiveRequests: 1, deleteRequests: 1 });
  Object.assign(counts.method.objects, { putRequests: 5, getRequests: 7, listRequests: 3 });
  return counts;
}

test("each line has the meter's count in CloudWatch's own unit: messages of each queue, not requests", () => {
  const lines = metricLines(STACK, "r", usage());
  expect(lines.map(({ item, metered }) => [item, metered])).toEqual([
    ["worker: invocations", 16],
    ["worker: duration", 300],
    ["aggregator: invocations", 1],
    ["aggregator: duration", 900],
    ["task queue: sent", 16],
    ["task queue: received", 16],
    ["task queue: deleted", 16],
    ["task queue: empty receives", 0],
    ["run queue: sent", 16],
    ["run queue: received", 16],
    ["run queue: deleted", 16],
    ["run queue: empty receives", 8],
    ["control queue: sent", 0],
    ["control queue: received", 1],
    ["control queue: deleted", 1],
    ["control queue: empty receives", 0],
    ["S3: put", 5],
    ["S3: list", 3],
    ["S3: get", 7],
    ["S3: delete", 0],
  ]);
});

test("a queue's metrics are asked for by its name, a run's by that of its own queue", () => {
  const names = new Set(
    metricLines(STACK, "r", usage())
      .filter(({ metric }) => metric.namespace === "AWS/SQS")
      .map(({ metric }) => metric.dimensions["QueueName"]),
  );
  expect(names).toEqual(
    new Set(["Marina-Tasks", contributionsQueueName("Marina_", "r"), "Marina-Control.fifo"]),
  );
});

test("a metric without data is zero; S3's, without any, were not enabled", () => {
  const lines = metricLines(STACK, "r", usage());
  const sums = lines.map(({ item }) =>
    item.startsWith("S3") || item.endsWith("empty receives") ? undefined : 10,
  );
  const found = withSums(lines, sums);
  expect(found.find(({ item }) => item === "run queue: empty receives")?.observed).toBe(0);
  const s3 = found.filter(({ item }) => item.startsWith("S3"));
  expect(s3.map(({ observed }) => observed)).toEqual([null, null, null, null]);
  expect(s3[0]?.note).toContain("not enabled on the bucket");
});

test("S3's metrics count as zero where one of them has data", () => {
  const lines = metricLines(STACK, "r", usage());
  const sums = lines.map(({ item }) => (item === "S3: get" ? 9 : undefined));
  const s3 = withSums(lines, sums).filter(({ item }) => item.startsWith("S3"));
  expect(s3.map(({ observed }) => observed)).toEqual([0, 0, 9, 0]);
});
