/** What CloudWatch counts of a run, and what the meter has for each of it. */
import type { DeployedStack, MetricName } from "../../shared/cloud/aws/index.ts";
import {
  type AccountUsage,
  allUsage,
  type Counters,
  ITEMS,
  type Item,
  type ItemMetric,
  type ReconciledLine,
  type Resource,
  type Usage,
} from "../../shared/cost/index.ts";
import { contributionsQueueName } from "../../shared/protocol/index.ts";

/** A line whose observed side is a metric's sum. */
export interface MetricLine extends Omit<ReconciledLine, "observed"> {
  readonly metric: MetricName;
}

/** Metrics of S3's requests are an option of the bucket that is paid for; its filter is to be called so. */
export const OBJECT_METRICS_FILTER = "EntireBucket";

/** Which queue is which: CloudWatch counts by queue, the meter by who asks. */
interface QueueOf {
  readonly name: string;
  readonly queueName: string;
  /** What the meter has for each of a queue's four metrics, and the resource whose rows say why it may differ. */
  readonly counts: Readonly<Record<string, { readonly metered: number; readonly from: Resource }>>;
}

/** CloudWatch counts messages where SQS bills requests; the meter keeps both. */
export function metricLines(stack: DeployedStack, run: string, usage: Usage): MetricLine[] {
  const all = allUsage(usage);
  return [
    ...lambdaLines(all, "worker", stack.workerFunction),
    ...lambdaLines(all, "aggregator", stack.aggregatorFunction),
    ...queuesOf(all, stack, run).flatMap(queueLines),
    ...linesOf(all, "objects", (metric) => ({
      item: `S3: ${metric.label}`,
      metric: {
        namespace: "AWS/S3",
        metric: metric.name,
        dimensions: { BucketName: stack.bucket, FilterId: OBJECT_METRICS_FILTER },
      },
    })),
  ];
}

function lambdaLines(
  all: AccountUsage,
  resource: "worker" | "aggregator",
  functionName: string,
): MetricLine[] {
  return linesOf(all, resource, ({ label, name }) => ({
    item: `${resource}: ${label}`,
    metric: { namespace: "AWS/Lambda", metric: name, dimensions: { FunctionName: functionName } },
  }));
}

/** A line for each row of the resource that CloudWatch counts. */
function linesOf(
  all: AccountUsage,
  resource: Resource,
  lineOf: (metric: ItemMetric) => Pick<MetricLine, "item" | "metric">,
): MetricLine[] {
  return metricsOf(resource).map(({ counter, metric }) => ({
    ...lineOf(metric),
    unit: metric.unit,
    metered: (all[resource] as Counters)[counter]!,
    note: metric.note,
  }));
}

type MetricRow = Item & { readonly metric: ItemMetric };

function metricsOf(resource: Resource): readonly MetricRow[] {
  return ITEMS.filter((item): item is MetricRow => item.resource === resource && item.metric !== undefined);
}

function queuesOf(
  { worker, standardQueues, standardMapping, fifoQueues, fifoMapping }: AccountUsage,
  stack: DeployedStack,
  run: string,
): readonly QueueOf[] {
  // A task is a message; all other messages on standard queues are contributions.
  const tasks = { metered: worker.invocations, from: "standardQueues" } as const;
  const of = (from: Resource, metered: number) => ({ metered, from });
  return [
    {
      name: "task queue",
      queueName: nameOf(stack.taskQueue),
      counts: {
        NumberOfMessagesSent: tasks,
        NumberOfMessagesReceived: tasks,
        NumberOfMessagesDeleted: tasks,
        NumberOfEmptyReceives: of("standardMapping", standardMapping.emptyReceiveRequests),
      },
    },
    {
      name: "run queue",
      queueName: contributionsQueueName(stack.queuePrefix, run),
      counts: {
        NumberOfMessagesSent: of("standardQueues", standardQueues.sentMessages - tasks.metered),
        NumberOfMessagesReceived: of("standardQueues", standardQueues.receivedMessages),
        NumberOfMessagesDeleted: of("standardQueues", standardQueues.deletedMessages),
        NumberOfEmptyReceives: of("standardQueues", standardQueues.emptyReceiveRequests),
      },
    },
    {
      name: "control queue",
      queueName: nameOf(stack.controlQueue),
      counts: {
        NumberOfMessagesSent: of("fifoQueues", fifoQueues.sentMessages),
        NumberOfMessagesReceived: of("fifoMapping", fifoMapping.receiveRequests),
        NumberOfMessagesDeleted: of("fifoMapping", fifoMapping.deleteRequests),
        NumberOfEmptyReceives: of("fifoMapping", fifoMapping.emptyReceiveRequests),
      },
    },
  ];
}

/** Messages first, then receives that brought none. */
const QUEUE_METRICS: readonly ItemMetric[] = metricsOf("standardQueues")
  .map(({ metric }) => metric)
  .sort((a, b) => Number(a.unit === "requests") - Number(b.unit === "requests"));

function queueLines({ name, queueName, counts }: QueueOf): MetricLine[] {
  return QUEUE_METRICS.map((metric) => {
    const { metered, from } = counts[metric.name]!;
    return {
      item: `${name}: ${metric.label}`,
      unit: metric.unit,
      metered,
      note: metricsOf(from).find((row) => row.metric.name === metric.name)?.metric.note ?? "",
      metric: { namespace: "AWS/SQS", metric: metric.name, dimensions: { QueueName: queueName } },
    };
  });
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
