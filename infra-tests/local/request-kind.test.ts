import { expect, test } from "vitest";
import { kindOf, queueTraffic } from "./request-kind.ts";

const signed = (service: string, more: Record<string, string> = {}) => ({
  authorization: `AWS4-HMAC-SHA256 Credential=test/20261124/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=00`,
  ...more,
});

test.each([
  ["GET", "/bucket/runs/r/spec.json?x-id=GetObject", "GetObject", "runs/r/spec.json"],
  ["PUT", "/bucket/runs/r/check%20point?x-id=PutObject", "PutObject", "runs/r/check point"],
  ["HEAD", "/bucket/key", "HeadObject", "key"],
  ["DELETE", "/bucket/key?x-id=DeleteObject", "DeleteObject", "key"],
  ["GET", "/bucket?list-type=2&prefix=runs%2Fr%2F", "ListObjectsV2", "runs/r/"],
  ["GET", "/bucket/?list-type=2&prefix=runs%2Fr%2F", "ListObjectsV2", "runs/r/"],
  ["POST", "/bucket/key?uploads", "CreateMultipartUpload", "key"],
  ["PUT", "/bucket/key?partNumber=1&uploadId=7", "UploadPart", "key"],
  ["POST", "/bucket/key?uploadId=7", "CompleteMultipartUpload", "key"],
  ["DELETE", "/bucket/key?uploadId=7", "AbortMultipartUpload", "key"],
])("%s %s is %s of %s", (method, url, operation, resource) => {
  expect(kindOf({ method, url, headers: signed("s3") })).toEqual({ service: "s3", operation, resource });
});

test("the JSON protocols name their operation", () => {
  const headers = signed("sqs", { "x-amz-target": "AmazonSQS.SendMessageBatch" });
  expect(kindOf({ method: "POST", url: "/", headers })).toEqual({
    service: "sqs",
    operation: "SendMessageBatch",
    resource: "",
  });
});

test("what no AWS client signed is nothing", () => {
  expect(kindOf({ method: "GET", url: "/_ministack/health", headers: {} })).toBeUndefined();
});

const QueueUrl = "http://127.0.0.1:4566/000000000000/Marina_run-r";

test.each([
  ["SendMessage", { QueueUrl, MessageBody: "äb" }, {}, 1, 3],
  ["SendMessageBatch", { QueueUrl, Entries: [{ MessageBody: "abc" }, { MessageBody: "de" }] }, {}, 2, 5],
  ["ReceiveMessage", { QueueUrl }, { Messages: [{ Body: "abcd" }, { Body: "e" }] }, 2, 5],
  ["ReceiveMessage", { QueueUrl }, {}, 0, 0],
  ["DeleteMessageBatch", { QueueUrl, Entries: [{}, {}, {}] }, {}, 3, 0],
  ["ChangeMessageVisibility", { QueueUrl }, {}, 1, 0],
])(
  "%s of %j carries messages and the bytes of their bodies",
  (operation, asked, answered, messages, bytes) => {
    const traffic = queueTraffic(operation, JSON.stringify(asked), JSON.stringify(answered));
    expect(traffic).toEqual({ resource: "Marina_run-r", messages, bytes });
  },
);

test("a queue is named by whoever makes it or looks it up, too", () => {
  expect(queueTraffic("CreateQueue", JSON.stringify({ QueueName: "q" }), "{}").resource).toBe("q");
});
