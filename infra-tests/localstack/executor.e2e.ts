/** The process executor of LocalStack's host mode: environments, crashes, time-outs, and batches at one time. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { zipOf } from "./testing/zip.ts";

const { kind, processGroup, env } = inject("cloud");
const here = (kind === "localstack" || kind === "localstack-stock") && processGroup !== undefined;

const CODE = `
  import { appendFileSync } from "node:fs";
  import { setTimeout as sleep } from "node:timers/promises";
  let calls = 0;
  export const handler = async (event) => {
    console.log("asked", JSON.stringify(event).slice(0, 40));
    if (event.Records) {
      appendFileSync(process.env.TRACE, "+");
      await sleep(1000);
      appendFileSync(process.env.TRACE, "-");
      return { batchItemFailures: [] };
    }
    if (event.what === "throw") throw new RangeError("too far");
    if (event.what === "exit") process.exit(3);
    if (event.what === "hang") await sleep(1e6);
    return { calls: ++calls, pid: process.pid, variables: Object.keys(process.env) };
  };
`;
const TIMEOUT_SECONDS = 3;

describe.runIf(here)("the process executor", () => {
  let folder: string;
  let trace: string;
  let lambda: LambdaClient;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "marina-executor-"));
    trace = join(folder, "trace");
    Object.assign(process.env, env);
    lambda = new LambdaClient({});
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  /** Makes a function: each test has its own environments. */
  async function create(FunctionName: string): Promise<string> {
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName,
        Runtime: "nodejs24.x",
        Handler: "index.handler",
        Role: "arn:aws:iam::000000000000:role/any",
        Timeout: TIMEOUT_SECONDS,
        Code: { ZipFile: zipOf("index.mjs", CODE) },
        Environment: { Variables: { TRACE: trace } },
      }),
    );
    await waitUntilFunctionActiveV2(
      { client: lambda, maxWaitTime: 60, minDelay: 1, maxDelay: 1 },
      { FunctionName },
    );
    return FunctionName;
  }

  async function invoke(FunctionName: string, what?: string) {
    const { FunctionError, Payload, LogResult } = await lambda.send(
      new InvokeCommand({ FunctionName, Payload: JSON.stringify({ what }), LogType: "Tail" }),
    );
    const body = JSON.parse(Payload?.transformToString() ?? "null") as Readonly<Record<string, unknown>>;
    return { error: FunctionError, body, log: Buffer.from(LogResult ?? "", "base64").toString("utf8") };
  }

  test("keeps a process from call to call, and shows it nothing of the cloud's own settings", async () => {
    const name = await create("keeps");
    const first = await invoke(name);
    const second = await invoke(name);
    expect(first.body).toMatchObject({ calls: 1 });
    expect(second.body).toMatchObject({ calls: 2, pid: first.body["pid"] });
    expect(first.body["variables"]).toContain("AWS_ENDPOINT_URL");
    expect(first.body["variables"]).not.toContain("LAMBDA_RUNTIME_EXECUTOR");
    expect(second.log).toMatch(
      /^START RequestId: .*\nasked \{\}\nEND RequestId: .*\nREPORT RequestId: .*Memory Size/,
    );
  });

  test("reports what a handler throws, and keeps the process", async () => {
    const name = await create("throws");
    await invoke(name);
    const { error, body } = await invoke(name, "throw");
    expect(error).toBe("Unhandled");
    expect(body).toMatchObject({ errorType: "RangeError", errorMessage: "too far" });
    expect((await invoke(name)).body).toMatchObject({ calls: 2 });
  });

  test("reports a process that ends, and starts another for the next call", async () => {
    const name = await create("exits");
    await invoke(name);
    const { error, body } = await invoke(name, "exit");
    expect(error).toBe("Unhandled");
    expect(body).toMatchObject({ errorType: "Runtime.ExitError" });
    expect(String(body["errorMessage"])).toContain("exit status 3");
    expect((await invoke(name)).body).toMatchObject({ calls: 1 });
  });

  test("ends a process that takes too long, and starts another for the next call", async () => {
    const name = await create("hangs");
    const { pid } = (await invoke(name)).body as { pid: number };
    const { error, body } = await invoke(name, "hang");
    expect(error).toBe("Unhandled");
    expect(String(body["errorMessage"])).toContain(`Task timed out after ${TIMEOUT_SECONDS}.00 seconds`);
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    expect((await invoke(name)).body).toMatchObject({ calls: 1 });
  });

  test.skipIf(kind === "localstack-stock")(
    "handles as many batches at one time as a mapping allows",
    async () => {
      const FunctionName = await create("batches");
      const sqs = new SQSClient({});
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "batches" }));
      const { Attributes = {} } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }),
      );
      await lambda.send(
        new CreateEventSourceMappingCommand({
          FunctionName,
          EventSourceArn: Attributes["QueueArn"],
          BatchSize: 1,
          ScalingConfig: { MaximumConcurrency: 2 },
          FunctionResponseTypes: ["ReportBatchItemFailures"],
        }),
      );
      const Entries = ["a", "b", "c", "d", "e", "f"].map((Id) => ({ Id, MessageBody: Id }));
      await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
      const written = (): string => {
        try {
          return readFileSync(trace, "utf8");
        } catch {
          return ""; // nothing yet
        }
      };
      while (written().length < 2 * Entries.length) await sleep(100);
      let running = 0;
      const most = Math.max(...Array.from(written(), (mark) => (running += mark === "+" ? 1 : -1)));
      expect(most).toBe(2);
      expect(written()).toHaveLength(2 * Entries.length);
    },
  );
});
