/**
 * SQS over Node's own HTTP client: JSON in, JSON out, signed by the SDK's signer and repeated by the SDK's retry strategy.
 * What is left out is the SDK's way of a request through its middleware and schemas, which costs an aggregator more CPU
 * than all else it does with a contribution (docs/decisions/0015).
 *
 * The protocol: "Making API requests using AWS JSON protocol", Amazon SQS Developer Guide.
 */
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { isThrottlingError, isTransientError, StandardRetryStrategy } from "@smithy/core/retry";
import { SignatureV4 } from "@smithy/signature-v4";
import { signingTarget } from "./signing-target.ts";
import type { Sqs, SqsOperation } from "./sqs.ts";

type SignerInit = ConstructorParameters<typeof SignatureV4>[0];

export interface SignedSqsOptions {
  /** Where SQS is: scheme, host and perhaps port. */
  readonly endpoint: string;
  /** As an SDK client's `config` has them. */
  readonly credentials: SignerInit["credentials"];
  readonly region: SignerInit["region"];
  readonly sha256: SignerInit["sha256"];
  readonly maxAttempts: number;
  readonly maxSockets: number;
}

const CONTENT_TYPE = "application/x-amz-json-1.0";

/** An error that SQS, or what stands before it, answered with: the fields that the SDK's errors have. */
export class SqsAnswerError extends Error {
  readonly $metadata: { readonly httpStatusCode: number; attempts?: number };
  readonly $response: { readonly headers: IncomingMessage["headers"] };

  constructor(name: string, message: string, status: number, headers: IncomingMessage["headers"]) {
    super(message);
    this.name = name;
    this.$metadata = { httpStatusCode: status };
    this.$response = { headers };
  }
}

export function createSignedSqs(options: SignedSqsOptions): Sqs {
  const { credentials, region, sha256, maxAttempts, maxSockets } = options;
  const url = new URL(options.endpoint);
  const secure = url.protocol === "https:";
  const agent = new (secure ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets });
  const target = signingTarget(url);
  const request = secure ? requestHttps : requestHttp;
  const signer = new SignatureV4({ credentials, region, sha256, service: "sqs", applyChecksum: false });
  const retries = new StandardRetryStrategy(maxAttempts);

  /** One attempt. */
  const post = async (
    operation: SqsOperation,
    body: Buffer,
    timeoutMilliseconds: number,
  ): Promise<unknown> => {
    const { headers } = await signer.sign({
      ...target,
      headers: {
        host: url.host,
        "content-type": CONTENT_TYPE,
        "content-length": String(body.length),
        "x-amz-target": `AmazonSQS.${operation}`,
        // Errors keep the names that they had in SQS's older protocol beside the new ones.
        "x-amzn-query-mode": "true",
      },
      body,
    });
    return new Promise((resolve, reject) => {
      const { method, path } = target;
      const outgoing = request(url, { method, path, headers, agent }, (incoming) => {
        let text = "";
        incoming.setEncoding("utf8");
        incoming.on("data", (chunk: string) => {
          text += chunk;
        });
        incoming.on("end", () => {
          try {
            resolve(outputOf(incoming, text));
          } catch (error) {
            reject(error);
          }
        });
        incoming.on("error", reject);
      });
      const timer = setTimeout(() => outgoing.destroy(noAnswer(timeoutMilliseconds)), timeoutMilliseconds);
      outgoing.on("close", () => clearTimeout(timer));
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  };

  return {
    async call(operation, input, timeoutMilliseconds) {
      const body = Buffer.from(JSON.stringify(input));
      let token = await retries.acquireInitialRetryToken("");
      for (;;) {
        try {
          const output = await post(operation, body, timeoutMilliseconds);
          retries.recordSuccess(token);
          // Whoever calls says what it is: SQS answers this operation with nothing else.
          return output as never;
        } catch (error) {
          if (!(error instanceof Error)) throw error;
          try {
            // Waits with exponential back-off and jitter.
            token = await retries.refreshRetryTokenForRetry(token, { errorType: errorType(error) });
          } catch {
            throw afterAttempts(error, token.getRetryCount() + 1);
          }
        }
      }
    },
    destroy: () => agent.destroy(),
  };
}

function errorType(error: Error): "THROTTLING" | "TRANSIENT" | "CLIENT_ERROR" {
  const known = error as Parameters<typeof isThrottlingError>[0];
  if (isThrottlingError(known)) return "THROTTLING";
  return isTransientError(known) ? "TRANSIENT" : "CLIENT_ERROR";
}

/** What SQS answered. @throws SqsAnswerError when it was an error. */
function outputOf(incoming: IncomingMessage, text: string): unknown {
  const status = incoming.statusCode ?? 0;
  const { headers } = incoming;
  let output: unknown;
  try {
    output = text === "" ? {} : JSON.parse(text);
  } catch {
    // Not SQS: a proxy, a load balancer. With its status it is told apart from what SQS refuses.
    throw new SqsAnswerError("UnreadableAnswer", text.slice(0, 200), status < 400 ? 502 : status, headers);
  }
  if (status >= 200 && status < 300) return output;
  const { __type, message, Message } = output as { __type?: string; message?: string; Message?: string };
  // "com.amazonaws.sqs#QueueDoesNotExist"; the header has the older name: "AWS.SimpleQueueService.NonExistentQueue;Sender".
  const older = headers["x-amzn-query-error"];
  const name = __type?.split("#").at(-1)?.split(":")[0] ?? String(older ?? "Unknown").split(";")[0]!;
  throw new SqsAnswerError(name, message ?? Message ?? "", status, headers);
}

function noAnswer(milliseconds: number): Error {
  const error = new Error(`no answer within ${milliseconds} ms`);
  error.name = "TimeoutError";
  return error;
}

/** How often it was tried, where the SDK's errors say it. */
function afterAttempts(error: Error, attempts: number): Error {
  if (error instanceof SqsAnswerError) error.$metadata.attempts = attempts;
  else Object.assign(error, { $metadata: { attempts } });
  return error;
}
