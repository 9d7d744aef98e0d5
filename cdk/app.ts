/** The CDK application: `cdk deploy`, with parameters as `-c name=value` (see context.ts). */
import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { MarinaError } from "../shared/base/index.ts";
import { readParameters } from "./config.ts";
import { LOCAL, ON_AWS } from "./local.ts";
import { MarinaStack } from "./stack.ts";

try {
  // Usage reports to AWS would be a resource of the stack.
  const app = new App({ analyticsReporting: false });
  const parameters = readParameters(app.node.getAllContext());
  new MarinaStack(app, parameters);
  if ((parameters.local ? LOCAL : ON_AWS).nag) Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
} catch (error) {
  if (!(error instanceof MarinaError)) throw error;
  process.stderr.write(`marina: ${error.message}\n`);
  process.exitCode = 2;
}
