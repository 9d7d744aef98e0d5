/** A server on the loopback interface that answers as a test tells it, and the real clients that talk to it. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { QueueAddress } from "../../ports.ts";
import { type AwsClients, type ClientOptions, createFunctionClients } from "../clients.ts";
import { createSdkClients } from "../sdk-clients.ts";

export interface FakeRequest {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export type FakeAnswer =
  | {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Uint8Array;
      /** Closes the connection after so many bytes of the body. */
      readonly breakAfter?: number;
    }
  /** Never answers. */
  | "silence"
  /** Closes the connection without an answer. */
  | "hang-up";

export type FakeBehaviour = (request: FakeRequest, count: number) => FakeAnswer | Promise<FakeAnswer>;

export interface FakeService {
  readonly url: string;
  /** Everything asked so far. */
  readonly requests: readonly FakeRequest[];
  /** The most requests that were waiting for their answers at one time. */
  readonly mostAtOnce: number;
  /** Connections that were opened. */
  readonly connections: number;
  readonly clients: AwsClients;
  close(): Promise<void>;
}

const ANY_QUEUE = "https://sqs.eu-north-1.amazonaws.com/123456789012/any" as QueueAddress;
/** What the environment has while a fake service runs. */
export const FAKE_KEYS = {
  AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "secret",
  AWS_REGION: "eu-north-1",
};

/** Whose clients talk to it. */
export type ClientKind = "sdk" | "function";

/** Starts one. @param options of the clients: short time limits make short tests. */
export async function startFakeService(
  behaviour: FakeBehaviour,
  options: ClientOptions = {},
  kind: ClientKind = "sdk",
): Promise<FakeService> {
  const requests: FakeRequest[] = [];
  let atOnce = 0;
  let mostAtOnce = 0;
  const server = createServer((incoming, response) => {
    mostAtOnce = Math.max(mostAtOnce, ++atOnce);
    void answer(incoming, response, requests, behaviour).finally(() => atOnce--);
  });
  let connections = 0;
  server.on("connection", () => connections++);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // The SDK looks for credentials with its first request.
  for (const [name, value] of Object.entries(FAKE_KEYS)) process.env[name] = value;
  const clients =
    kind === "sdk"
      ? createSdkClients({ endpoint: url, ...options })
      : createFunctionClients(ANY_QUEUE, { endpoint: url, ...options });
  return {
    url,
    requests,
    clients,
    get mostAtOnce() {
      return mostAtOnce;
    },
    get connections() {
      return connections;
    },
    async close() {
      clients.s3.destroy();
      clients.sqs.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  requests: FakeRequest[],
  behaviour: FakeBehaviour,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const url = new URL(incoming.url ?? "/", "http://fake");
  const request: FakeRequest = {
    method: incoming.method ?? "",
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers: incoming.headers,
    body: Buffer.concat(chunks),
  };
  requests.push(request);
  const reply = await behaviour(request, requests.length);
  if (reply === "silence") return;
  if (reply === "hang-up") {
    incoming.socket.destroy();
    return;
  }
  const { status = 200, headers = {}, body = "", breakAfter } = reply;
  const bytes = Buffer.from(body as Uint8Array);
  response.writeHead(status, { "content-length": String(bytes.length), ...headers });
  if (breakAfter === undefined) response.end(bytes);
  else response.write(bytes.subarray(0, breakAfter), () => incoming.socket.destroy());
}

/** An error as S3 writes it. */
export function s3Error(status: number, code: string, extra = ""): FakeAnswer {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>said ${code}</Message>${extra}</Error>`;
  return { status, headers: { "content-type": "application/xml" }, body };
}

/** An error as SQS writes it in its JSON protocol. */
export function sqsError(status: number, type: string, queryCode?: string): FakeAnswer {
  return {
    status,
    headers: {
      "content-type": "application/x-amz-json-1.0",
      ...(queryCode === undefined ? {} : { "x-amzn-query-error": `${queryCode};Sender` }),
    },
    body: JSON.stringify({ __type: `com.amazonaws.sqs#${type}`, message: `said ${type}` }),
  };
}

/** An answer of SQS. */
export function sqsAnswer(body: unknown): FakeAnswer {
  return { headers: { "content-type": "application/x-amz-json-1.0" }, body: JSON.stringify(body) };
}

/** The operation that a request of SQS's JSON protocol asks for, and its input. */
export function sqsRequest({ headers, body }: FakeRequest): {
  operation: string;
  input: Record<string, unknown>;
} {
  const target = String(headers["x-amz-target"] ?? "");
  return {
    operation: target.slice(target.indexOf(".") + 1),
    input: JSON.parse(body.toString()) as Record<string, unknown>,
  };
}
