/** A proxy before the cloud that after some requests says that the credentials have expired. Local clouds only. */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface RefusingProxy {
  readonly url: string;
  /** Requests that were let through, and those that were refused. */
  passed: number;
  refused: number;
  stop(): Promise<void>;
}

/**
 * Listens on the loopback interface.
 * @param target the cloud's endpoint
 * @param allowed requests that are let through
 */
export async function startRefusingProxy(target: string, allowed: number): Promise<RefusingProxy> {
  const server = createServer((incoming, outgoing) => {
    if (proxy.passed >= allowed) {
      proxy.refused++;
      incoming.resume().on("end", () => refuse(incoming, outgoing));
      return;
    }
    proxy.passed++;
    forward(new URL(target), incoming, outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const proxy: RefusingProxy = {
    url: `http://127.0.0.1:${port}`,
    passed: 0,
    refused: 0,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}

function forward({ hostname, port }: URL, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, url: path, headers } = incoming;
  const onward = request({ hostname, port, method, path, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on("error", () => outgoing.destroy());
  outgoing.on("close", () => onward.destroy());
  incoming.pipe(onward);
}

/** As each service says it: SQS in JSON, S3 in XML. */
function refuse({ headers }: IncomingMessage, outgoing: ServerResponse): void {
  const text = "The security token included in the request is expired";
  if (headers["x-amz-target"] === undefined) {
    outgoing.writeHead(400, { "content-type": "application/xml" });
    outgoing.end(
      `<?xml version="1.0" encoding="UTF-8"?><Error><Code>ExpiredToken</Code><Message>${text}</Message></Error>`,
    );
    return;
  }
  outgoing.writeHead(403, { "content-type": "application/x-amz-json-1.0" });
  outgoing.end(JSON.stringify({ __type: "com.amazon.coral.service#ExpiredTokenException", message: text }));
}
