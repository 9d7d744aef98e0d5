import { afterEach, describe, expect, it, vi } from "vitest";
import { createLambdaLog } from "./log.ts";

/** What the log writes while `act` runs, as parsed lines. */
function linesOf(act: () => void): Record<string, unknown>[] {
  const written: string[] = [];
  const take = (chunk: string | Uint8Array): boolean => {
    written.push(String(chunk));
    return true;
  };
  const out = vi.spyOn(process.stdout, "write").mockImplementation(take);
  const error = vi.spyOn(process.stderr, "write").mockImplementation(take);
  try {
    act();
  } finally {
    out.mockRestore();
    error.mockRestore();
  }
  return written
    .join("")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

afterEach(() => {
  vi.unstubAllEnvs();
});

it("writes a warning as one JSON line with its fields and the request", () => {
  const log = createLambdaLog("worker");
  log.begin("q1");
  const lines = linesOf(() => log.warn("task-failed", { run: "r", round: 3, error: "two\nlines" }));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({
    level: "WARN",
    message: "task-failed",
    service: "worker",
    requestId: "q1",
    run: "r",
    round: 3,
    error: "two\nlines",
  });
});

it("writes no information, whose lines would cost as much as the requests", () => {
  expect(linesOf(() => createLambdaLog("worker").info("answer-unwanted", {}))).toEqual([]);
});

it("writes information where the operator asks for it", () => {
  vi.stubEnv("POWERTOOLS_LOG_LEVEL", "INFO");
  expect(linesOf(() => createLambdaLog("worker").info("answer-unwanted", { run: "r" }))).toMatchObject([
    { level: "INFO", message: "answer-unwanted", run: "r" },
  ]);
});

describe("under Lambda's own log level, which goes before POWERTOOLS_LOG_LEVEL for the logger", () => {
  it.each([
    [undefined, ["WARN"]],
    ["WARN", ["WARN"]],
    ["INFO", ["INFO", "WARN"]],
    ["debug", ["INFO", "WARN"]],
    ["ERROR", []],
    ["LOUD", ["WARN"]],
  ])("with POWERTOOLS_LOG_LEVEL %s lines of %j are written", (level, expected) => {
    vi.stubEnv("AWS_LAMBDA_LOG_LEVEL", "INFO");
    vi.stubEnv("POWERTOOLS_LOG_LEVEL", level);
    const written = linesOf(() => {
      const log = createLambdaLog("worker");
      log.info("answer-unwanted", {});
      log.warn("task-failed", {});
    });
    expect(written.map((line) => line.level)).toEqual(expected);
  });
});
