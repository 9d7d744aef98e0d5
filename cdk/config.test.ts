import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { MarinaError } from "../shared/base/errors.ts";
import { readParameters } from "./config.ts";

const run = promisify(execFile);

describe("the parameters of a deployment", () => {
  it("have defaults", () => {
    expect(readParameters({})).toEqual({
      stackName: "Marina",
      workerMemoryMb: 1769,
      aggregatorMemoryMb: 1769,
      architecture: "arm64",
      maxConcurrency: 8,
      aggregatorConcurrency: 2,
      reserveAggregator: false,
      provisionedPollers: undefined,
      removal: "retain",
      logRetentionDays: 30,
      alarmTopicArn: undefined,
      local: false,
    });
  });

  it("are read from the texts of the command line and from the numbers of a file", () => {
    const parameters = readParameters({
      accountConcurrency: 1000,
      maxConcurrency: "64",
      workerMemoryMb: 3008,
      local: true,
      provisionedPollers: "2:6",
    });
    expect(parameters).toMatchObject({
      maxConcurrency: 64,
      workerMemoryMb: 3008,
      local: true,
      provisionedPollers: { least: 2, most: 6 },
    });
  });

  it("stand beside the CDK's own context", () => {
    expect(readParameters({ "@aws-cdk/core:something": true, "aws:cdk:bundling-stacks": [] }).stackName).toBe(
      "Marina",
    );
  });

  it.each([
    ["stackName", "2fast", /a letter, then at most 49/],
    ["stackName", "under_score", /a letter, then at most 49/],
    ["stackName", "M".repeat(51), /a letter, then at most 49/],
    ["workerMemoryMb", "127", /128 \.\. 10240/],
    ["aggregatorMemoryMb", "10241", /128 \.\. 10240/],
    ["workerMemoryMb", "1.5e3", /128 \.\. 10240/],
    ["workerMemoryMb", "", /128 \.\. 10240/],
    ["architecture", "x86-64", /arm64 or x86_64/],
    ["maxConcurrency", "1", /2 \.\. 1000/],
    ["maxConcurrency", "1001", /2 \.\. 1000/],
    ["aggregatorConcurrency", "1", /2 \.\. 1000/],
    ["accountConcurrency", "9", /10 \.\. 1000000/],
    ["maxConcurrency", "9", /at most 8, as accountConcurrency is 10 and 2 are for aggregators; .*doctor/],
    ["aggregatorConcurrency", "9", /at most 8, as accountConcurrency is 10 and 2 are for workers; .*doctor/],
    ["removal", "delete", /retain or destroy/],
    ["logRetentionDays", "31", /one of 1, 3, 5/],
    ["alarmTopicArn", "oncall", /ARN of an SNS topic/],
    ["local", "yes", /true or false/],
    ["provisionedPollers", "5", /least:most/],
    ["provisionedPollers", "5:4", /least to be at most most/],
    ["provisionedPollers", "1:4", /2 \.\. 200/],
    ["provisionedPollers", "2:4", /at most 0 pollers, .* maxConcurrency is 8 \(it follows/],
  ])("name the one that is wrong, what it may be, and what it was: %s = %s", (name, value, expected) => {
    let error: unknown;
    try {
      readParameters({ [name]: value });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(MarinaError);
    const { code, message } = error as MarinaError;
    expect(code).toBe("usage");
    expect(message.startsWith(`context parameter ${name}: expected `)).toBe(true);
    expect(message).toMatch(expected);
    expect(message).toContain(`got ${JSON.stringify(value)}`);
  });

  it("share an account's concurrency between workers and aggregators", () => {
    expect(readParameters({ accountConcurrency: "1000" })).toMatchObject({
      maxConcurrency: 900,
      aggregatorConcurrency: 20,
      reserveAggregator: true,
    });
    expect(readParameters({ accountConcurrency: "1000", aggregatorConcurrency: "300" })).toMatchObject({
      maxConcurrency: 620,
      aggregatorConcurrency: 300,
      reserveAggregator: true,
    });
  });

  it("refuse more workers than the account has room for beside the aggregators, without a hint where it is known", () => {
    const asked = { accountConcurrency: "500", aggregatorConcurrency: "40", maxConcurrency: "461" };
    expect(() => readParameters(asked)).toThrow(
      /^context parameter maxConcurrency: expected at most 460, as accountConcurrency is 500 and 40 are for aggregators, got "461"$/,
    );
    expect(readParameters({ ...asked, maxConcurrency: "460" }).maxConcurrency).toBe(460);
  });

  it("include no misspelt one", () => {
    expect(() => readParameters({ maxConcurency: "5" })).toThrow(
      /^context parameter maxConcurency: unknown; there are stackName, .*maxConcurrency/,
    );
  });
});

it("the application ends with one line and exit code 2 where a parameter is wrong", async () => {
  const env = { ...process.env, CDK_CONTEXT_JSON: JSON.stringify({ maxConcurrency: "5000" }) };
  const app = new URL("app.ts", import.meta.url).pathname;
  const failure = await run(process.execPath, [app], { env }).then(
    () => undefined,
    (error: unknown) => error as { code: number; stderr: string },
  );
  expect(failure?.code).toBe(2);
  expect(failure?.stderr).toBe(
    'marina: context parameter maxConcurrency: expected an integer of 2 .. 1000, got "5000"\n',
  );
});
