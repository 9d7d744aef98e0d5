/** The stack that this project deploys: the service and nothing else. */
import { Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import type { Parameters } from "./config.ts";
import { addService } from "./service.ts";

export class MarinaStack extends Stack {
  constructor(scope: Construct, parameters: Parameters, props: StackProps = {}) {
    super(scope, parameters.stackName, {
      ...props,
      description: "Marina Serverless: distributed optimisation with compressed communication",
    });
    addService(this, parameters);
  }
}
