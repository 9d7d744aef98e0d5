/** The two SDK clients: made once per environment, so that connections are kept between invocations. */
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { NodeHttpHandler } from "@smithy/node-http-handler";

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
  readonly sqs: SQSClient;
}

export interface ClientOptions {
  readonly region?: string;
  /** Of an emulator; default: what AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL_SQS and AWS_ENDPOINT_URL say. */
  readonly endpoint?: string;
  /** Time limits and retries, shorter in tests. */
  readonly maxAttempts?: number;
  readonly objectIdleTimeoutMilliseconds?: number;
  readonly queueRequestTimeoutMilliseconds?: number;
}

/**
 * Credentials, region and endpoint come from where the AWS CLI takes them: the environment and the shared config files.
 */
export function createAwsClients(options: ClientOptions = {}): AwsClients {
  const {
    endpoint,
    maxAttempts = MAX_ATTEMPTS,
    objectIdleTimeoutMilliseconds = OBJECT_IDLE_TIMEOUT_MILLISECONDS,
    queueRequestTimeoutMilliseconds = QUEUE_REQUEST_TIMEOUT_MILLISECONDS,
  } = options;
  const common = {
    maxAttempts,
    retryMode: "standard",
    ...(options.region === undefined ? {} : { region: options.region }),
  };
  const agents = {
    httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
    httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
  };
  const s3Endpoint = endpoint ?? configuredEndpoint("S3");
  const sqsEndpoint = endpoint ?? configuredEndpoint("SQS");
  return {
    s3: new S3Client({
      ...common,
      // An emulator has no host name for each bucket.
      ...(s3Endpoint === undefined ? {} : { endpoint: s3Endpoint, forcePathStyle: true }),
      requestHandler: new NodeHttpHandler({
        ...agents,
        connectionTimeout: CONNECTION_TIMEOUT_MILLISECONDS,
        socketTimeout: objectIdleTimeoutMilliseconds,
      }),
    }),
    sqs: new SQSClient({
      ...common,
      // An emulator's queue URLs may carry a host name that does not resolve here.
      ...(sqsEndpoint === undefined ? {} : { endpoint: sqsEndpoint, useQueueUrlAsEndpoint: false }),
      requestHandler: new NodeHttpHandler({
        ...agents,
        connectionTimeout: CONNECTION_TIMEOUT_MILLISECONDS,
        requestTimeout: queueRequestTimeoutMilliseconds,
        throwOnRequestTimeout: true,
      }),
      // Every body is a frame with its own CRC-32, or JSON over TLS: hashing it once more would only cost CPU.
      md5: false,
    }),
  };
}

/** The endpoint that the standard variables name, as the SDK reads them. */
function configuredEndpoint(service: "S3" | "SQS"): string | undefined {
  const { env } = process;
  if (env.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS === "true") return undefined;
  return env[`AWS_ENDPOINT_URL_${service}`] || env.AWS_ENDPOINT_URL || undefined;
}
