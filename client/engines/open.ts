/** Opens the engine that the options name. Loads only what that engine needs. */
import type { CommonOptions } from "../../cli/main.ts";
import type { Engine } from "./engine.ts";

/** Where LocalStack and its like listen unless told otherwise. */
const LOCAL_ENDPOINT = "http://127.0.0.1:4566";

export async function openEngine(options: CommonOptions): Promise<Engine> {
  if (options.on === "embedded") return new (await import("./embedded.ts")).EmbeddedEngine(options.home);
  return openStack(options);
}

/** A deployed stack; for commands that make sense on one only. */
export async function openStack(options: CommonOptions) {
  configure(options);
  return (await import("./aws.ts")).openAwsEngine(options.stack);
}

/** The SDK reads the environment: options set it before any client is made. */
export function configure({ on, endpointUrl, region }: CommonOptions): void {
  const { env } = process;
  if (region !== undefined) env["AWS_REGION"] = region;
  // What is said here is meant for every service.
  if (endpointUrl !== undefined)
    for (const name of Object.keys(env)) if (name.startsWith("AWS_ENDPOINT_URL_")) delete env[name];
  const endpoint =
    endpointUrl ?? (on === "localstack" ? (env["AWS_ENDPOINT_URL"] ?? LOCAL_ENDPOINT) : undefined);
  if (endpoint !== undefined) env["AWS_ENDPOINT_URL"] = endpoint;
  if (on !== "localstack") return;
  // A local cloud takes any credentials; real ones must not be sent to it.
  env["AWS_ACCESS_KEY_ID"] = "test";
  env["AWS_SECRET_ACCESS_KEY"] = "test";
  delete env["AWS_SESSION_TOKEN"];
  delete env["AWS_PROFILE"];
  env["AWS_REGION"] ??= env["AWS_DEFAULT_REGION"] ?? "us-east-1";
}
