/** What the two functions have in common: runtime, bundle, logs, role. */
import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { type PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  ApplicationLogLevel,
  Architecture,
  Function as LambdaFunction,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
  SystemLogLevel,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { FunctionRole } from "../bundle-function.ts";
import type { Parameters } from "../config.ts";
import { functionCode } from "../function-code.ts";

export interface MarinaFunctionSetting {
  /** Also the second part of the function's name. */
  readonly role: FunctionRole;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly permissions: readonly PolicyStatement[];
  readonly reservedConcurrency?: number;
}

export class MarinaFunction extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, parameters: Parameters, setting: MarinaFunctionSetting) {
    super(scope, id);
    const { stackName, architecture, logRetentionDays } = parameters;
    const { role: name, memoryMb, timeoutSeconds, environment, permissions, reservedConcurrency } = setting;
    const functionName = `${stackName}-${name}`;
    const logGroup = new LogGroup(this, "Logs", {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // A role of our own: Lambda's managed policy may write to all log groups, and creates one that was deleted.
    const role = new Role(this, "Role", { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
    logGroup.grantWrite(role);
    for (const statement of permissions) role.addToPolicy(statement);
    this.function = new LambdaFunction(this, "Function", {
      functionName,
      code: functionCode(name),
      handler: "index.handler",
      runtime: Runtime.NODEJS_24_X,
      architecture: architecture === "arm64" ? Architecture.ARM_64 : Architecture.X86_64,
      memorySize: memoryMb,
      timeout: Duration.seconds(timeoutSeconds),
      // A run is a long loop through queues; its own guard rails are its rounds, its deadlines and its concurrency.
      recursiveLoop: RecursiveLoop.ALLOW,
      ...(reservedConcurrency === undefined ? {} : { reservedConcurrentExecutions: reservedConcurrency }),
      role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      systemLogLevelV2: SystemLogLevel.WARN,
      // Lambda takes lines without a level for INFO, and metrics are such lines; our own log writes warnings only.
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      environment: {
        ...environment,
        POWERTOOLS_LOG_LEVEL: "WARN",
      },
    });
  }
}
