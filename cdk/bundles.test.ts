import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { App } from "aws-cdk-lib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FAKE_KEYS, startFakeService } from "../shared/cloud/aws/testing/fake-service.ts";
import { checkpointKey } from "../shared/protocol/keys.ts";
import { encodeCheckpoint } from "../shared/protocol/stored/checkpoint.ts";
import { encodeControl } from "../shared/protocol/stored/run.ts";
import { checkpoint } from "../shared/protocol/testing/samples.ts";
import { readParameters } from "./config.ts";
import { MarinaStack } from "./stack.ts";

const run = promisify(execFile);
const ROLES = ["worker", "aggregator"] as const;

/** What the stack sets, made up. */
const ENVIRONMENT = {
  STACK_NAME: "Marina",
  BUCKET_NAME: "bucket",
  TASK_QUEUE_URL: "https://example/1/tasks",
  CONTROL_QUEUE_URL: "https://example/1/control.fifo",
  QUEUE_PREFIX: "Marina_",
  WORKER_MEMORY_MB: "1769",
  AGGREGATOR_MEMORY_MB: "1769",
};

let folder: string;
const bundles: Partial<Record<(typeof ROLES)[number], string>> = {};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "marina-bundles-"));
  const app = new App({ analyticsReporting: false, outdir: folder });
  const parameters = readParameters({});
  new MarinaStack(app, parameters);
  const assembly = app.synth();
  const template = assembly.getStackByName(parameters.stackName).template as {
    Resources: Record<
      string,
      { Type: string; Properties: { FunctionName?: string; Code?: { S3Key: string } } }
    >;
  };
  for (const { Type, Properties } of Object.values(template.Resources)) {
    if (Type !== "AWS::Lambda::Function") continue;
    const role = ROLES.find((name) => Properties.FunctionName?.endsWith(name));
    if (role !== undefined)
      bundles[role] = join(folder, `asset.${Properties.Code!.S3Key.replace(".zip", "")}`);
  }
}, 60_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Loads a function's file in a process of its own, away from our node_modules, and tells what it exports. */
async function load(
  role: (typeof ROLES)[number],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const file = join(bundles[role]!, "index.mjs");
  const program = `const from = performance.now();
    const exported = await import(${JSON.stringify(file)});
    console.log(Object.entries(exported).map(([name, value]) => name + " " + typeof value).join());
    console.error((performance.now() - from).toFixed(0));`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program], {
    env: { PATH: process.env.PATH ?? "", ...environment },
    cwd: folder,
  });
  return stdout.trim();
}

/** What an invocation of the aggregator's bundle writes, under the log level that the stack gives the platform. */
async function linesOf(bodies: readonly string[], environment: Readonly<Record<string, string>>) {
  const service = await startFakeService(({ path }) =>
    path.endsWith(checkpointKey("example"))
      ? { body: encodeCheckpoint(checkpoint), headers: { etag: '"1"' } }
      : { body: "{}" },
  );
  const event = {
    Records: bodies.map((body, i) => ({
      messageId: String(i),
      receiptHandle: String(i),
      body,
      attributes: { ApproximateReceiveCount: "1" },
      eventSource: "aws:sqs",
      eventSourceARN: "arn:aws:sqs:us-east-1:1:control.fifo",
    })),
  };
  const program = `const { handler } = await import(${JSON.stringify(join(bundles.aggregator!, "index.mjs"))});
    await handler(${JSON.stringify(event)}, { awsRequestId: "r", getRemainingTimeInMillis: () => 60000 });
    process.stdout.write("", () => process.exit());`;
  try {
    const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "-e", program], {
      env: {
        PATH: process.env.PATH ?? "",
        ...ENVIRONMENT,
        ...FAKE_KEYS,
        AWS_REGION: "us-east-1",
        AWS_ENDPOINT_URL: service.url,
        AWS_LAMBDA_LOG_LEVEL: "INFO",
        ...environment,
      },
      cwd: folder,
    });
    return `${stdout}${stderr}`
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as { level: string; message: string });
  } finally {
    await service.close();
  }
}

describe("each function's bundle", () => {
  // The networks' schema, layers and derivatives are 30 KB of each, their kernels and objective another 20 KB of the worker's; sums by
  // ranges, deltas, robust rules and measurements are another 30 KB of the aggregator's.
  it("is smaller than 730 KB: every byte is read at every cold start", () => {
    for (const role of ROLES)
      expect(statSync(join(bundles[role]!, "index.mjs")).size).toBeLessThan(730 * 1024);
  });

  it("holds kernels where they are run only", () => {
    for (const role of ROLES) {
      const text = readFileSync(join(bundles[role]!, "index.mjs"), "utf8");
      expect(text.includes("brotliDecompressSync")).toBe(role === "worker");
    }
  });

  it("is one file, without a source map that nothing would read", () => {
    for (const role of ROLES) expect(readdirSync(bundles[role]!)).toEqual(["index.mjs"]);
  });

  it("loads where nothing but Node is, and exports the handler", async () => {
    for (const role of ROLES) expect(await load(role, ENVIRONMENT)).toBe("handler function");
  });

  it("says which variable is missing", async () => {
    for (const role of ROLES) {
      const { BUCKET_NAME: _, ...rest } = ENVIRONMENT;
      await expect(load(role, rest)).rejects.toThrow(
        /environment variable BUCKET_NAME: expected a value, it is not set/,
      );
    }
  });

  it("writes warnings only, though Lambda's own level lets metrics through, unless the operator asks for more", async () => {
    // One command that is out of date, of which the log takes note, and one that can't be read, of which it warns.
    const stale = encodeControl({ version: 1, run: "example", action: "continue", tenure: 0 });
    const levels = async (level: string) =>
      (await linesOf([stale, "{"], { POWERTOOLS_LOG_LEVEL: level })).map(({ message }) => message);
    expect(await levels("WARN")).toEqual(["term-failed"]);
    expect(await levels("INFO")).toEqual(["control-stale", "term-failed"]);
  });
});
