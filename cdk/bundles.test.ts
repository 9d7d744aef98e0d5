import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { App } from "aws-cdk-lib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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

describe("each function's bundle", () => {
  it("is smaller than 600 KB: every byte is read at every cold start", () => {
    for (const role of ROLES)
      expect(statSync(join(bundles[role]!, "index.mjs")).size).toBeLessThan(600 * 1024);
  });

  it("is one file and its source map", () => {
    for (const role of ROLES)
      expect(readdirSync(bundles[role]!).sort()).toEqual(["index.mjs", "index.mjs.map"]);
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
});
