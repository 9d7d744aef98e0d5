import { describe, expect, it } from "vitest";
import { closingUsage } from "./closing.ts";
import { addUsage, type Usage, zeroUsage } from "./usage.ts";

/** The counts that are not zero, by path. */
function counted(usage: Usage): Record<string, number> {
  const found: Record<string, number> = {};
  const walk = (value: object, path: string): void => {
    for (const [name, inner] of Object.entries(value)) {
      if (typeof inner === "object") walk(inner as object, `${path}${name}.`);
      else if (inner !== 0) found[path + name] = inner as number;
    }
  };
  walk(usage.method, "");
  walk(usage.evaluation, "evaluation.");
  return found;
}

/** What calibration took is looked up for the result. */
const ENDED = { "evaluation.objects.getRequests": 1 };
const ALWAYS = { "standardQueues.emptyReceiveRequests": 8, "fifoMapping.deleteRequests": 1 };

describe("what a tenure's end will ask for", () => {
  it("is two PUTs and a GET, three LISTs and two calls on the run's queue when the run is over", () => {
    expect(counted(closingUsage("over", 8))).toEqual({
      ...ALWAYS,
      ...ENDED,
      "objects.putRequests": 2,
      "objects.getRequests": 1,
      "objects.listRequests": 3,
      "standardQueues.manageRequests": 2,
    });
  });

  it("leaves queue and objects alone when the run has failed and may be resumed", () => {
    expect(counted(closingUsage("failed", 8))).toEqual({
      ...ALWAYS,
      ...ENDED,
      "objects.putRequests": 2,
      "objects.getRequests": 1,
    });
  });

  it("deletes the user's command, too, when that has stopped it", () => {
    expect(counted(closingUsage("stopped", 8))).toEqual({
      ...ALWAYS,
      ...ENDED,
      "objects.putRequests": 2,
      "objects.getRequests": 1,
      "standardQueues.deleteRequests": 1,
      "standardQueues.deletedMessages": 1,
    });
  });

  it("is a PUT and a message to the next tenure at a hand-over", () => {
    expect(counted(closingUsage("handed-over", 8))).toEqual({
      ...ALWAYS,
      "objects.putRequests": 1,
      "fifoQueues.sendRequests": 1,
      "fifoQueues.sentMessages": 1,
    });
  });

  it("adds to other counts", () => {
    expect(addUsage(zeroUsage(), closingUsage("failed", 8))).toEqual(closingUsage("failed", 8));
  });
});
