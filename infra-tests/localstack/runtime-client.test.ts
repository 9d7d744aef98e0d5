import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { RuntimeUnderTest } from "./testing/runtime-api.ts";

const folder = mkdtempSync(join(tmpdir(), "marina-runtime-"));
let runtime: RuntimeUnderTest;

beforeAll(() => {
  writeFileSync(
    join(folder, "index.mjs"),
    `let calls = 0;
     export const echo = async (event) => ({ event, calls: ++calls });
     export const nothing = () => undefined;
     export const size = (event) => event.length;
     export const fails = (event) => { if (event === "throw") throw new RangeError("too far"); return "fine"; };
     export const rejects = async () => { throw "a word"; };
     export const circular = () => { const a = {}; a.a = a; return a; };
     export const crashes = () => { Promise.reject(new Error("from nowhere")); return new Promise(() => setTimeout(() => 0, 1e6)); };
     export const trace = () => process.env._X_AMZN_TRACE_ID;
     export const context = (_, context) => ({ ...context, left: context.getRemainingTimeInMillis() });
     export const notAFunction = 1;`,
  );
  writeFileSync(join(folder, "old.cjs"), "exports.handler = async () => typeof require;");
  writeFileSync(join(folder, "broken.mjs"), "throw new TypeError('at load')");
});
afterEach(() => runtime.stop());
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function start(handler: string): Promise<void> {
  runtime = await RuntimeUnderTest.start(folder, handler);
}

test("events are answered one after the other by one module, which keeps its state", async () => {
  await start("index.echo");
  const first = await runtime.invoke({ text: "grüße" });
  expect(first).toEqual({ route: "invocation/1/response", body: { event: { text: "grüße" }, calls: 1 } });
  expect(await runtime.invoke([])).toEqual({ route: "invocation/2/response", body: { event: [], calls: 2 } });
});

test("a handler that returns nothing answers null", async () => {
  await start("index.nothing");
  expect(await runtime.invoke({})).toEqual({ route: "invocation/1/response", body: null });
});

test("an event of Lambda's largest size arrives whole", async () => {
  await start("index.size");
  // One of the characters takes two bytes: the length is of the bytes on the wire.
  const event = `ü${"x".repeat(6 * 1024 * 1024 - 16)}`;
  expect((await runtime.invoke(event)).body).toBe(event.length);
});

test("a handler that throws has its error reported, and serves the next event", async () => {
  await start("index.fails");
  const { route, body } = await runtime.invoke("throw");
  expect(route).toBe("invocation/1/error");
  expect(body).toMatchObject({ errorType: "RangeError", errorMessage: "too far" });
  expect(await runtime.invoke("no")).toEqual({ route: "invocation/2/response", body: "fine" });
  expect(runtime.output).toContain("RangeError: too far");
});

test.each([
  ["index.rejects", { errorType: "string", errorMessage: "a word", trace: [] }],
  ["index.circular", { errorType: "TypeError" }],
])("%s: what is no error, or no JSON, is reported as one", async (handler, error) => {
  await start(handler);
  expect(await runtime.invoke({})).toMatchObject({ route: "invocation/1/error", body: error });
});

test("an error that comes out of nowhere fails the invocation at work and ends the runtime", async () => {
  await start("index.crashes");
  const posted = await runtime.invoke({});
  expect(posted).toMatchObject({ route: "invocation/1/error", body: { errorMessage: "from nowhere" } });
  expect(await runtime.exitCode).toBe(1);
});

test("the context says which invocation this is and how much time it has", async () => {
  await start("index.context");
  const { body } = (await runtime.invoke({})) as { body: { left: number } };
  expect(body).toMatchObject({
    awsRequestId: "1",
    functionName: "trial",
    functionVersion: "$LATEST",
    memoryLimitInMB: "512",
    invokedFunctionArn: "arn:aws:lambda:us-east-1:000000000000:function:trial",
  });
  expect(body.left).toBeGreaterThan(0);
  expect(body.left).toBeLessThanOrEqual(5000);
});

test("each invocation's trace is in the environment", async () => {
  await start("index.trace");
  expect((await runtime.invoke({})).body).toBe("Root=1");
  expect((await runtime.invoke({})).body).toBe("Root=2");
});

test("a CommonJS handler is loaded as well", async () => {
  await start("old.handler");
  expect((await runtime.invoke({})).body).toBe("function");
});

test.each([
  ["broken.handler", "at load"],
  ["missing.handler", "_HANDLER missing.handler: expected "],
  ["index.missing", "exports no function missing"],
  ["index.notAFunction", "exports no function notAFunction"],
])("%s can't be loaded: says so and ends", async (handler, message) => {
  await start(handler);
  const { route, body } = await runtime.next();
  expect(route).toBe("init/error");
  expect(body).toMatchObject({ errorMessage: expect.stringContaining(message) as string });
  expect(await runtime.exitCode).toBe(1);
});
