/** The worker function: one task in, one contribution out. */
import { ArnFormat, Stack } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Construct } from "constructs";
import { runQueuePrefix, WORKER_TIMEOUT_SECONDS } from "../../shared/protocol/index.ts";
import type { Parameters } from "../config.ts";
import type { DataBucket } from "./data-bucket.ts";
import { MarinaFunction } from "./marina-function.ts";
import { accept } from "./nag.ts";
import type { TaskLane } from "./task-queue.ts";

export interface WorkerSetting {
  readonly data: DataBucket;
  readonly tasks: TaskLane;
  readonly queuePrefix: string;
}

const READS = ["datasets/*", "runs/*", "models/*"];
/** What a DIANA worker remembers. */
const MEMORY = "runs/*/memory/*";
/** Contributions too large for a message, and gradients that are kept for the next round: written with the tag by which the bucket forgets them. */
const CONTRIBUTIONS = "runs/*/contributions/*";

export class Worker extends Construct {
  readonly function: LambdaFunction;

  constructor(
    scope: Construct,
    id: string,
    parameters: Parameters,
    { data, tasks, queuePrefix }: WorkerSetting,
  ) {
    super(scope, id);
    const runQueues = Stack.of(this).formatArn({
      service: "sqs",
      resource: `${runQueuePrefix(queuePrefix)}*`,
      arnFormat: ArnFormat.NO_RESOURCE_NAME,
    });
    this.function = new MarinaFunction(this, "Function", parameters, {
      role: "worker",
      memoryMb: parameters.workerMemoryMb,
      timeoutSeconds: WORKER_TIMEOUT_SECONDS,
      environment: { BUCKET_NAME: data.bucket.bucketName, TASK_QUEUE_URL: tasks.queue.queueUrl },
      permissions: [
        new PolicyStatement({ actions: ["s3:GetObject"], resources: data.objects(...READS) }),
        // Without it S3 answers "access denied" where a key is missing.
        new PolicyStatement({ actions: ["s3:ListBucket"], resources: [data.bucket.bucketArn] }),
        new PolicyStatement({
          actions: ["s3:PutObject", "s3:DeleteObject"],
          resources: data.objects(MEMORY),
        }),
        new PolicyStatement({
          actions: ["s3:PutObject", "s3:PutObjectTagging"],
          resources: data.objects(CONTRIBUTIONS),
        }),
        new PolicyStatement({ actions: ["sqs:SendMessage"], resources: [runQueues] }),
      ],
    }).function;
    const { provisionedPollers: pollers, maxConcurrency } = parameters;
    this.function.addEventSource(
      new SqsEventSource(tasks.queue, {
        batchSize: 1,
        reportBatchItemFailures: true,
        ...(pollers === undefined
          ? { maxConcurrency }
          : { provisionedPollerConfig: { minimumPollers: pollers.least, maximumPollers: pollers.most } }),
      }),
    );
    for (const pattern of [...READS, MEMORY, CONTRIBUTIONS]) {
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
