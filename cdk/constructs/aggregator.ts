/** The aggregator function: drives one run for one tenure. */
import { ArnFormat, Stack } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Construct } from "constructs";
import { AGGREGATOR_TIMEOUT_SECONDS, runQueuePrefix } from "../../shared/protocol/index.ts";
import type { Parameters } from "../config.ts";
import type { ControlLane } from "./control-queue.ts";
import type { DataBucket } from "./data-bucket.ts";
import { MarinaFunction } from "./marina-function.ts";
import { accept } from "./nag.ts";
import type { TaskLane } from "./task-queue.ts";

export interface AggregatorSetting {
  readonly data: DataBucket;
  readonly tasks: TaskLane;
  readonly control: ControlLane;
  readonly queuePrefix: string;
}

const READS = ["datasets/*", "runs/*", "models/*"];
const WRITES = [
  "runs/*/checkpoint",
  "runs/*/rounds/*",
  "runs/*/preparation.json",
  "runs/*/result.json",
  "runs/*/measurement.json",
  "datasets/*/spectra/*",
];
/** Iterates too large for tasks: written with the tag by which the bucket forgets them. */
const ITERATES = "runs/*/iterates/*";
/** What is deleted as soon as it is of no use: iterates, what workers leave, the progress of a calibration. */
const DELETES = [ITERATES, "runs/*/contributions/*", "runs/*/memory/*", "datasets/*/spectra/*.progress"];

export class Aggregator extends Construct {
  readonly function: LambdaFunction;

  constructor(
    scope: Construct,
    id: string,
    parameters: Parameters,
    { data, tasks, control, queuePrefix }: AggregatorSetting,
  ) {
    super(scope, id);
    const runQueues = Stack.of(this).formatArn({
      service: "sqs",
      resource: `${runQueuePrefix(queuePrefix)}*`,
      arnFormat: ArnFormat.NO_RESOURCE_NAME,
    });
    const { stackName, workerMemoryMb, aggregatorMemoryMb, aggregatorConcurrency, reserveAggregator } =
      parameters;
    this.function = new MarinaFunction(this, "Function", parameters, {
      role: "aggregator",
      memoryMb: aggregatorMemoryMb,
      timeoutSeconds: AGGREGATOR_TIMEOUT_SECONDS,
      environment: {
        STACK_NAME: stackName,
        BUCKET_NAME: data.bucket.bucketName,
        TASK_QUEUE_URL: tasks.queue.queueUrl,
        CONTROL_QUEUE_URL: control.queue.queueUrl,
        QUEUE_PREFIX: queuePrefix,
        WORKER_MEMORY_MB: String(workerMemoryMb),
        AGGREGATOR_MEMORY_MB: String(aggregatorMemoryMb),
      },
      permissions: [
        new PolicyStatement({ actions: ["s3:GetObject"], resources: data.objects(...READS) }),
        // Without it S3 answers "access denied" where a key is missing: a new run has no checkpoint yet.
        new PolicyStatement({ actions: ["s3:ListBucket"], resources: [data.bucket.bucketArn] }),
        new PolicyStatement({ actions: ["s3:PutObject"], resources: data.objects(...WRITES) }),
        new PolicyStatement({
          actions: ["s3:PutObject", "s3:PutObjectTagging"],
          resources: data.objects(ITERATES),
        }),
        new PolicyStatement({ actions: ["s3:DeleteObject"], resources: data.objects(...DELETES) }),
        new PolicyStatement({
          actions: [
            "sqs:CreateQueue",
            "sqs:TagQueue",
            "sqs:GetQueueUrl",
            "sqs:DeleteQueue",
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:ChangeMessageVisibility",
            // To itself, when the cloud is measured.
            "sqs:SendMessage",
          ],
          resources: [runQueues],
        }),
        // Tasks that wait for a worker are not lost.
        new PolicyStatement({
          actions: ["sqs:GetQueueAttributes"],
          resources: [tasks.queue.queueArn],
        }),
        new PolicyStatement({
          actions: ["sqs:SendMessage"],
          resources: [tasks.queue.queueArn, control.queue.queueArn],
        }),
      ],
      ...(reserveAggregator ? { reservedConcurrency: aggregatorConcurrency } : {}),
    }).function;
    this.function.addEventSource(
      new SqsEventSource(control.queue, {
        batchSize: 1,
        reportBatchItemFailures: true,
        // Not above what is reserved: a message whose invocation is refused counts as received, and five of those
        // would bury the run.
        maxConcurrency: aggregatorConcurrency,
      }),
    );
    for (const pattern of [...READS, ...WRITES, ...DELETES]) {
      accept(
        this,
        `IAM5[Resource::${data.nagName(pattern)}]`,
        "Objects of this kind, whatever the run or data set.",
      );
    }
    accept(
      this,
      `IAM5[Resource::arn:<AWS::Partition>:sqs:<AWS::Region>:<AWS::AccountId>:${runQueuePrefix(queuePrefix)}*]`,
      "Each run has a queue of its own, made when it begins; only those of this stack begin so.",
    );
  }
}
