import { createServer, type Server } from "node:http";
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server as TcpServer,
} from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { QueueAddress } from "../ports.ts";
import { createFunctionClients } from "./clients.ts";
import { createSystemClock } from "./clock.ts";
import { createS3ObjectStore } from "./object-store.ts";
import { proxyVariables, throughProxy } from "./proxy.ts";
import { createSdkClients } from "./sdk-clients.ts";
import { findStack } from "./stack.ts";
import { FAKE_KEYS } from "./testing/fake-service.ts";

let proxy: Server;
let behind: TcpServer;
let address: string;
/** What the proxy was asked for. */
let asked: string[];
/** The first bytes of each connection that came through the tunnel. */
let tunnelled: Buffer[];

async function listen(server: Server | TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

beforeEach(async () => {
  asked = [];
  tunnelled = [];
  // Every host that is tunnelled to is this one, which hangs up once it has been greeted.
  behind = createTcpServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (bytes) => {
      tunnelled.push(bytes);
      socket.destroy();
    });
  });
  const port = await listen(behind);
  proxy = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(200, { etag: '"e"', "content-length": "3" }).end("abc");
  });
  proxy.on("connect", (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    const onward = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      onward.pipe(socket);
      socket.pipe(onward);
    });
    for (const end of [onward, socket]) end.on("error", () => undefined);
    onward.on("close", () => socket.destroy());
  });
  address = `http://127.0.0.1:${await listen(proxy)}`;
  for (const name of Object.keys(process.env)) {
    if (/^AWS_|_proxy$/i.test(name)) vi.stubEnv(name, undefined);
  }
  for (const [name, value] of Object.entries(FAKE_KEYS)) vi.stubEnv(name, value);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  proxy.closeAllConnections();
  for (const server of [proxy, behind]) await new Promise((resolve) => server.close(resolve));
});

describe("the command line's clients behind a proxy", () => {
  it("tunnel to every service, the TLS handshake with the service itself", async () => {
    vi.stubEnv("HTTPS_PROXY", address);
    const { s3, sqs } = createSdkClients({ maxAttempts: 1 });
    const store = createS3ObjectStore(s3, "bucket", createSystemClock());
    await expect(store.get("k")).rejects.toMatchObject({ code: "unavailable" });
    await expect(sqs.call("GetQueueUrl", { QueueName: "q" }, 2000)).rejects.toThrow();
    await expect(findStack("Marina")).rejects.toMatchObject({ code: "unavailable" });
    expect([...new Set(asked)]).toEqual([
      "CONNECT bucket.s3.eu-north-1.amazonaws.com:443",
      "CONNECT sqs.eu-north-1.amazonaws.com:443",
      "CONNECT cloudformation.eu-north-1.amazonaws.com:443",
    ]);
    // A handshake record, ClientHello, that names the host.
    expect([tunnelled[0]![0], tunnelled[0]![5]]).toEqual([22, 1]);
    expect(tunnelled[0]!.includes("bucket.s3.eu-north-1.amazonaws.com")).toBe(true);
    s3.destroy();
    sqs.destroy();
  }, 20_000);

  it("ask it for what is not encrypted, and leave out what NO_PROXY and loopback addresses leave out", async () => {
    vi.stubEnv("http_proxy", address.replace("http://", ""));
    vi.stubEnv("NO_PROXY", "elsewhere.invalid");
    const storeAt = (endpoint: string) =>
      createS3ObjectStore(createSdkClients({ endpoint, maxAttempts: 1 }).s3, "bucket", createSystemClock());
    const { body } = await storeAt("http://storage.invalid").get("k");
    expect(new TextDecoder().decode(body)).toBe("abc");
    expect(asked).toEqual(["GET http://storage.invalid/bucket/k?x-id=GetObject"]);
    for (const direct of ["http://elsewhere.invalid", "http://127.0.0.1:1", "http://localhost:1"]) {
      await expect(storeAt(direct).get("k")).rejects.toMatchObject({ code: "unavailable" });
    }
    expect(asked.length).toBe(1);
  });

  it("say so when it does not let them through", async () => {
    proxy.removeAllListeners("connect");
    proxy.on("connect", (_request, socket) =>
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
    );
    vi.stubEnv("HTTPS_PROXY", address);
    await expect(findStack("Marina")).rejects.toThrow(
      /CloudFormation DescribeStacks .*407 Proxy Authentication/,
    );
  }, 20_000);

  it("are as before without one, and refuse an address that is none without showing it", () => {
    expect(throughProxy()).toEqual({});
    expect(proxyVariables({ HTTPS_PROXY: "" })).toBeUndefined();
    expect(proxyVariables({ https_proxy: "a:1", HTTPS_PROXY: "b:1" })).toMatchObject({
      HTTPS_PROXY: "http://a:1",
    });
    for (const value of ["socks5://user:secret@proxy:1080", "http://", "two words"]) {
      const refused = (): unknown => proxyVariables({ HTTPS_PROXY: value });
      expect(refused).toThrow(/^environment variable HTTPS_PROXY: expected the address of an HTTP proxy/);
      expect(refused).not.toThrow(/secret/);
    }
  });
});

describe("the functions' clients", () => {
  it("know of no proxy", async () => {
    vi.stubEnv("HTTPS_PROXY", address);
    vi.stubEnv("HTTP_PROXY", address);
    const queue = "http://queues.invalid/1/q" as QueueAddress;
    const { s3, sqs } = createFunctionClients(queue, { endpoint: "http://storage.invalid", maxAttempts: 1 });
    await expect(createS3ObjectStore(s3, "bucket", createSystemClock()).get("k")).rejects.toThrow();
    await expect(sqs.call("GetQueueUrl", { QueueName: "q" }, 2000)).rejects.toThrow();
    expect(asked).toEqual([]);
    s3.destroy();
    sqs.destroy();
  });
});
