/**
 * A Lambda runtime in one file: loads a function's handler and serves invocations over the Runtime API
 * (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html), whose four routes are all there is to it:
 *
 *   GET  runtime/invocation/next            waits for an event
 *   POST runtime/invocation/{id}/response   its answer
 *   POST runtime/invocation/{id}/error      what the handler threw
 *   POST runtime/init/error                 why the handler could not be loaded
 *
 * It stands in for AWS's own client where that can't be had without compiling: for functions of LocalStack that run as
 * processes. Not in it: streamed responses, callback handlers (gone from Lambda's Node 24 as well), extensions, tracing,
 * and the rewriting of console output.
 */
import { existsSync } from "node:fs";
import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

type Handler = (event: unknown, context: object) => unknown;

/** Exit code after an error that no invocation can be blamed for, as of Lambda's own runtime. */
const INIT_ERROR_EXIT_CODE = 1;

const api = variable("AWS_LAMBDA_RUNTIME_API");
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
/** The invocation at work, for an error that comes out of nowhere. */
let requestId: string | undefined;

for (const event of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(event, (error: unknown) => void die(error));
}

const handler = await loadHandler();
for (;;) await serveOne(handler);

async function serveOne(handle: Handler): Promise<void> {
  const { headers, body } = await call("GET", "invocation/next");
  const id = header(headers, "lambda-runtime-aws-request-id");
  requestId = id;
  process.env["_X_AMZN_TRACE_ID"] = header(headers, "lambda-runtime-trace-id");
  let answer: string;
  let kind: "response" | "error" = "response";
  try {
    const value = await handle(JSON.parse(body), contextOf(headers));
    // JSON has no word for undefined; a value that has no JSON form at all throws here.
    answer = JSON.stringify(value ?? null);
  } catch (error) {
    console.error(error);
    answer = JSON.stringify(describe(error));
    kind = "error";
  }
  await call("POST", `invocation/${id}/${kind}`, answer);
  requestId = undefined;
}

function contextOf(headers: IncomingHttpHeaders): object {
  const deadline = Number(header(headers, "lambda-runtime-deadline-ms"));
  return {
    awsRequestId: header(headers, "lambda-runtime-aws-request-id"),
    invokedFunctionArn: header(headers, "lambda-runtime-invoked-function-arn"),
    functionName: variable("AWS_LAMBDA_FUNCTION_NAME"),
    functionVersion: variable("AWS_LAMBDA_FUNCTION_VERSION"),
    memoryLimitInMB: variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
    logGroupName: process.env["AWS_LAMBDA_LOG_GROUP_NAME"] ?? "",
    logStreamName: process.env["AWS_LAMBDA_LOG_STREAM_NAME"] ?? "",
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

/** `_HANDLER` is file.export, the file relative to the function's folder and without its extension. */
async function loadHandler(): Promise<Handler> {
  try {
    const name = variable("_HANDLER");
    const dot = name.lastIndexOf(".");
    const base = resolve(variable("LAMBDA_TASK_ROOT"), name.slice(0, Math.max(0, dot)));
    const file = [".js", ".mjs", ".cjs"]
      .map((extension) => base + extension)
      .find((path) => existsSync(path));
    if (file === undefined) throw new Error(`_HANDLER ${name}: expected ${base}.js, .mjs or .cjs`);
    const module: Readonly<Record<string, unknown>> = await import(pathToFileURL(file).href);
    const found = module[name.slice(dot + 1)];
    if (typeof found !== "function")
      throw new Error(`_HANDLER ${name}: ${file} exports no function ${name.slice(dot + 1)}`);
    return found as Handler;
  } catch (error) {
    return die(error);
  }
}

/** Says why, and ends: the environment starts a new process for the next invocation. */
async function die(error: unknown): Promise<never> {
  console.error(error);
  const route = requestId === undefined ? "init/error" : `invocation/${requestId}/error`;
  await call("POST", route, JSON.stringify(describe(error))).catch(() => undefined);
  process.exit(INIT_ERROR_EXIT_CODE);
}

/** An error as Lambda reports it. */
function describe(error: unknown): object {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? "").split("\n") };
}

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function call(method: "GET" | "POST", route: string, body = ""): Promise<Answer> {
  return new Promise((resolveAnswer, reject) => {
    const bytes = Buffer.from(body);
    const sent = request(
      `http://${api}/2018-06-01/runtime/${route}`,
      // No time-out: the next event may be hours away.
      {
        method,
        agent,
        headers:
          method === "GET" ? {} : { "content-type": "application/json", "content-length": bytes.length },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          if (response.statusCode === 200 || response.statusCode === 202) {
            resolveAnswer({ headers: response.headers, body: text });
          } else {
            reject(
              new Error(
                `Runtime API ${method} ${route}: expected status 200 or 202, got ${response.statusCode}: ${text}`,
              ),
            );
          }
        });
      },
    );
    sent.once("error", reject);
    sent.end(bytes);
  });
}

function header(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  if (typeof value === "string") return value;
  throw new Error(`Runtime API invocation/next: expected header ${name}, got none`);
}

function variable(name: string): string {
  const value = process.env[name];
  if (value !== undefined) return value;
  throw new Error(`environment variable ${name}: expected a value, it is not set`);
}
