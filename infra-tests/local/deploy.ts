/** Deploys the stack to a local cloud with the project's own CDK. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MarinaError } from "../../shared/base/errors.ts";
import { childEnvironment, isLoopback, LOCAL_ACCOUNT } from "./environment.ts";
import type { LocalCloud } from "./local-cloud.ts";
import { nodeFolder, projectRoot } from "./paths.ts";
import { runCommand } from "./run-command.ts";

export interface DeployOptions {
  /** Name of the stack; default the stack's own, "Marina". */
  readonly stackName?: string;
  /** More context parameters of the stack. `local=true` is given in any case, an account's usual concurrency unless told otherwise. */
  readonly context?: Readonly<Record<string, string>>;
  /** Gives the deployment up when it comes. */
  readonly interrupt?: AbortSignal;
}

export interface Deployment {
  readonly stackName: string;
  /** The stack's outputs, as `cdk deploy` reports them. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Bundling the functions included. */
  readonly synthMilliseconds: number;
  readonly bootstrapMilliseconds: number;
  readonly deployMilliseconds: number;
}

export const DEFAULT_STACK_NAME = "Marina";
const CDK = join(projectRoot, "node_modules", "aws-cdk", "bin", "cdk");

/**
 * `cdk synth`, `cdk bootstrap` and `cdk deploy`.
 * @throws MarinaError "usage" when the cloud's endpoint is not on this machine, "unavailable" when the CDK fails.
 */
export async function deploy(
  cloud: Pick<LocalCloud, "name" | "env" | "region" | "folder">,
  { stackName = DEFAULT_STACK_NAME, context = {}, interrupt }: DeployOptions = {},
): Promise<Deployment> {
  const endpoint = cloud.env["AWS_ENDPOINT_URL"];
  if (!isLoopback(endpoint)) {
    throw new MarinaError(
      "usage",
      `deploy: expected AWS_ENDPOINT_URL on this machine (http://127.0.0.1:PORT), got ${endpoint ?? "nothing"}; this deploys to local clouds only`,
    );
  }
  const cdk = async (purpose: string, args: readonly string[]): Promise<number> => {
    const started = performance.now();
    await runCommand(join(nodeFolder, "node"), [CDK, ...args, ...OFFLINE_OPTIONS], {
      purpose,
      environment: childEnvironment({ ...cloud.env, ...OFFLINE_VARIABLES }),
      folder: projectRoot,
      logFile: join(cloud.folder, "cdk.log"),
      ...(interrupt === undefined ? {} : { interrupt }),
    });
    return performance.now() - started;
  };
  const parameters = { accountConcurrency: "1000", ...context, local: "true", stackName };
  const options = Object.entries(parameters).flatMap(([name, value]) => ["--context", `${name}=${value}`]);
  // Synthesised once, into the cloud's own folder: two deployments at a time must not share one.
  const assembly = join(cloud.folder, "cdk.out");
  const outputsFile = join(cloud.folder, "outputs.json");
  const synthMilliseconds = await cdk("making the stack", [
    "synth",
    "--quiet",
    "--output",
    assembly,
    ...options,
  ]);
  const place = `aws://${LOCAL_ACCOUNT}/${cloud.region}`;
  const bootstrapMilliseconds = await cdk(`bootstrapping ${cloud.name}`, [
    "bootstrap",
    place,
    "--app",
    assembly,
  ]);
  const deployMilliseconds = await cdk(`deploying to ${cloud.name}`, [
    "deploy",
    stackName,
    "--app",
    assembly,
    "--require-approval",
    "never",
    "--progress",
    "events",
    "--outputs-file",
    outputsFile,
  ]);
  const outputs = readOutputs(outputsFile, stackName);
  return { stackName, outputs, synthMilliseconds, bootstrapMilliseconds, deployMilliseconds };
}

/** Neither notices nor statistics: nothing but the local cloud is asked. */
const OFFLINE_OPTIONS = ["--no-notices", "--no-version-reporting", "--no-color"];
const OFFLINE_VARIABLES = {
  CDK_DISABLE_CLI_TELEMETRY: "true",
  CDK_DISABLE_VERSION_CHECK: "true",
  CI: "true",
};

function readOutputs(file: string, stackName: string): Readonly<Record<string, string>> {
  const all = JSON.parse(readFileSync(file, "utf8")) as Readonly<
    Record<string, Readonly<Record<string, string>>>
  >;
  const outputs = all[stackName];
  if (outputs !== undefined) return outputs;
  throw new MarinaError(
    "unavailable",
    `${file}: expected outputs of stack ${stackName}, got ${Object.keys(all).join(", ") || "none"}`,
  );
}
