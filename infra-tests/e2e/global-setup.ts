/**
 * Starts the cloud that MARINA_TEST_CLOUD names, once for all files, and deploys the stack to it:
 *
 *   ministack            the default
 *   localstack           the image, or host mode where there is no Docker engine
 *   localstack-stock     host mode with LocalStack's own, serial event source mapping: what the image does
 *   aws                  nothing is started or deployed: the stack MARINA_TEST_STACK (default Marina) of the account that
 *                        the environment opens. This costs money, about a cent.
 */
import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import type { TestProject } from "vitest/node";
import { MarinaError } from "../../shared/base/errors.ts";
import { DEFAULT_STACK_NAME, deploy } from "../local/deploy.ts";
import { isLoopback } from "../local/environment.ts";
import type { LocalCloud } from "../local/local-cloud.ts";
import { start as startLocalStack } from "../local/localstack.ts";
import { start as startMiniStack } from "../local/ministack.ts";
import { describeTimes, seconds } from "../local/program.ts";

/** What the tests are told. */
export interface TestCloud {
  readonly kind: "ministack" | "localstack" | "localstack-stock" | "aws";
  /** Variables that reach it, in addition to the environment's own. */
  readonly env: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  /** The process group of the functions' processes, where they are processes. */
  readonly processGroup: number | undefined;
  /** What the cloud itself prints, for whoever looks into a failure. */
  readonly logFile: string | undefined;
  /** Does an observer of ours stand before it that writes down every request? */
  readonly observed: boolean;
}

declare module "vitest" {
  interface ProvidedContext {
    cloud: TestCloud;
  }
}

const STARTERS = {
  ministack: startMiniStack,
  localstack: startLocalStack,
  "localstack-stock": (options: Parameters<typeof startLocalStack>[0]) =>
    startLocalStack({ ...options, mode: "host", stockMapping: true }),
} as const;

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const kind = process.env["MARINA_TEST_CLOUD"] ?? "ministack";
  if (kind === "aws") {
    project.provide("cloud", {
      kind,
      env: {},
      outputs: await deployedOutputs(),
      processGroup: undefined,
      logFile: undefined,
      observed: false,
    });
    return undefined;
  }
  if (kind !== "ministack" && kind !== "localstack" && kind !== "localstack-stock") {
    throw new MarinaError(
      "usage",
      `MARINA_TEST_CLOUD: expected ${Object.keys(STARTERS).join(", ")} or aws, got ${kind}`,
    );
  }
  const keep = process.env["MARINA_TEST_KEEP"] === "1";
  const cloud: LocalCloud = await STARTERS[kind]({ keep, note: (line) => console.log(line) });
  try {
    const deployment = await deploy(cloud);
    const times = `start ${seconds(cloud.startMilliseconds)}, ${describeTimes(deployment)}`;
    console.log(`${cloud.name}: ${times}; log ${cloud.logFile}${keep ? " (kept)" : ""}`);
    const { env, processGroup, logFile } = cloud;
    const observed = cloud.requestLogFile !== undefined;
    project.provide("cloud", { kind, env, outputs: deployment.outputs, processGroup, logFile, observed });
  } catch (error) {
    await cloud.stop();
    throw error;
  }
  return () => cloud.stop();
}

async function deployedOutputs(): Promise<Record<string, string>> {
  if (isLoopback(process.env["AWS_ENDPOINT_URL"])) {
    throw new MarinaError(
      "usage",
      "MARINA_TEST_CLOUD=aws: AWS_ENDPOINT_URL is set and names this machine; unset it",
    );
  }
  const StackName = process.env["MARINA_TEST_STACK"] ?? DEFAULT_STACK_NAME;
  const { Stacks = [] } = await new CloudFormationClient({}).send(new DescribeStacksCommand({ StackName }));
  const outputs = Stacks[0]?.Outputs ?? [];
  return Object.fromEntries(outputs.map(({ OutputKey = "", OutputValue = "" }) => [OutputKey, OutputValue]));
}
