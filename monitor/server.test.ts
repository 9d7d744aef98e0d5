import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MarinaError } from "../shared/base/errors.ts";
import { startWatchServer, type WatchServer } from "./server.ts";

describe("the server of marina watch", () => {
  let server: WatchServer;
  let stops = 0;
  beforeAll(async () => {
    server = await startWatchServer({
      page: () => "<p>page</p>",
      news: () => JSON.stringify({ a: "line\nbreak" }),
      actions: {
        stop: async () => {
          stops++;
          return "asked";
        },
        scale: async (body) => {
          if (body === "bad") throw new MarinaError("usage", "not so");
          return `scaled by ${body.length}`;
        },
      },
    });
  });
  afterAll(() => server.close());

  function ask(
    path: string,
    options: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ) {
    const url = new URL(server.url);
    return new Promise<{ status: number; body: string; headers: Record<string, unknown> }>(
      (resolve, reject) => {
        const sent = request(
          {
            host: url.hostname,
            port: url.port,
            path,
            method: options.method ?? "GET",
            headers: options.headers ?? {},
          },
          (response) => {
            let body = "";
            response.on("data", (chunk) => {
              body += String(chunk);
            });
            response.on("end", () =>
              resolve({ status: response.statusCode!, body, headers: response.headers }),
            );
          },
        );
        sent.on("error", reject);
        sent.end(options.body);
      },
    );
  }
  const own = () => new URL(server.url).pathname;
  const origin = () => new URL(server.url).origin;

  it("is on loopback, under a token of 192 random bits", async () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/$/);
    expect(await ask(own())).toMatchObject({
      status: 200,
      body: "<p>page</p>",
      headers: { "referrer-policy": "no-referrer" },
    });
  });

  it.each([
    ["no token", () => "/", {}],
    ["a wrong token", () => `/${"x".repeat(32)}/`, {}],
    ["another Host", own, { host: "evil.example" }],
    ["a Host with another port", own, { host: "127.0.0.1:1" }],
    ["another origin", own, { origin: "https://evil.example" }],
    ["an opaque origin", own, { origin: "null" }],
    ["a request from another site", own, { "sec-fetch-site": "cross-site" }],
    ["the news for another origin", () => `${own()}events`, { origin: "http://127.0.0.1:1" }],
  ])("gives nothing for %s", async (_, path, headers) => {
    expect(await ask(path(), { headers: headers as Record<string, string> })).toMatchObject({
      status: 403,
      body: "",
    });
  });

  it("stops for its own page only", async () => {
    expect((await ask(`${own()}stop`, { method: "POST" })).status).toBe(403);
    expect(
      (await ask(`${own()}stop`, { method: "POST", headers: { origin: "http://localhost:1" } })).status,
    ).toBe(403);
    expect((await ask(`${own()}stop`)).status).toBe(404);
    expect(stops).toBe(0);
    const answer = await ask(`${own()}stop`, { method: "POST", headers: { origin: origin() } });
    expect([answer.status, answer.body, stops]).toEqual([200, "asked", 1]);
  });

  it("hands a request to scale on, tells why one is refused, and reads no endless one", async () => {
    const scale = (body: string, from = origin()) =>
      ask(`${own()}scale`, { method: "POST", headers: { origin: from }, body });
    expect(await scale("four")).toMatchObject({ status: 200, body: "scaled by 4" });
    expect(await scale("bad")).toMatchObject({ status: 409, body: "not so" });
    expect((await scale("x".repeat(20_000))).status).toBe(409);
    expect(await scale("four", "http://evil.example")).toMatchObject({ status: 403, body: "" });
  });

  it("streams the latest news at once, and then each", async () => {
    const response = await fetch(`${server.url}events`);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toBe(`event: report\ndata: {"a":"line\\nbreak"}\n\n`);
    server.push("problem", "two\nlines");
    expect((await reader.read()).value).toBe("event: problem\ndata: two\ndata: lines\n\n");
    await reader.cancel();
  });

  it("is gone when it is closed, its streams too", async () => {
    const actions = { stop: async () => "", scale: async () => "" };
    const other = await startWatchServer({ page: () => "", news: () => "{}", actions });
    const stream = await fetch(`${other.url}events`);
    await other.close();
    await expect(fetch(other.url)).rejects.toThrow();
    await expect(stream.text()).rejects.toThrow();
  });
});
