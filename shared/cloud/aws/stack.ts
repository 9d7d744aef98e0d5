/** Finds a deployed stack: everything the command line needs to know of it are its CloudFormation outputs. */
import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { MarinaError } from "../../base/index.ts";
import type { QueueAddress } from "../index.ts";
import { explainAwsError } from "./errors.ts";
import { commandLineClient } from "./proxy.ts";

export interface DeployedStack {
  readonly name: string;
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  readonly bucket: string;
  readonly taskQueue: QueueAddress;
  readonly controlQueue: QueueAddress;
  readonly controlDeadLetters: QueueAddress;
  readonly queuePrefix: string;
  readonly workerFunction: string;
  readonly aggregatorFunction: string;
  readonly workerMemoryMb: number;
  readonly aggregatorMemoryMb: number;
  /** Workers concurrently, of all runs together. */
  readonly workerConcurrency: number;
  readonly architecture: "arm64" | "x86-64";
}

/**
 * @throws MarinaError "usage" when there is no such stack, or it was deployed by another version of the project;
 * "unavailable" when its deployment has not ended well.
 */
export async function findStack(name: string): Promise<DeployedStack> {
  const client = new CloudFormationClient(commandLineClient());
  const region = await regionOf(client);
  const found = await describe(client, name, region);
  const status = found?.StackStatus ?? "UNKNOWN";
  if (
    !/^(CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT|IMPORT_ROLLBACK)_COMPLETE(_CLEANUP_IN_PROGRESS)?$/.test(status)
  ) {
    throw new MarinaError(
      "unavailable",
      `stack "${name}" in ${region} is in state ${status}; deploy it again: npx cdk deploy`,
    );
  }
  const outputs = new Map(found?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const output = (key: string): string => {
    const value = outputs.get(key);
    if (value === undefined || value === "") {
      throw new MarinaError(
        "usage",
        `stack "${name}" in ${region} has no output ${key}: it is no Marina stack, or of another version; deploy it again: npx cdk deploy`,
      );
    }
    return value;
  };
  return {
    name,
    account: found?.StackId?.split(":")[4] ?? "",
    region,
    bucket: output("BucketName"),
    taskQueue: output("TaskQueueUrl") as QueueAddress,
    controlQueue: output("ControlQueueUrl") as QueueAddress,
    controlDeadLetters: output("ControlDeadLetterQueueUrl") as QueueAddress,
    queuePrefix: output("QueuePrefix"),
    workerFunction: output("WorkerFunctionName"),
    aggregatorFunction: output("AggregatorFunctionName"),
    workerMemoryMb: Number(output("WorkerMemoryMb")),
    aggregatorMemoryMb: Number(output("AggregatorMemoryMb")),
    workerConcurrency: Number(output("WorkerMaxConcurrency")),
    architecture: output("Architecture") === "arm64" ? "arm64" : "x86-64",
  };
}

async function regionOf(client: CloudFormationClient): Promise<string> {
  try {
    return await client.config.region();
  } catch (error) {
    throw new MarinaError(
      "usage",
      "no AWS region: give --region, or set AWS_REGION, AWS_DEFAULT_REGION or the region of your profile",
      { cause: error },
    );
  }
}

async function describe(client: CloudFormationClient, name: string, region: string) {
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: name }));
    return Stacks?.[0];
  } catch (error) {
    if (error instanceof Error && /does not exist/i.test(error.message)) {
      throw new MarinaError(
        "usage",
        `stack "${name}" does not exist in ${region}: give its name (--stack) and region (--region), or deploy it: npx cdk deploy`,
        { cause: error },
      );
    }
    throw explainAwsError(error, `CloudFormation DescribeStacks ${name} in ${region}`);
  }
}
