/** Which operation of which service a request is, told from its head (and, for queues, its body) alone. */
import type { IncomingHttpHeaders } from "node:http";

export interface RequestHead {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

export interface RequestKind {
  readonly service: string;
  readonly operation: string;
  readonly resource: string;
}

/** Undefined for what is no signed request of an AWS client (health checks, pages). */
export function kindOf(head: RequestHead): RequestKind | undefined {
  const service = signedService(head.headers);
  if (service === undefined) return undefined;
  // The JSON protocols name service and operation: AmazonSQS.SendMessage.
  const target = text(head.headers["x-amz-target"]);
  if (target !== "") return { service, operation: target.slice(target.lastIndexOf(".") + 1), resource: "" };
  if (service === "s3") return objectRequest(head);
  return { service, operation: head.method, resource: head.url };
}

/** Signature version 4: Credential=KEY/DATE/REGION/SERVICE/aws4_request. */
function signedService(headers: IncomingHttpHeaders): string | undefined {
  const found = /Credential=[^/]+\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/.exec(text(headers.authorization));
  return found?.[1];
}

/** Requests on objects, path style: /BUCKET/KEY?QUERY. */
function objectRequest({ method, url }: RequestHead): RequestKind {
  const { pathname, searchParams } = new URL(url, "http://s3");
  const [, bucket = "", ...rest] = pathname.split("/");
  const key = decodeURIComponent(rest.join("/"));
  const kind = (operation: string, resource = key): RequestKind => ({ service: "s3", operation, resource });
  if (key === "") {
    const listing = method === "GET" && (searchParams.has("list-type") || searchParams.has("prefix"));
    return listing
      ? kind("ListObjectsV2", searchParams.get("prefix") ?? "")
      : kind(`${method} bucket`, bucket);
  }
  switch (method) {
    case "GET":
      return kind("GetObject");
    case "HEAD":
      return kind("HeadObject");
    case "DELETE":
      return kind(searchParams.has("uploadId") ? "AbortMultipartUpload" : "DeleteObject");
    case "PUT":
      return kind(searchParams.has("uploadId") ? "UploadPart" : "PutObject");
    case "POST":
      if (searchParams.has("uploads")) return kind("CreateMultipartUpload");
      return kind(searchParams.has("uploadId") ? "CompleteMultipartUpload" : "POST object");
    default:
      return kind(method);
  }
}

export interface QueueTraffic {
  /** The queue's name. */
  readonly resource: string;
  readonly messages: number;
  /** Of the messages' bodies. */
  readonly bytes: number;
}

/** What a request on a queue carried, or brought back. */
export function queueTraffic(operation: string, requestBody: string, responseBody: string): QueueTraffic {
  const request = object(requestBody);
  const url = typeof request["QueueUrl"] === "string" ? request["QueueUrl"] : "";
  const name = typeof request["QueueName"] === "string" ? request["QueueName"] : "";
  const resource = url === "" ? name : url.slice(url.lastIndexOf("/") + 1);
  switch (operation) {
    case "SendMessage":
      return { resource, messages: 1, bytes: bodyBytes([request], "MessageBody") };
    case "SendMessageBatch": {
      const entries = list(request["Entries"]);
      return { resource, messages: entries.length, bytes: bodyBytes(entries, "MessageBody") };
    }
    case "ReceiveMessage": {
      const messages = list(object(responseBody)["Messages"]);
      return { resource, messages: messages.length, bytes: bodyBytes(messages, "Body") };
    }
    case "DeleteMessage":
    case "ChangeMessageVisibility":
      return { resource, messages: 1, bytes: 0 };
    case "DeleteMessageBatch":
    case "ChangeMessageVisibilityBatch":
      return { resource, messages: list(request["Entries"]).length, bytes: 0 };
    default:
      return { resource, messages: 0, bytes: 0 };
  }
}

type Json = Readonly<Record<string, unknown>>;

function object(json: string): Json {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? (value as Json) : {};
  } catch {
    return {};
  }
}

function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

function bodyBytes(messages: readonly Json[], field: string): number {
  let bytes = 0;
  for (const message of messages) {
    const body = message[field];
    if (typeof body === "string") bytes += Buffer.byteLength(body);
  }
  return bytes;
}

function text(header: string | readonly string[] | undefined): string {
  return typeof header === "string" ? header : "";
}
