/** The page of `marina watch`, on loopback: the page itself, its stream of news, and what its buttons ask for. */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { MarinaError } from "../shared/base/index.ts";
import { admitted } from "./guard.ts";

export interface WatchServerOptions {
  /** The page as of now. */
  readonly page: () => string;
  /** The latest news, for a page that has just been opened. */
  readonly news: () => string;
  /** What the page's buttons ask for, by the last word of the address; each resolves to what to tell. */
  readonly actions: Readonly<Record<"stop" | "scale", (body: string) => Promise<string>>>;
}

export interface WatchServer {
  readonly url: string;
  /** Tells all pages. */
  push(event: "report" | "problem", data: string): void;
  close(): Promise<void>;
}

const MOST_BODY_BYTES = 10_000;
const HEADERS = {
  "Cache-Control": "no-store",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
};

export async function startWatchServer(options: WatchServerOptions): Promise<WatchServer> {
  const token = randomBytes(24).toString("base64url");
  const streams = new Set<ServerResponse>();
  let port = 0;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = admitted(request, port, token);
    if (path === undefined) {
      response.writeHead(403).end();
    } else if (request.method === "GET" && path === "") {
      response.writeHead(200, { ...HEADERS, "Content-Type": "text/html; charset=utf-8" }).end(options.page());
    } else if (request.method === "GET" && path === "events") {
      response.writeHead(200, { ...HEADERS, "Content-Type": "text/event-stream" });
      response.write(eventText("report", options.news()));
      streams.add(response);
      response.on("close", () => streams.delete(response));
    } else if (request.method === "POST" && (path === "stop" || path === "scale")) {
      const act = options.actions[path];
      const [status, text] = await readBody(request)
        .then(act)
        .then(
          (said) => [200, said] as const,
          (error: unknown) => [409, error instanceof Error ? error.message : String(error)] as const,
        );
      response.writeHead(status, { ...HEADERS, "Content-Type": "text/plain; charset=utf-8" }).end(text);
    } else {
      response.writeHead(404, HEADERS).end();
    }
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  ({ port } = server.address() as AddressInfo);
  return {
    url: `http://127.0.0.1:${port}/${token}/`,
    push(event, data) {
      for (const stream of streams) stream.write(eventText(event, data));
    },
    close() {
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

/** @throws MarinaError "limit" */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MOST_BODY_BYTES) {
      throw new MarinaError("limit", `request: expected at most ${MOST_BODY_BYTES} bytes, got more`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** A server-sent event; a line feed would end its data. */
function eventText(event: string, data: string): string {
  return `event: ${event}\n${data
    .split(/\r?\n/)
    .map((line) => `data: ${line}\n`)
    .join("")}\n`;
}
