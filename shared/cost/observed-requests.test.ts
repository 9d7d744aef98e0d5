import { expect, test } from "vitest";
import { countRequests } from "./observed-requests.ts";
import { parseRequestLog, type RequestLogEntry } from "./request-log.ts";

const entry = (operation: string, more: Partial<RequestLogEntry> = {}): RequestLogEntry => ({
  at: 0,
  caller: "function",
  service: operation.includes("Object") ? "s3" : "sqs",
  operation,
  resource: "queue",
  status: 200,
  messages: 1,
  bytes: 10,
  ...more,
});

test("a queue's request counts once for each started 64 KiB, and once where it carries nothing", () => {
  const { counts } = countRequests([
    entry("SendMessage", { bytes: 65_536 }),
    entry("SendMessageBatch", { messages: 10, bytes: 65_537 }),
    entry("ReceiveMessage", { messages: 3, bytes: 200_000 }),
    entry("ReceiveMessage", { messages: 0, bytes: 0 }),
    entry("DeleteMessageBatch", { messages: 10, bytes: 0 }),
    entry("ChangeMessageVisibility", { bytes: 0 }),
    entry("CreateQueue"),
    entry("GetQueueUrl"),
    entry("DeleteQueue"),
  ]);
  expect(counts.standardQueues).toMatchObject({
    sendRequests: 3,
    receiveRequests: 4,
    emptyReceiveRequests: 1,
    deleteRequests: 1,
    extendRequests: 1,
    manageRequests: 3,
  });
});

test("FIFO queues are told by their names", () => {
  const { counts } = countRequests([
    entry("SendMessage", { resource: "control.fifo" }),
    entry("SendMessage"),
  ]);
  expect([counts.fifoQueues.sendRequests, counts.standardQueues.sendRequests]).toEqual([1, 1]);
});

test("requests on objects fall into the classes of the price list, failed ones too", () => {
  const { counts } = countRequests([
    entry("PutObject"),
    entry("PutObject", { status: 412 }),
    entry("GetObject", { status: 404 }),
    entry("HeadObject"),
    entry("ListObjectsV2"),
    entry("DeleteObject"),
  ]);
  expect(counts.objects).toMatchObject({
    putRequests: 2,
    getRequests: 2,
    listRequests: 1,
    deleteRequests: 1,
  });
});

test("what is of no known kind is not lost", () => {
  const { others } = countRequests([
    entry("PurgeQueue"),
    entry("PurgeQueue"),
    entry("X", { service: "sts" }),
  ]);
  expect([...others]).toEqual([
    ["sqs PurgeQueue", 2],
    ["sts X", 1],
  ]);
});

test("a log is read back; other text is refused with its source", () => {
  const log = { since: 1, dropped: 0, entries: [entry("SendMessage")] };
  expect(parseRequestLog(JSON.stringify(log), "here")).toEqual(log);
  expect(() => parseRequestLog("<html>", "here")).toThrow("here: expected a request log");
  expect(() => parseRequestLog(JSON.stringify({ ...log, dropped: -1 }), "here")).toThrow(/dropped/);
});
