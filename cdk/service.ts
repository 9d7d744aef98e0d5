/** The whole service, in the order of a round's way. */
import { CfnOutput, Tags } from "aws-cdk-lib";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { Parameters } from "./config.ts";
import { Aggregator } from "./constructs/aggregator.ts";
import { ControlLane } from "./constructs/control-queue.ts";
import { DataBucket } from "./constructs/data-bucket.ts";
import { Observability } from "./constructs/observability.ts";
import { TaskLane } from "./constructs/task-queue.ts";
import { Worker } from "./constructs/worker.ts";
import { LOCAL, ON_AWS } from "./local.ts";
import { queuePrefix } from "./names.ts";

export interface ServiceParts {
  /** Data sets, runs, checkpoints, results. */
  readonly bucket: Bucket;
  /** Computes one task and posts one contribution. */
  readonly worker: LambdaFunction;
  /** Drives a run. */
  readonly aggregator: LambdaFunction;
}

/** @param scope a stack, or a construct in one */
export function addService(scope: Construct, parameters: Parameters): ServiceParts {
  const surroundings = parameters.local ? LOCAL : ON_AWS;
  const prefix = queuePrefix(parameters.stackName);

  const data = new DataBucket(scope, "Data", parameters, surroundings);
  const control = new ControlLane(scope, "Control", surroundings);
  const tasks = new TaskLane(scope, "Tasks", surroundings);
  const aggregator = new Aggregator(scope, "Aggregator", parameters, {
    data,
    tasks,
    control,
    queuePrefix: prefix,
  });
  const worker = new Worker(scope, "Worker", parameters, { data, tasks, queuePrefix: prefix });
  new Observability(scope, "Observability", parameters, {
    tasks,
    control,
    worker: worker.function,
    aggregator: aggregator.function,
  });
  Tags.of(scope).add("marina:stack", parameters.stackName);
  // All that a program needs to know of the stack: DescribeStacks answers it.
  const outputs = {
    BucketName: data.bucket.bucketName,
    QueuePrefix: prefix,
    ControlQueueUrl: control.queue.queueUrl,
    ControlDeadLetterQueueUrl: control.deadLetters.queueUrl,
    TaskQueueUrl: tasks.queue.queueUrl,
    TaskDeadLetterQueueUrl: tasks.deadLetters.queueUrl,
    AggregatorFunctionName: aggregator.function.functionName,
    AggregatorMemoryMb: String(parameters.aggregatorMemoryMb),
    WorkerFunctionName: worker.function.functionName,
    WorkerMemoryMb: String(parameters.workerMemoryMb),
    WorkerMaxConcurrency: String(parameters.maxConcurrency),
    Architecture: parameters.architecture,
  };
  for (const [name, value] of Object.entries(outputs)) {
    new CfnOutput(scope, name, { value }).overrideLogicalId(name);
  }
  return { bucket: data.bucket, worker: worker.function, aggregator: aggregator.function };
}
