import { describe, expect, it } from "vitest";
import { requiredCount, requiredVariable } from "./environment.ts";

describe("a function's environment", () => {
  it("gives a variable's text and a count's number", () => {
    expect(requiredVariable("BUCKET_NAME", { BUCKET_NAME: "b" })).toBe("b");
    expect(requiredCount("WORKER_MEMORY_MB", { WORKER_MEMORY_MB: "1769" })).toBe(1769);
  });

  it.each([{}, { BUCKET_NAME: "" }])("names a variable that is not set", (env) => {
    expect(() => requiredVariable("BUCKET_NAME", env)).toThrow(
      /^environment variable BUCKET_NAME: expected a value/,
    );
  });

  it.each(["0", "-1", "1.5", "many"])("names a count that is none: %s", (text) => {
    expect(() => requiredCount("WORKER_MEMORY_MB", { WORKER_MEMORY_MB: text })).toThrow(
      `environment variable WORKER_MEMORY_MB: expected a positive integer, got "${text}"`,
    );
  });
});
