/**
 * An observer before a local cloud: passes every request on unchanged, and writes down what it was. It has two doors, one
 * for the deployed functions and one for everybody else, so that the log tells who asked. What the cloud does inside
 * itself (the polls of its event source mappings) does not pass here.
 */
import { appendFile } from "node:fs/promises";
import {
  Agent,
  createServer,
  request as forward,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { REQUEST_LOG_PATH, type RequestLog, type RequestLogEntry } from "../../shared/cost/request-log.ts";
import { kindOf, queueTraffic, type RequestKind } from "./request-kind.ts";

/** The newest entries that are kept in memory: more than a day of tests writes. */
const ENTRIES_LIMIT = 1_000_000;
/** Entries reach the file this often. */
const WRITE_MILLISECONDS = 500;

export interface Recorder {
  /** For clients outside. */
  readonly endpoint: string;
  /** For the functions. */
  readonly functionsEndpoint: string;
  readonly log: () => RequestLog;
  close(): Promise<void>;
}

export interface RecorderOptions {
  /** Of the door for clients. */
  readonly port: number;
  /** Port of the cloud itself, on the loopback interface; it need not listen yet. */
  readonly cloudPort: number;
  /** Gets the entries as JSON lines. */
  readonly file: string;
}

export async function startRecorder({ port, cloudPort, file }: RecorderOptions): Promise<Recorder> {
  const agent = new Agent({ keepAlive: true });
  const since = Date.now();
  const entries: RequestLogEntry[] = [];
  let dropped = 0;
  let unwritten: RequestLogEntry[] = [];
  let writing: Promise<void> = Promise.resolve();

  const write = (): void => {
    const lines = unwritten.map((entry) => `${JSON.stringify(entry)}\n`).join("");
    unwritten = [];
    // A folder that is gone (the cloud is being stopped) takes nothing away from the log in memory.
    if (lines !== "") writing = writing.then(() => appendFile(file, lines)).catch(() => undefined);
  };
  const timer = setInterval(write, WRITE_MILLISECONDS);
  timer.unref();
  const record = (entry: RequestLogEntry): void => {
    entries.push(entry);
    unwritten.push(entry);
    if (entries.length <= ENTRIES_LIMIT) return;
    const half = ENTRIES_LIMIT / 2;
    entries.splice(0, half);
    dropped += half;
  };
  const log = (from = 0, to = Number.POSITIVE_INFINITY): RequestLog => ({
    since,
    dropped,
    entries: entries.filter(({ at }) => at >= from && at <= to),
  });

  const door = (caller: RequestLogEntry["caller"], at: number): Promise<Server> => {
    const server = createServer((incoming, response) => {
      const url = incoming.url ?? "/";
      if (url.split("?")[0] === REQUEST_LOG_PATH) {
        const { searchParams } = new URL(url, "http://recorder");
        const limit = (name: string): number | undefined =>
          searchParams.has(name) ? Number(searchParams.get(name)) : undefined;
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify(log(limit("from"), limit("to"))));
        return;
      }
      pass(incoming, response, { agent, cloudPort, caller, record });
    });
    // Long polls and idle connections of functions last as long as they like.
    server.requestTimeout = 0;
    server.keepAliveTimeout = 60_000;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(at, "127.0.0.1", () => resolve(server));
    });
  };
  const clients = await door("client", port);
  const functions = await door("function", 0);
  return {
    endpoint: addressOf(clients),
    functionsEndpoint: addressOf(functions),
    log: () => log(),
    async close() {
      clearInterval(timer);
      write();
      await writing;
      for (const server of [clients, functions]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
      agent.destroy();
    },
  };
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Passage {
  readonly agent: Agent;
  readonly cloudPort: number;
  readonly caller: RequestLogEntry["caller"];
  readonly record: (entry: RequestLogEntry) => void;
}

function pass(
  incoming: IncomingMessage,
  response: ServerResponse,
  { agent, cloudPort, caller, record }: Passage,
): void {
  const at = Date.now();
  const method = incoming.method ?? "GET";
  const url = incoming.url ?? "/";
  // This server has asked the client to go on already.
  const { expect: _, ...headers } = incoming.headers;
  const kind = kindOf({ method, url, headers });
  const asked = new Traffic(kind?.service === "sqs");
  const answered = new Traffic(kind?.service === "sqs");
  const onward = forward(
    { host: "127.0.0.1", port: cloudPort, method, path: url, headers, agent },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on("data", (chunk: Buffer) => answered.add(chunk));
      answer.once("end", () => {
        if (kind !== undefined) record(entryOf(at, caller, kind, answer.statusCode ?? 0, asked, answered));
      });
      answer.on("error", () => response.destroy());
      answer.pipe(response);
    },
  );
  // As a cloud that is not there, or one that broke off.
  onward.on("error", () => response.destroy());
  // A client that went away (a function that was killed) waits for nothing any more.
  response.once("close", () => {
    if (!response.writableFinished) onward.destroy();
  });
  incoming.on("data", (chunk: Buffer) => asked.add(chunk));
  incoming.pipe(onward);
}

/** Bytes that passed; kept where the body tells what the request was about. */
class Traffic {
  bytes = 0;
  readonly #chunks: Buffer[] | undefined;

  constructor(keep: boolean) {
    this.#chunks = keep ? [] : undefined;
  }

  add(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.#chunks?.push(chunk);
  }

  text(): string {
    return Buffer.concat(this.#chunks ?? []).toString("utf8");
  }
}

function entryOf(
  at: number,
  caller: RequestLogEntry["caller"],
  { service, operation, resource }: RequestKind,
  status: number,
  asked: Traffic,
  answered: Traffic,
): RequestLogEntry {
  if (service === "sqs") {
    const traffic = queueTraffic(operation, asked.text(), answered.text());
    return { at, caller, service, operation, status, ...traffic };
  }
  const bytes = operation === "GetObject" ? answered.bytes : asked.bytes;
  return { at, caller, service, operation, resource, status, messages: 0, bytes };
}
