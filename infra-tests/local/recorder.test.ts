import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseRequestLog, REQUEST_LOG_PATH } from "../../shared/cost/request-log.ts";
import { freePort } from "./port.ts";
import { type Recorder, startRecorder } from "./recorder.ts";

const AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=test/20261124/us-east-1/sqs/aws4_request, Signature=00";
let cloud: Server;
let recorder: Recorder;
let folder: string;
/** Connections that ended before their answer. */
let abandoned = 0;

/** A cloud that says what it was asked; `/never` is a long poll without an end. */
beforeEach(async () => {
  abandoned = 0;
  folder = mkdtempSync(join(tmpdir(), "recorder-"));
  cloud = createServer((incoming, response) => {
    response.once("close", () => {
      if (!response.writableFinished) abandoned++;
    });
    if (incoming.url === "/never") return;
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.once("end", () => {
      const body = Buffer.concat(chunks).toString();
      response.writeHead(202, { "x-cloud": "yes" });
      response.end(JSON.stringify({ url: incoming.url, body, Messages: [{ Body: "four" }] }));
    });
  });
  await new Promise<void>((resolve) => cloud.listen(0, "127.0.0.1", resolve));
  const cloudPort = (cloud.address() as AddressInfo).port;
  recorder = await startRecorder({ port: await freePort(), cloudPort, file: join(folder, "log.jsonl") });
});

afterEach(async () => {
  await recorder.close();
  cloud.closeAllConnections();
  await new Promise((resolve) => cloud.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const receive = (door: string) =>
  fetch(`${door}/`, {
    method: "POST",
    headers: { authorization: AUTHORIZATION, "x-amz-target": "AmazonSQS.ReceiveMessage" },
    body: JSON.stringify({ QueueUrl: "http://127.0.0.1/0/queue" }),
  });

test("a request passes unchanged, and so does its answer", async () => {
  const answer = await fetch(`${recorder.endpoint}/some/path?with=query`, { method: "PUT", body: "bytes" });
  expect([answer.status, answer.headers.get("x-cloud")]).toEqual([202, "yes"]);
  expect(await answer.json()).toMatchObject({ url: "/some/path?with=query", body: "bytes" });
});

test("the log tells what was asked, by whom and when, and what came back", async () => {
  const before = Date.now();
  await (await receive(recorder.functionsEndpoint)).text();
  await (await receive(recorder.endpoint)).text();
  const url = `${recorder.endpoint}${REQUEST_LOG_PATH}`;
  const { entries, since } = parseRequestLog(await (await fetch(url)).text(), url);
  const common = { service: "sqs", operation: "ReceiveMessage", resource: "queue", status: 202 };
  expect(entries.map(({ at: _, ...entry }) => entry)).toEqual([
    { caller: "function", ...common, messages: 1, bytes: 4 },
    { caller: "client", ...common, messages: 1, bytes: 4 },
  ]);
  expect(since).toBeLessThanOrEqual(before);
  expect(entries[0]!.at).toBeGreaterThanOrEqual(before);
  const later = await fetch(`${url}?from=${Date.now() + 1000}`);
  expect(parseRequestLog(await later.text(), url).entries).toEqual([]);
});

test("the file has the same entries once it is closed", async () => {
  await (await receive(recorder.functionsEndpoint)).text();
  const { entries } = recorder.log();
  await recorder.close();
  const lines = readFileSync(join(folder, "log.jsonl"), "utf8").trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(entries);
});

test("whoever goes away in the middle of a long poll leaves none behind in the cloud", async () => {
  const asked = request(`${recorder.functionsEndpoint}/never`);
  asked.on("error", () => undefined);
  asked.end();
  await new Promise((resolve) => setTimeout(resolve, 50));
  asked.destroy();
  for (let look = 0; abandoned === 0 && look < 100; look++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(abandoned).toBe(1);
});

test("a cloud that is not there breaks the connection off, and the next request is served", async () => {
  cloud.closeAllConnections();
  const { port } = cloud.address() as AddressInfo;
  await new Promise((resolve) => cloud.close(resolve));
  await expect(receive(recorder.endpoint)).rejects.toThrow("fetch failed");
  await new Promise<void>((resolve) => cloud.listen(port, "127.0.0.1", resolve));
  expect((await receive(recorder.endpoint)).status).toBe(202);
});
