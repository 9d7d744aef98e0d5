/** The whole service as one construct, in the order of a round's way: for the project's own stack, or for anybody's. */
import { CfnOutput, Stack, Tags, Token } from "aws-cdk-lib";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import { MarinaError } from "../shared/base/index.ts";
import { type Parameters, parametersOf } from "./config.ts";
import { Aggregator } from "./constructs/aggregator.ts";
import { ControlLane } from "./constructs/control-queue.ts";
import { DataBucket } from "./constructs/data-bucket.ts";
import { Observability } from "./constructs/observability.ts";
import { TaskLane } from "./constructs/task-queue.ts";
import { Worker } from "./constructs/worker.ts";
import { LOCAL, ON_AWS } from "./local.ts";
import { queuePrefix } from "./names.ts";

/** What may be said of a service; all of it has defaults. Its stack's name is the first part of its functions' names. */
export type MarinaServiceProps = Partial<Omit<Parameters, "stackName">>;

/**
 * A bucket, two queues with dead letters, the worker and the aggregator, a dashboard and alarms.
 *
 * The outputs by which `marina --stack NAME` and `openMarina({ on: "aws", stack: "NAME" })` find the service carry fixed
 * names, so a stack has one service; the stack's name must be known when it is synthesised.
 *
 * ```ts
 * const service = new MarinaService(stack, "Marina", { workerMemoryMb: 3008 });
 * service.bucket.grantRead(notebookRole);
 * ```
 * @throws MarinaError "usage" that names the property.
 */
export class MarinaService extends Construct {
  /** Data sets, runs, checkpoints, results. */
  readonly bucket: Bucket;
  /** Computes one task and posts one contribution. */
  readonly worker: LambdaFunction;
  /** Drives a run. */
  readonly aggregator: LambdaFunction;

  constructor(scope: Construct, id: string, props: MarinaServiceProps = {}) {
    super(scope, id);
    const stack = Stack.of(this);
    if (Token.isUnresolved(stack.stackName)) {
      throw new MarinaError(
        "usage",
        "MarinaService: expected a stack whose name is known when it is synthesised, got a nested stack; put the service into a stack of its own",
      );
    }
    if (stack.node.findAll().some((other) => other instanceof MarinaService && other !== this)) {
      throw new MarinaError(
        "usage",
        `MarinaService: stack ${stack.stackName} has one MarinaService already; put this one into another stack`,
      );
    }
    const parameters = parametersOf(stack.stackName, props);
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
    this.bucket = data.bucket;
    this.worker = worker.function;
    this.aggregator = aggregator.function;

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
      new CfnOutput(this, name, { value }).overrideLogicalId(name);
    }
  }
}
