/** Opens the engine that the options name. Loads only what that engine needs. */

import type { LatencyProfile } from "../../embedded/index.ts";
import { MarinaError } from "../../shared/base/index.ts";
import { prepareAwsVariables } from "./aws-variables.ts";
import type { DeployedEngine, Engine } from "./engine.ts";

/** Which cloud, and where it is. */
export interface EngineOptions {
  readonly home: string;
  readonly on: "embedded" | "localstack" | "aws";
  readonly stack: string;
  readonly endpointUrl?: string;
  readonly region?: string;
  /** File of measured latencies, for predictions. */
  readonly latencies?: string;
}

/** Real credentials must not be sent to a local cloud. */
const CREDENTIALS = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_PROFILE",
  "AWS_DEFAULT_PROFILE",
];
/** Where LocalStack and its like listen unless told otherwise. */
const LOCAL_ENDPOINT = "http://127.0.0.1:4566";

export async function openEngine(options: EngineOptions): Promise<Engine> {
  if (options.on === "embedded") return openEmbedded(options.home, options.latencies);
  return openStack(options);
}

/** The engine for as long as it is used: closed whatever comes of it. */
export async function withEngine<T>(options: EngineOptions, use: (engine: Engine) => Promise<T>): Promise<T> {
  return closing(await openEngine(options), use);
}

/** The same of a deployed stack. */
export async function withStack<T>(
  options: EngineOptions,
  use: (engine: DeployedEngine) => Promise<T>,
): Promise<T> {
  return closing(await openStack(options), use);
}

/** Not `await using`: where both fail, the message of closing is the one that helps, and it is one. */
async function closing<E extends Engine, T>(engine: E, use: (engine: E) => Promise<T>): Promise<T> {
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

/** The embedded cloud over a home folder. @param latencies file of what it predicts with */
export async function openEmbedded(home: string, latencies?: string): Promise<Engine> {
  const measured = await latenciesOf(latencies);
  return new (await import("./embedded.ts")).EmbeddedEngine(home, measured);
}

/** @throws MarinaError as `readLatencies` */
async function latenciesOf(path: string | undefined): Promise<LatencyProfile | undefined> {
  if (path === undefined) return undefined;
  return (await import("../measure/latency-file.ts")).readLatencies(path);
}

/** A deployed stack; for what makes sense on one only. */
export async function openStack(options: EngineOptions): Promise<DeployedEngine> {
  const latencies = await latenciesOf(options.latencies);
  configure(options);
  (await import("../../shared/cloud/aws/index.ts")).fetchThroughProxy();
  try {
    return await (await import("./aws.ts")).openAwsEngine(options.stack, latencies);
  } catch (error) {
    if (options.on !== "localstack" || !isRefused(error)) throw error;
    throw new MarinaError(
      "unavailable",
      `no local cloud listens at ${process.env["AWS_ENDPOINT_URL"]}: start one in another terminal with npm run ministack (or npm run localstack), or give its --endpoint-url`,
      { cause: error },
    );
  }
}

function isRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED";
}

/** The SDK reads the environment: options set it before any client is made. */
export function configure({
  on,
  endpointUrl,
  region,
}: Pick<EngineOptions, "on" | "endpointUrl" | "region">): void {
  const { env } = process;
  // The keys that are taken in its place need not be good ones.
  if (on === "localstack") for (const name of CREDENTIALS) delete env[name];
  if (region !== undefined) env["AWS_REGION"] = region;
  prepareAwsVariables(env);
  // What is said here is meant for every service.
  if (endpointUrl !== undefined)
    for (const name of Object.keys(env)) if (name.startsWith("AWS_ENDPOINT_URL_")) delete env[name];
  const endpoint =
    endpointUrl ?? (on === "localstack" ? (env["AWS_ENDPOINT_URL"] ?? LOCAL_ENDPOINT) : undefined);
  if (endpoint !== undefined) env["AWS_ENDPOINT_URL"] = endpoint;
  if (on !== "localstack") return;
  // A local cloud takes any credentials.
  env["AWS_ACCESS_KEY_ID"] = "test";
  env["AWS_SECRET_ACCESS_KEY"] = "test";
  env["AWS_REGION"] ??= "us-east-1";
}
