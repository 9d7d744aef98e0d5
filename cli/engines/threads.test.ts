import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import { gradientThreads } from "./threads.ts";

describe("threads for gradients", () => {
  it("are as many as the user says, none included", () => {
    expect(gradientThreads("0")).toBe(0);
    expect(gradientThreads("3")).toBe(3);
  });

  it("leave the main thread a core of its own when the user says nothing", () => {
    expect(gradientThreads("")).toBeLessThan(availableParallelism());
  });

  it.each(["-1", "1.5", "many", "65"])("are refused when %s are wanted", (wanted) => {
    expect(() => gradientThreads(wanted)).toThrow(`got "${wanted}"`);
  });
});
