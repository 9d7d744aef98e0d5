import { createReadStream } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_CONFIGURATION } from "../embedded/service/configuration.ts";
import { importLibsvm } from "../shared/data/import.ts";
import { shippedFile } from "../shared/data/testing/load.ts";
import { memoryStore } from "../shared/data/testing/memory-store.ts";
import { parseRunSpec, type RunSpec } from "../shared/protocol/spec/spec.ts";
import { predict } from "./predict.ts";

const objects = memoryStore();
const STACK = { ...DEFAULT_CONFIGURATION, workerConcurrency: 900 };

beforeAll(async () => {
  const about = { name: "mushrooms", sourceName: "mushrooms.gz", labels: "binary", objects } as const;
  await importLibsvm(createReadStream(shippedFile("mushrooms")), about);
});

function specOf(stepSize: number, rounds: number): RunSpec {
  return parseRunSpec(
    {
      data: "mushrooms",
      workers: 5,
      // The regulariser's gradient is x: a step of s multiplies |x| by about s - 1 a round.
      problem: { kind: "logistic", regularizer: { kind: "l2", lambda: 1 } },
      algorithm: { kind: "gd", stepSize },
      wire: "float32",
      stop: { rounds },
    },
    "a test",
  );
}

describe("a prediction", () => {
  it("is that of the trial's rounds, for as many as the spec allows", async () => {
    const prediction = await predict(objects, specOf(0.1, 1000), STACK);
    expect(prediction?.usdPerRound).toBeGreaterThan(0);
    expect(prediction?.usdAtMost).toBeCloseTo(1000 * prediction!.usdPerRound, 12);
    expect(prediction?.secondsAtMost).toBeCloseTo(1000 * prediction!.secondsPerRound, 9);
  });

  it("is refused for a run that would not end well, with the reason: the bits would be the same on the stack", async () => {
    await expect(predict(objects, specOf(100, 1000), STACK)).rejects.toThrow(
      /^a trial of its first rounds ends as diverged: .*worker \d/,
    );
  });

  it("is by the prices of the stack's region", async () => {
    const of = async (region: string) => (await predict(objects, specOf(0.1, 60), { ...STACK, region }))!;
    const [virginia, ireland, frankfurt] = [
      await of("us-east-1"),
      await of("eu-west-1"),
      await of("eu-central-1"),
    ];
    expect(ireland).toEqual(virginia);
    expect(frankfurt.secondsPerRound).toBe(virginia.secondsPerRound);
    // A PUT is 8 % dearer, a GET 7.5 %, and more than a tenth of the bill are PUTs: each round's checkpoint.
    const dearer = frankfurt.usdPerRound / virginia.usdPerRound - 1;
    expect(dearer).toBeGreaterThan(0.008);
    expect(dearer).toBeLessThan(0.08);
  });

  it("knows how many workers there may be, and that a mapping begins with five", async () => {
    const of = async (workers: number, workerConcurrency: number) =>
      (await predict(objects, { ...specOf(0.1, 60), workers }, { ...STACK, workerConcurrency }))!
        .secondsPerRound;
    // Five are there from the start.
    expect(await of(5, 900)).toBe(await of(5, 5));
    expect(await of(40, 900)).toBeGreaterThan(await of(5, 900));
    expect(await of(40, 8)).toBeGreaterThan(await of(40, 900));
  });
});
