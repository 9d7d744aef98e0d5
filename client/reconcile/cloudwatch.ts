/** What CloudWatch counts of a run, and what the meter has for each of it. */
import type { DeployedStack, MetricName } from "../../shared/cloud/aws/index.ts";
import { allUsage, type ReconciledLine, type Usage } from "../../shared/cost/index.ts";
import { contributionsQueueName } from "../../shared/protocol/index.ts";

/** A line whose observed side is a metric's sum. */
export interface MetricLine extends Omit<ReconciledLine, "observed"> {
  readonly metric: MetricName;
}

const ESTIMATED =
  "the meter knows the workers' computing time, rounded up; calls, the runtime and lost answers are estimated";
const IDLE = "polls of an idle queue go on between runs, too: not metered";
const BY_COMMAND_LINE = "the command line sends the first one: not metered";
const SHARED = "the whole bucket in these minutes, the command line's looks for the result included";

/** Metrics of S3's requests are an option of the bucket that is paid for; its filter is to be called so. */
export const OBJECT_METRICS_FILTER = "EntireBucket";

/** CloudWatch counts messages where SQS bills requests; the meter keeps both. */
export function metricLines(stack: DeployedStack, run: string, usage: Usage): MetricLine[] {
  const { worker, aggregator, standardQueues, standardMapping, fifoQueues, fifoMapping, objects } =
    allUsage(usage);
  const lambda = (
    name: string,
    functionName: string,
    metric: string,
  ): Pick<MetricLine, "item" | "metric"> => ({
    item: name,
    metric: { namespace: "AWS/Lambda", metric, dimensions: { FunctionName: functionName } },
  });
  const functions: MetricLine[] = [
    {
      ...lambda("worker: invocations", stack.workerFunction, "Invocations"),
      unit: "invocations",
      metered: worker.invocations,
      note: "the meter counts tasks sent: those that SQS delivers again are not among them",
    },
    {
      ...lambda("worker: duration", stack.workerFunction, "Duration"),
      unit: "ms",
      metered: worker.billedMilliseconds,
      note: ESTIMATED,
    },
    {
      ...lambda("aggregator: invocations", stack.aggregatorFunction, "Invocations"),
      unit: "invocations",
      metered: aggregator.invocations,
      note: "",
    },
    {
      ...lambda("aggregator: duration", stack.aggregatorFunction, "Duration"),
      unit: "ms",
      metered: aggregator.billedMilliseconds,
      note: "without what follows the last checkpoint: well under a second a tenure",
    },
  ];
  const queue = (
    name: string,
    queueName: string,
    counts: { sent: number; received: number; deleted: number; empty: number },
    notes: { sent?: string; empty?: string } = {},
  ): MetricLine[] => {
    const line = (what: string, metric: string, metered: number, note = ""): MetricLine => ({
      item: `${name}: ${what}`,
      unit: what === "empty receives" ? "requests" : "messages",
      metered,
      note,
      metric: { namespace: "AWS/SQS", metric, dimensions: { QueueName: queueName } },
    });
    return [
      line("sent", "NumberOfMessagesSent", counts.sent, notes.sent),
      line("received", "NumberOfMessagesReceived", counts.received),
      line("deleted", "NumberOfMessagesDeleted", counts.deleted),
      line("empty receives", "NumberOfEmptyReceives", counts.empty, notes.empty),
    ];
  };
  // A task is a message; all other messages on standard queues are contributions.
  const tasks = worker.invocations;
  const object = (what: string, metric: string, metered: number): MetricLine => ({
    item: `S3: ${what}`,
    unit: "requests",
    metered,
    note: SHARED,
    metric: {
      namespace: "AWS/S3",
      metric,
      dimensions: { BucketName: stack.bucket, FilterId: OBJECT_METRICS_FILTER },
    },
  });
  return [
    ...functions,
    ...queue(
      "task queue",
      nameOf(stack.taskQueue),
      {
        sent: tasks,
        received: tasks,
        deleted: tasks,
        empty: standardMapping.emptyReceiveRequests,
      },
      { empty: IDLE },
    ),
    ...queue("run queue", contributionsQueueName(stack.queuePrefix, run), {
      sent: standardQueues.sentMessages - tasks,
      received: standardQueues.receivedMessages,
      deleted: standardQueues.deletedMessages,
      empty: standardQueues.emptyReceiveRequests,
    }),
    ...queue(
      "control queue",
      nameOf(stack.controlQueue),
      {
        sent: fifoQueues.sentMessages,
        received: fifoMapping.receiveRequests,
        deleted: fifoMapping.deleteRequests,
        empty: fifoMapping.emptyReceiveRequests,
      },
      { sent: BY_COMMAND_LINE, empty: IDLE },
    ),
    object("get", "GetRequests", objects.getRequests),
    object("put", "PutRequests", objects.putRequests),
    object("list", "ListRequests", objects.listRequests),
    object("delete", "DeleteRequests", objects.deleteRequests),
  ];
}

/** Counts beside their metrics' sums. Without data a metric is 0, but S3's: nobody publishes those unasked. */
export function withSums(
  lines: readonly MetricLine[],
  sums: readonly (number | undefined)[],
): ReconciledLine[] {
  const paid = lines.every(({ metric }, i) => metric.namespace !== "AWS/S3" || sums[i] === undefined);
  return lines.map(({ metric, ...line }, i) =>
    metric.namespace === "AWS/S3" && paid
      ? {
          ...line,
          observed: null,
          note: "request metrics are not enabled on the bucket: an option that is paid for",
        }
      : { ...line, observed: sums[i] ?? 0 },
  );
}

/** The last part of a queue's URL. */
export function nameOf(queue: string): string {
  return queue.slice(queue.lastIndexOf("/") + 1);
}
