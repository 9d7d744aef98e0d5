import { describe, expect, it } from "vitest";
import { gradientThreads } from "./threads.ts";

describe("threads for gradients", () => {
  it("are as many as the user says", () => {
    expect(gradientThreads("0")).toBe(0);
    expect(gradientThreads("3")).toBe(3);
  });

  it("are one for each core but one when the user says nothing, seven at most", () => {
    expect([1, 2, 8, 64].map((cores) => gradientThreads("", cores))).toEqual([0, 1, 7, 7]);
  });

  it.each(["-1", "1.5", "many", "65"])("are refused when %s are wanted", (wanted) => {
    expect(() => gradientThreads(wanted)).toThrow(`got "${wanted}"`);
  });
});
