/** The service as a construct for anybody's stack. */
import { Stack, Token } from "aws-cdk-lib";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import { MarinaError } from "../shared/base/index.ts";
import { type MarinaServiceProps, parametersOf } from "./config.ts";
import { addService, type ServiceParts } from "./service.ts";

/**
 * A bucket, two queues with dead letters, the worker and the aggregator, a dashboard and alarms.
 *
 * The outputs by which `marina --stack NAME` and `openMarina({ on: "aws", stack: "NAME" })` find the service carry fixed
 * names, and the stack's name is the first part of the functions' names: so a stack has one service, and its name must
 * be known when it is synthesised.
 *
 * ```ts
 * const service = new MarinaService(stack, "Marina", { workerMemoryMb: 3008 });
 * service.bucket.grantRead(notebookRole);
 * ```
 * @throws MarinaError "usage" that names the property.
 */
export class MarinaService extends Construct implements ServiceParts {
  readonly bucket: Bucket;
  readonly worker: LambdaFunction;
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
    const { bucket, worker, aggregator } = addService(this, parametersOf(stack.stackName, props));
    this.bucket = bucket;
    this.worker = worker;
    this.aggregator = aggregator;
  }
}
