/** A Lambda Runtime API for one runtime, in a test's hands: events go in, what the runtime posts comes out. */
import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeFolder } from "../../local/paths.ts";

const CLIENT = fileURLToPath(new URL("../runtime-client.ts", import.meta.url));

/** What a runtime has posted. */
export interface Posted {
  /** e.g. "invocation/1/response" */
  readonly route: string;
  readonly body: unknown;
}

export class RuntimeUnderTest {
  readonly #server: Server;
  readonly #events: string[] = [];
  #waiting: ServerResponse | undefined;
  readonly #posted: Posted[] = [];
  readonly #readers: ((posted: Posted) => void)[] = [];
  #runtime: ChildProcess | undefined;
  #invocations = 0;
  /** What it printed. */
  output = "";
  /** How it ended. */
  readonly exitCode: Promise<number | null>;
  #ended: (code: number | null) => void = () => undefined;

  private constructor() {
    this.exitCode = new Promise((resolve) => {
      this.#ended = resolve;
    });
    this.#server = createServer((request, response) => {
      const route = (request.url ?? "").replace("/2018-06-01/runtime/", "");
      if (request.method === "GET") {
        this.#waiting = response;
        this.#serve();
        return;
      }
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.once("end", () => {
        response.writeHead(202).end();
        const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
        const reader = this.#readers.shift();
        if (reader === undefined) this.#posted.push({ route, body });
        else reader({ route, body });
      });
    });
  }

  /** Starts the runtime with a handler from `folder`. */
  static async start(folder: string, handler: string): Promise<RuntimeUnderTest> {
    const made = new RuntimeUnderTest();
    await new Promise<void>((resolve) => made.#server.listen(0, "127.0.0.1", resolve));
    const { port } = made.#server.address() as AddressInfo;
    made.#runtime = spawn(join(nodeFolder, "node"), [CLIENT], {
      env: {
        AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
        _HANDLER: handler,
        LAMBDA_TASK_ROOT: folder,
        AWS_LAMBDA_FUNCTION_NAME: "trial",
        AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [made.#runtime.stdout, made.#runtime.stderr]) {
      stream?.on("data", (text: Buffer) => {
        made.output += text.toString("utf8");
      });
    }
    made.#runtime.once("close", (code) => made.#ended(code));
    return made;
  }

  /** Gives it an event; returns what it posts next. */
  invoke(event: unknown): Promise<Posted> {
    this.#events.push(JSON.stringify(event));
    this.#serve();
    return this.next();
  }

  /** What it posts next. */
  next(): Promise<Posted> {
    const posted = this.#posted.shift();
    return posted === undefined
      ? new Promise((resolve) => this.#readers.push(resolve))
      : Promise.resolve(posted);
  }

  async stop(): Promise<void> {
    this.#runtime?.kill("SIGKILL");
    await this.exitCode;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(): void {
    if (this.#waiting === undefined || this.#events.length === 0) return;
    const id = String(++this.#invocations);
    this.#waiting.writeHead(200, {
      "lambda-runtime-aws-request-id": id,
      "lambda-runtime-deadline-ms": String(Date.now() + 5000),
      "lambda-runtime-invoked-function-arn": "arn:aws:lambda:us-east-1:000000000000:function:trial",
      "lambda-runtime-trace-id": `Root=${id}`,
    });
    this.#waiting.end(this.#events.shift());
    this.#waiting = undefined;
  }
}
