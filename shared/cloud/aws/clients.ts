/** The clients of S3 and SQS: made once per process, so that connections are kept from call to call. */
import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { NodeHttpHandler, type NodeHttpHandlerOptions } from "@smithy/node-http-handler";
import type { QueueAddress } from "../index.ts";
import type { Sqs } from "./sqs.ts";
import { createSignedSqs } from "./sqs-signed.ts";

/** Connections kept to each service: eight long polls, and the sends of a round of hundreds of tasks. */
const MAX_SOCKETS = 128;
const CONNECTION_TIMEOUT_MILLISECONDS = 3000;
/** S3: a connection on which nothing moves for so long is given up. Not a limit for a whole transfer. */
const OBJECT_IDLE_TIMEOUT_MILLISECONDS = 10_000;
/** SQS: a request, its answer included; a long poll may take its waiting time longer. */
export const QUEUE_REQUEST_TIMEOUT_MILLISECONDS = 10_000;
/** The SDK's retries: with exponential back-off and jitter, on throttling, 5xx and broken connections. */
const MAX_ATTEMPTS = 5;

export interface AwsClients {
  readonly s3: S3Client;
  readonly sqs: Sqs;
}

export interface ClientOptions {
  readonly region?: string;
  /** Of an emulator; default: what AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL_SQS and AWS_ENDPOINT_URL say. */
  readonly endpoint?: string;
  /** Time limits and retries, shorter in tests. */
  readonly maxAttempts?: number;
  readonly objectIdleTimeoutMilliseconds?: number;
  /** Default: agents that go straight to the service. */
  readonly agents?: Agents;
  /** Ask again where a bucket is said to lie; default: a bucket elsewhere is an error. */
  readonly followRegionRedirects?: boolean;
  /** Default: the SDK's chain of providers. */
  readonly credentials?: S3ClientConfig["credentials"];
}

/** HTTP agents, or their options, of an SDK client. */
export type Agents = Pick<NodeHttpHandlerOptions, "httpAgent" | "httpsAgent">;

/**
 * The clients of a function: SQS without the SDK's middleware.
 * @param queue any queue of the function's region: where it is, SQS is.
 */
export function createFunctionClients(queue: QueueAddress, options: ClientOptions = {}): AwsClients {
  const s3 = createS3Client(options);
  const { credentials, region, sha256 } = s3.config;
  const endpoint = options.endpoint ?? configuredEndpoint("SQS") ?? new URL(queue).origin;
  const { maxAttempts = MAX_ATTEMPTS } = options;
  const from = { credentials, region, sha256 };
  return { s3, sqs: createSignedSqs({ endpoint, ...from, maxAttempts, maxSockets: MAX_SOCKETS }) };
}

/**
 * Credentials, region and endpoint come from where the AWS CLI takes them: the environment and the shared config files.
 */
export function createS3Client(options: ClientOptions): S3Client {
  const { objectIdleTimeoutMilliseconds = OBJECT_IDLE_TIMEOUT_MILLISECONDS, followRegionRedirects = false } =
    options;
  const endpoint = options.endpoint ?? configuredEndpoint("S3");
  return new S3Client({
    ...commonConfig(options),
    followRegionRedirects,
    // An emulator has no host name for each bucket.
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    requestHandler: new NodeHttpHandler({
      ...connections(options.agents),
      socketTimeout: objectIdleTimeoutMilliseconds,
    }),
  });
}

/** What the SDK's clients have in common. */
export function commonConfig({ region, maxAttempts = MAX_ATTEMPTS, credentials }: ClientOptions) {
  return {
    maxAttempts,
    retryMode: "standard",
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
  };
}

/** Agents that go straight to the service. */
export const DIRECT = {
  httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
  httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
};

/** Of an SDK client's HTTP handler. */
export function connections(agents: Agents = DIRECT) {
  return {
    ...agents,
    connectionTimeout: CONNECTION_TIMEOUT_MILLISECONDS,
  };
}

/** The endpoint that the standard variables name, as the SDK reads them. */
export function configuredEndpoint(service: "S3" | "SQS" | "CLOUDWATCH"): string | undefined {
  const { env } = process;
  if (env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === "true") return undefined;
  return env[`AWS_ENDPOINT_URL_${service}`] || env.AWS_ENDPOINT_URL || undefined;
}
