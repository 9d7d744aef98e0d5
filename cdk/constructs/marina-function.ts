/** What the two functions have in common: runtime, bundle, logs, role. */
import { join } from "node:path";
import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { type PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import {
  ApplicationLogLevel,
  Architecture,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
  SystemLogLevel,
} from "aws-cdk-lib/aws-lambda";
import { NodejsFunction, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { Parameters } from "../config.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** Where the SDK looks for credentials, after the environment: loaded only when needed, and in a function never. */
const UNUSED_CREDENTIAL_PROVIDERS = [
  "@aws-sdk/credential-provider-http",
  "@aws-sdk/credential-provider-ini",
  "@aws-sdk/credential-provider-process",
  "@aws-sdk/credential-provider-sso",
  "@aws-sdk/credential-provider-web-identity",
  "@smithy/credential-provider-imds",
];

export interface MarinaFunctionSetting {
  /** Folder under lambdas/ whose entry.ts is the entry, and second part of the function's name. */
  readonly role: "worker" | "aggregator";
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly permissions: readonly PolicyStatement[];
  readonly reservedConcurrency?: number;
}

export class MarinaFunction extends Construct {
  readonly function: NodejsFunction;

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
    this.function = new NodejsFunction(this, "Function", {
      functionName,
      entry: join(ROOT, "lambdas", name, "entry.ts"),
      projectRoot: ROOT,
      depsLockFilePath: join(ROOT, "package-lock.json"),
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
      bundling: {
        format: OutputFormat.ESM,
        target: "node24",
        mainFields: ["module", "main"],
        minify: true,
        // No source map: linked, its megabyte takes a quarter more CPU at each cold start, and 0.4 s at the first error.
        sourceMap: false,
        bundleAwsSDK: true,
        externalModules: UNUSED_CREDENTIAL_PROVIDERS,
        // Some of what is bundled is CommonJS and asks for Node's modules by `require`.
        banner: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
      },
    });
  }
}
