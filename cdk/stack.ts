/** The stack that this project deploys: the service and nothing else. */
import { Stack, type StackProps, Tags } from "aws-cdk-lib";
import type { Construct } from "constructs";
import type { Parameters } from "./config.ts";
import { MarinaService } from "./service.ts";

export class MarinaStack extends Stack {
  constructor(scope: Construct, parameters: Parameters, props: StackProps = {}) {
    const { stackName, ...service } = parameters;
    super(scope, stackName, {
      ...props,
      description: "Marina Serverless: distributed optimisation with compressed communication",
    });
    // A construct of this name leaves no trace in the names of resources.
    new MarinaService(this, "Default", service);
    Tags.of(this).add("marina:stack", stackName);
  }
}
