import { describe, expect, it } from "vitest";
import { gradientThreads } from "./threads.ts";

describe("threads for gradients", () => {
  it("are as many as the user says", () => {
    expect(gradientThreads("0")).toBe(0);
    expect(gradientThreads("3")).toBe(3);
  });

  it("are none when the user says nothing", () => {
    expect(gradientThreads("")).toBe(0);
  });

  it.each(["-1", "1.5", "many", "65"])("are refused when %s are wanted", (wanted) => {
    expect(() => gradientThreads(wanted)).toThrow(`got "${wanted}"`);
  });
});
