import { afterEach, expect, test, vi } from "vitest";
import { exampleStack } from "../../shared/cloud/aws/testing/example-stack.ts";
import { type FakeService, startFakeService } from "../../shared/cloud/aws/testing/fake-service.ts";
import { zeroUsage } from "../../shared/cost/usage.ts";
import { reconcile } from "./reconcile.ts";

const STACK = exampleStack("eu-north-1");
const BEGAN = Date.UTC(2026, 10, 20, 12, 0, 30);
const ENDED = Date.UTC(2026, 10, 20, 12, 4, 10);

let service: FakeService | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await service?.close();
  service = undefined;
});

interface Query {
  readonly Id: string;
  readonly MetricStat: { readonly Metric: { readonly Namespace: string; readonly MetricName: string } };
}

/** S3 that knows when the run's description and result were written, and CloudWatch with seven of everything but S3. */
async function startAws(): Promise<void> {
  service = await startFakeService(({ method, path, headers, body }) => {
    if (headers["x-amz-target"] === "GraniteServiceVersion20100801.GetMetricData") {
      const { MetricDataQueries } = JSON.parse(body.toString()) as { MetricDataQueries: readonly Query[] };
      const known = MetricDataQueries.filter(({ MetricStat }) => MetricStat.Metric.Namespace !== "AWS/S3");
      return { body: JSON.stringify({ MetricDataResults: known.map(({ Id }) => ({ Id, Values: [3, 4] })) }) };
    }
    expect(method).toBe("HEAD");
    const written = path.endsWith("/runs/r/spec.json")
      ? BEGAN
      : path.endsWith("/runs/r/result.json")
        ? ENDED
        : 0;
    return written === 0
      ? { status: 404 }
      : { headers: { "last-modified": new Date(written).toUTCString() } };
  });
  vi.stubEnv("AWS_ENDPOINT_URL", service.url);
}

/** Seven tasks of one round and their answers. */
function usage() {
  const counts = zeroUsage();
  Object.assign(counts.method.worker, { invocations: 7, billedMilliseconds: 10 });
  Object.assign(counts.method.standardQueues, { sentMessages: 14, receivedMessages: 7, deletedMessages: 6 });
  return counts;
}

test("a run's counts stand beside CloudWatch's, over the minutes from its description to its result", async () => {
  await startAws();
  const said = vi.spyOn(console, "log").mockImplementation(() => undefined);
  await reconcile(STACK, "r", usage(), { on: "aws", json: true });
  const { from, to, ended, lines } = JSON.parse(String(said.mock.calls[0]![0])) as {
    from: string;
    to: string;
    ended: boolean;
    lines: {
      item: string;
      metered: number;
      observed: number | null;
      difference: number | null;
      note: string;
    }[];
  };
  expect([from, to, ended]).toEqual(["2026-11-20T12:00:29Z", "2026-11-20T12:04:16Z", true]);
  const line = (item: string) => lines.find((one) => one.item === item);
  expect(line("worker: invocations")).toMatchObject({ metered: 7, observed: 7, difference: 0 });
  expect(line("worker: duration")).toMatchObject({ metered: 10, observed: 7, difference: -3 });
  expect(line("run queue: sent")).toMatchObject({ metered: 7, observed: 7, difference: 0 });
  expect(line("run queue: deleted")).toMatchObject({ metered: 6, observed: 7, difference: 1 });
  expect(line("S3: put")).toMatchObject({ observed: null, difference: null });
  expect(line("S3: put")!.note).toContain("an option that is paid for");
  const asked = service!.requests.find(({ body }) => body.length > 0)!;
  expect(JSON.parse(asked.body.toString())).toMatchObject({
    StartTime: Date.UTC(2026, 10, 20, 12, 0) / 1000,
    EndTime: Date.UTC(2026, 10, 20, 12, 5) / 1000,
  });
});

test("a run that is not there is told so", async () => {
  await startAws();
  await expect(reconcile(STACK, "other", usage(), { on: "aws" })).rejects.toMatchObject({
    code: "not-found",
  });
});
