import { afterEach, expect, test } from "vitest";
import { type MetricName, metricSums, periodSeconds } from "./cloudwatch-metrics.ts";
import { createFakeClock } from "./testing/fake-clock.ts";
import {
  type FakeAnswer,
  type FakeBehaviour,
  type FakeService,
  startFakeService,
} from "./testing/fake-service.ts";

let service: FakeService | undefined;
afterEach(async () => {
  await service?.close();
  service = undefined;
});

const INVOCATIONS: MetricName = {
  namespace: "AWS/Lambda",
  metric: "Invocations",
  dimensions: { FunctionName: "Marina-worker" },
};
const OBJECT_GETS: MetricName = {
  namespace: "AWS/S3",
  metric: "GetRequests",
  dimensions: { BucketName: "bucket", FilterId: "EntireBucket" },
};
/** 2026-11-24 10:00:30 to 10:03:10 UTC. */
const FROM = Date.UTC(2026, 10, 24, 10, 0, 30);
const SPAN = { from: FROM, to: Date.UTC(2026, 10, 24, 10, 3, 10) };

const json = (body: unknown, status = 200): FakeAnswer => ({
  status,
  headers: { "content-type": "application/x-amz-json-1.0" },
  body: JSON.stringify(body),
});

async function sums(behaviour: FakeBehaviour, metrics = [INVOCATIONS, OBJECT_GETS]) {
  service = await startFakeService(behaviour);
  const clock = createFakeClock();
  return metricSums(metrics, SPAN, { endpoint: service.url, clock, now: SPAN.to });
}

test("the points of a metric are summed, over all pages; one without points has no sum", async () => {
  const found = await sums((_, count) =>
    count === 1
      ? json({
          MetricDataResults: [
            { Id: "m0", Values: [3, 4] },
            { Id: "m1", Values: [] },
          ],
          NextToken: "more",
        })
      : json({ MetricDataResults: [{ Id: "m0", Values: [5] }] }),
  );
  expect(found).toEqual([12, undefined]);
  expect(JSON.parse(service!.requests[1]!.body.toString())).toMatchObject({ NextToken: "more" });
});

test("a request is signed for CloudWatch, asks for whole minutes that cover the span, and names each metric", async () => {
  await sums(() => json({ MetricDataResults: [] }));
  const { headers, body, method, path } = service!.requests[0]!;
  expect([method, path]).toEqual(["POST", "/"]);
  expect(headers["x-amz-target"]).toBe("GraniteServiceVersion20100801.GetMetricData");
  expect(headers.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE\/\d{8}\/eu-north-1\/monitoring\/aws4_request, SignedHeaders=[^,]*host[^,]*x-amz-target[^,]*, Signature=[0-9a-f]{64}$/,
  );
  const stat = { Period: 60, Stat: "Sum" };
  expect(JSON.parse(body.toString())).toEqual({
    StartTime: Date.UTC(2026, 10, 24, 10, 0) / 1000,
    EndTime: Date.UTC(2026, 10, 24, 10, 4) / 1000,
    MetricDataQueries: [
      {
        Id: "m0",
        MetricStat: {
          Metric: {
            Namespace: "AWS/Lambda",
            MetricName: "Invocations",
            Dimensions: [{ Name: "FunctionName", Value: "Marina-worker" }],
          },
          ...stat,
        },
        ReturnData: true,
      },
      {
        Id: "m1",
        MetricStat: {
          Metric: {
            Namespace: "AWS/S3",
            MetricName: "GetRequests",
            Dimensions: [
              { Name: "BucketName", Value: "bucket" },
              { Name: "FilterId", Value: "EntireBucket" },
            ],
          },
          ...stat,
        },
        ReturnData: true,
      },
    ],
  });
});

test("what passes is tried again: throttling, a broken connection, a failing server", async () => {
  const answers: FakeAnswer[] = [
    json({ __type: "com.amazonaws.cloudwatch#Throttling", message: "Rate exceeded" }, 400),
    "hang-up",
    json({}, 503),
    json({ MetricDataResults: [{ Id: "m0", Values: [1] }] }),
  ];
  expect(await sums((_, count) => answers[count - 1]!)).toEqual([1, undefined]);
});

test("what does not pass is one clear error", async () => {
  const denied = json({ __type: "com.amazonaws.cloudwatch#AccessDenied", Message: "not authorized" }, 403);
  await expect(sums(() => denied)).rejects.toMatchObject({
    code: "access",
    message: expect.stringContaining("CloudWatch GetMetricData: access denied"),
  });
  expect(service!.requests).toHaveLength(1);
});

test("a service that never comes back is unavailable, after four attempts", async () => {
  await expect(sums(() => json({}, 500))).rejects.toMatchObject({ code: "unavailable" });
  expect(service!.requests).toHaveLength(4);
});

test.each([
  [14, 60],
  [16, 300],
  [64, 3600],
])("%i days later a data point is %i seconds", (days, seconds) => {
  expect(periodSeconds(FROM, FROM + days * 24 * 3600 * 1000)).toBe(seconds);
});
