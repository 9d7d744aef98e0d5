/**
 * A request log: what somebody who stands before the queues and the store has seen pass, request by request. Local clouds
 * are started with such an observer in front of them; it knows nothing of the meter, so the two can be held against each
 * other.
 */
import * as z from "zod";
import { stored } from "../base/index.ts";

/** Path at a local cloud's endpoint under which its log is read; `?from=` and `?to=` in milliseconds since 1970. */
export const REQUEST_LOG_PATH = "/_marina/requests";

const entrySchema = z.strictObject({
  /** When the request came, in milliseconds since 1970. */
  at: z.number(),
  /** Who asked: the deployed functions, or a client outside (the command line, a test, the CDK). */
  caller: z.enum(["function", "client"]),
  service: z.string(),
  /** As the service's API calls it, e.g. SendMessageBatch, GetObject. */
  operation: z.string(),
  /** A queue's name, or an object's key or prefix; "" where there is none. */
  resource: z.string(),
  status: z.int(),
  /** SQS: messages in the request or, of a receive, in its answer. */
  messages: z.int().min(0),
  /** SQS: bytes of these messages' bodies. S3: bytes of the body, either way. */
  bytes: z.int().min(0),
});

export type RequestLogEntry = Readonly<z.infer<typeof entrySchema>>;

const logSchema = z.strictObject({
  /** When the observer began, in milliseconds since 1970: nothing earlier can be in the log. */
  since: z.number(),
  /** Entries that were dropped because the log was full, oldest first. */
  dropped: z.int().min(0),
  entries: z.array(entrySchema),
});

export type RequestLog = Readonly<z.infer<typeof logSchema>>;

const storedLog = stored<RequestLog>(logSchema, {
  problem: "expected a request log as JSON, got other text",
});

/** @throws MarinaError "corrupt" or "spec" for what is no request log. */
export function parseRequestLog(text: string, source: string): RequestLog {
  return storedLog.decode(text, source);
}
