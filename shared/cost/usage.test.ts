import { describe, expect, it } from "vitest";
import { addUsage, parseUsage, subtractUsage, zeroUsage } from "./usage.ts";

function sample(base: number) {
  const usage = zeroUsage();
  usage.method.worker.invocations = base;
  usage.method.objects.putBytes = base * 1000;
  usage.evaluation.fifoQueues.sendRequests = base + 1;
  return usage;
}

describe("usage counts", () => {
  it("add and subtract count by count, in both accounts", () => {
    const sum = addUsage(sample(2), sample(5));
    expect(sum.method.worker.invocations).toBe(7);
    expect(sum.method.objects.putBytes).toBe(7000);
    expect(sum.evaluation.fifoQueues.sendRequests).toBe(9);
    expect(sum.method.worker.coldStarts).toBe(0);
    expect(subtractUsage(sum, sample(5))).toEqual(sample(2));
  });

  it("come back from their text as they were", () => {
    expect(parseUsage(JSON.stringify(sample(3)))).toEqual(sample(3));
    expect(parseUsage(JSON.parse(JSON.stringify(sample(3))))).toEqual(sample(3));
  });

  it("are refused with the place when a count is negative, missing or unknown", () => {
    const negative = sample(1);
    negative.method.worker.invocations = -1;
    expect(() => parseUsage(JSON.stringify(negative))).toThrow(/method\.worker\.invocations/);
    expect(() => parseUsage("{")).toThrow(/the whole value/);
    expect(() => parseUsage({ ...sample(1), version: 2 })).toThrow(/version/);
    expect(() => parseUsage({ version: 1, method: sample(1).method })).toThrow(/evaluation/);
  });
});
