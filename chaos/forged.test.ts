/** Wrong numbers under the right checksum: found in compressed differences, whose size is bounded, and sent again. */
import { beforeAll, describe, expect, it } from "vitest";
import type { FaultName } from "../embedded/faults/faults.ts";
import type { ObjectStore } from "../shared/cloud/ports.ts";
import { parseRunSpec, type RunSpecInput } from "../shared/protocol/spec/spec.ts";
import { prepareStage } from "./baseline.ts";
import { CHAOS_DATA } from "./specs.ts";
import { storeWithChaosData } from "./testing/stages.ts";
import { runTrial } from "./trial.ts";

let data: ObjectStore;
beforeAll(async () => {
  data = await storeWithChaosData();
});

/** Behind five answers of calibration and the five of round 0: messages of compressed rounds, some sent again. */
const FORGED: readonly FaultName[] = [13, 14, 27, 41, 66, 67, 68].map((n): FaultName => `messageForged#${n}`);

async function trial(algorithm: RunSpecInput["algorithm"], change: Partial<RunSpecInput> = {}) {
  const spec = parseRunSpec(
    {
      ...{ data: CHAOS_DATA, workers: 5, problem: { kind: "nonconvex-binary" }, stop: { rounds: 20 } },
      ...{ algorithm, seed: 4, evaluateEvery: 7, ...change },
    },
    "forged",
  );
  const stage = await prepareStage(data, spec, "forged");
  return runTrial(stage, { seed: 1, ratios: {}, only: new Set(FORGED) });
}

const never = { probability: 1e-9 } as const;

describe("a message with wrong numbers and the right checksum", () => {
  it.each<[string, RunSpecInput["algorithm"], Partial<RunSpecInput>]>([
    ["MARINA", { kind: "marina", compressor: { kind: "rand-k", k: 10 }, ...never }, {}],
    ["MARINA, PermK", { kind: "marina", compressor: { kind: "perm-k" }, ...never }, {}],
    ["MARINA, l2-quantization", { kind: "marina", compressor: { kind: "l2-quantization" }, ...never }, {}],
    [
      "MARINA, QSGD, packed",
      { kind: "marina", compressor: { kind: "qsgd", levels: 4 }, ...never },
      { workers: 10, shardsPerTask: 2 },
    ],
    ["VR-MARINA", { kind: "vr-marina", compressor: { kind: "rand-k", k: 10 }, batchSize: 8, ...never }, {}],
    [
      "PP-MARINA by importance",
      {
        kind: "pp-marina",
        compressor: { kind: "rand-k", k: 10 },
        participants: 5,
        sampling: "importance",
        ...never,
      },
      {},
    ],
  ])("counts for nothing, and the run ends with its own bits: %s", async (_name, algorithm, change) => {
    const { ended, faults, violations } = await trial(algorithm, change);
    expect(faults.length).toBeGreaterThan(3);
    expect(violations).toEqual([]);
    expect(ended).toBe("done");
  });

  it("is not found where nothing bounds the messages: the run ends with other bits", async () => {
    const { faults, violations } = await trial({
      kind: "qgd",
      compressor: { kind: "rand-k", k: 10 },
      stepSize: 0.05,
    });
    expect(faults.length).toBeGreaterThan(3);
    expect(violations.length).toBeGreaterThan(0);
  });
});
