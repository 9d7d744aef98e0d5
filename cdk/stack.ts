/** The whole service as one CloudFormation stack, in the order of a round's way. */
import { CfnOutput, Stack, type StackProps, Tags } from "aws-cdk-lib";
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

export class MarinaStack extends Stack {
  constructor(scope: Construct, parameters: Parameters, props: StackProps = {}) {
    super(scope, parameters.stackName, {
      ...props,
      description: "Marina Serverless: distributed optimisation with compressed communication",
    });
    const surroundings = parameters.local ? LOCAL : ON_AWS;
    const prefix = queuePrefix(parameters.stackName);

    const data = new DataBucket(this, "Data", parameters, surroundings);
    const control = new ControlLane(this, "Control", surroundings);
    const tasks = new TaskLane(this, "Tasks", surroundings);
    const aggregator = new Aggregator(this, "Aggregator", parameters, {
      data,
      tasks,
      control,
      queuePrefix: prefix,
    });
    const worker = new Worker(this, "Worker", parameters, { data, tasks, queuePrefix: prefix });
    new Observability(this, "Observability", parameters, {
      tasks,
      control,
      worker: worker.function,
      aggregator: aggregator.function,
    });
    Tags.of(this).add("marina:stack", parameters.stackName);

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
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
