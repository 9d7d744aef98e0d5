import { beforeAll, describe, expect, it } from "vitest";
import { prepareStage, type Stage } from "../../chaos/baseline.ts";
import { runSeeds } from "../../chaos/campaign.ts";
import { CHAOS_DATA } from "../../chaos/specs.ts";
import { storeWithChaosData } from "../../chaos/testing/stages.ts";
import type { ObjectStore } from "../../shared/cloud/ports.ts";
import { parseRunSpec, type RunSpec } from "../../shared/protocol/spec/spec.ts";
import { CHAOS_RATIOS } from "../faults/faults.ts";

const SEEDS = 45;
const randK = { kind: "rand-k", k: 10 } as const;
const quantizer = { kind: "qsgd", levels: 4 } as const;

const runs = {
  DIANA: { algorithm: { kind: "diana", compressor: randK } },
  "DIANA with a quantiser, strict": {
    algorithm: { kind: "diana", compressor: quantizer },
    durability: "strict",
  },
  "DIANA, packed": { algorithm: { kind: "diana", compressor: randK }, shardsPerTask: 3, checkpointEvery: 4 },
  EF21: { algorithm: { kind: "ef21", compressor: { kind: "top-k", k: 10 } } },
  "EF21 with a quantiser, packed": {
    algorithm: { kind: "ef21", compressor: quantizer },
    shardsPerTask: 3,
    checkpointEvery: 4,
  },
  DASHA: { algorithm: { kind: "dasha", compressor: randK } },
  "DASHA with a quantiser, packed": {
    algorithm: { kind: "dasha", compressor: quantizer },
    shardsPerTask: 3,
    checkpointEvery: 4,
  },
  "VR-DIANA": { algorithm: { kind: "vr-diana", compressor: randK, batchSize: 8, probability: 0.2 } },
} as const;
type Name = keyof typeof runs;
const names = Object.keys(runs) as readonly Name[];

function specOf(name: Name, shift: "stored" | "carried"): RunSpec {
  const { algorithm, ...rest } = runs[name];
  return parseRunSpec(
    {
      data: CHAOS_DATA,
      workers: 5,
      problem: { kind: "nonconvex-binary" },
      stop: { rounds: 30 },
      evaluateEvery: 7,
      seed: 4,
      ...rest,
      algorithm: { ...algorithm, shift },
    },
    name,
  );
}

let data: ObjectStore;
const carried = new Map<Name, Stage>();
const stored = new Map<Name, Stage>();

beforeAll(async () => {
  data = await storeWithChaosData();
  for (const name of names) {
    stored.set(name, await prepareStage(data, specOf(name, "stored"), name));
    carried.set(name, await prepareStage(data, specOf(name, "carried"), name));
  }
}, 60_000);

describe("shifts that the aggregator carries", () => {
  it.each(names)("give %s the bits that it has with stored ones", (name) => {
    expect(carried.get(name)!.iterateSha256).toBe(stored.get(name)!.iterateSha256);
  });

  it.each(names)("spare %s dollars", (name) => {
    expect(carried.get(name)!.usd).toBeLessThan(0.8 * stored.get(name)!.usd);
  });

  it("change no bit under faults: crashes, duplicates, late and lost messages", async () => {
    const stages = [...carried.values()];
    const campaign = await runSeeds(
      Array.from({ length: SEEDS }, (_, i) => i + 1),
      { stages, ratios: CHAOS_RATIOS },
    );
    expect(campaign.failures).toEqual([]);
    expect(campaign.endings["done"]).toBeGreaterThan(0.8 * SEEDS);
  }, 120_000);
});
