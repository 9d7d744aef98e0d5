import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as keys from "./keys.ts";
import { NAME_PATTERN } from "./spec/names.ts";

const name = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,63}$/);

describe("object keys", () => {
  it("are those that people find in the bucket", () => {
    expect(keys.manifestKey("a9a")).toBe("datasets/a9a/manifest.json");
    expect(keys.spectraKey("a9a", "5-drop")).toBe("datasets/a9a/spectra/5-drop.json");
    expect(keys.specKey("r")).toBe("runs/r/spec.json");
    expect(keys.checkpointKey("r")).toBe("runs/r/checkpoint");
    expect(keys.resultKey("r")).toBe("runs/r/result.json");
    expect(keys.iterateKey("r", 0, 7)).toBe("runs/r/iterates/0/0000000007");
    expect(keys.contributionKey("r", 0, 7, 3)).toBe("runs/r/contributions/0/0000000007/0000000003");
    expect(keys.memoryKey("r", 3, 7)).toBe("runs/r/memory/0000000003/0000000007");
    expect(keys.roundsKey("r", 64)).toBe("runs/r/rounds/0000000064");
  });

  it("sort as their numbers do, up to the longest run that a spec allows", () => {
    const rounds = [0, 9, 10, 99, 4_000_000_000];
    const sorted = rounds.map((round) => keys.roundsKey("r", round)).sort();
    expect(sorted).toEqual(rounds.map((round) => keys.roundsKey("r", round)));
  });

  it("of one run never lie under another's prefix", () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        fc.pre(a !== b);
        expect(keys.checkpointKey(a).startsWith(keys.runPrefix(b))).toBe(false);
      }),
    );
  });
});

describe("queue names", () => {
  it("are names that SQS takes, under the stack's prefix, one for each run", () => {
    const prefix = fc.stringMatching(/^[a-z0-9-]{1,23}-$/);
    fc.assert(
      fc.property(prefix, name, name, (stack, a, b) => {
        expect(a).toMatch(NAME_PATTERN);
        const queue = keys.contributionsQueueName(stack, a);
        expect(queue).toMatch(/^[A-Za-z0-9_-]{1,80}$/);
        expect(queue.startsWith(keys.runQueuePrefix(stack))).toBe(true);
        if (a !== b) expect(keys.contributionsQueueName(stack, b)).not.toBe(queue);
      }),
    );
  });

  it("tell runs apart that agree in their first 38 characters or in all but dots", () => {
    const long = "r".repeat(40);
    expect(keys.contributionsQueueName("m-", `${long}a`)).not.toBe(
      keys.contributionsQueueName("m-", `${long}b`),
    );
    expect(keys.contributionsQueueName("m-", "a.b")).not.toBe(keys.contributionsQueueName("m-", "a_b"));
  });
});
