/** Objects that come damaged, and objects that lie damaged in the store: many more of them than among all faults at once. */
import { beforeAll, describe, expect, it } from "vitest";
import type { FaultRatios } from "../embedded/faults/faults.ts";
import { createEmbeddedService } from "../embedded/service/service.ts";
import { importLibsvm } from "../shared/data/import.ts";
import { parseRunSpec, type RunSpecInput } from "../shared/protocol/spec/spec.ts";
import { prepareStage, type Stage } from "./baseline.ts";
import { stageNamed, storeWithChaosData } from "./testing/stages.ts";
import { runTrial, type Trial } from "./trial.ts";

/** 8 d bytes in base64 are more than 1 MiB: iterates and contributions lie in the store. */
const WIDE = 100_003;

async function* wideRows(): AsyncGenerator<Uint8Array> {
  const rows = Array.from(
    { length: 12 },
    (_, row) => `${row % 2 === 0 ? 1 : -1} ${1 + row}:1 ${WIDE - row}:${1 + row}`,
  );
  yield new TextEncoder().encode(`${rows.join("\n")}\n`);
}

async function wideStage(): Promise<Stage> {
  const { objects } = createEmbeddedService({ seed: 1 }).cloud.client;
  await importLibsvm(wideRows(), {
    name: "wide",
    sourceName: "wide.txt",
    labels: "binary",
    dimension: WIDE,
    objects,
  });
  const spec: RunSpecInput = {
    data: "wide",
    workers: 3,
    problem: { kind: "logistic" },
    algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 90_000 }, probability: 0.3, stepSize: 0.1 },
    stop: { rounds: 6 },
  };
  return prepareStage(objects, parseRunSpec(spec, "test"), "wide");
}

let small: Stage;
let wide: Stage;
let kept: Stage;

beforeAll(async () => {
  const objects = await storeWithChaosData();
  small = await stageNamed(objects, "diana/1");
  kept = await stageNamed(objects, "marina, gradients kept");
  wide = await wideStage();
}, 180_000);

async function trials(stage: Stage, ratios: FaultRatios, seeds: number): Promise<Trial[]> {
  const done: Trial[] = [];
  for (let seed = 1; seed <= seeds; seed++) done.push(await runTrial(stage, { seed, ratios }));
  return done;
}

const objectsStruck = (all: readonly Trial[], kind: string) =>
  all.reduce((sum, { faults }) => sum + faults.filter((fault) => fault.startsWith(kind)).length, 0);

describe("reads of which one in twenty brings damaged bytes", () => {
  it("change nothing: every run is done by itself, with its bits", async () => {
    for (const [stage, seeds] of [
      [small, 15],
      [wide, 4],
    ] as const) {
      const all = await trials(stage, { objectGarbled: 0.05, aggregatorKilled: 0.004 }, seeds);
      expect(all.flatMap(({ violations }) => violations)).toEqual([]);
      expect(new Set(all.map(({ ended }) => ended))).toEqual(new Set(["done"]));
      expect(objectsStruck(all, "objectGarbled")).toBeGreaterThan(10);
    }
  }, 180_000);
});

describe("gradients kept in the store, of which one in three is lost and one in ten arrives damaged", () => {
  it("are computed again where they are not what they should be: every run is done by itself, with its bits", async () => {
    const all = await trials(kept, { cacheLost: 0.33, objectGarbled: 0.1, workerKilled: 0.01 }, 15);
    expect(all.flatMap(({ violations }) => violations)).toEqual([]);
    expect(new Set(all.map(({ ended }) => ended))).toEqual(new Set(["done"]));
    expect(objectsStruck(all, "cacheLost")).toBeGreaterThan(15 * 30);
    expect(objectsStruck(all, "objectGarbled")).toBeGreaterThan(15 * 3);
  }, 180_000);
});

describe("writes of which some lie damaged in the store", () => {
  it("fail the run where nobody can do without them, and say which; after the repair it has its bits", async () => {
    const ratios = { objectDamaged: 0.02, aggregatorKilled: 0.01, aggregatorFrozen: 0.004 };
    const all = [...(await trials(small, ratios, 24)), ...(await trials(wide, ratios, 12))];
    expect(all.flatMap(({ violations }) => violations)).toEqual([]);
    const failed = all.filter(({ ended }) => ended === "failed");
    for (const { error } of failed)
      expect(error).toMatch(/3 reads of runs\/chaos\/\S+ say so: it is damaged/);
    const errors = failed.map(({ error }) => error!);
    const about = (what: RegExp) => errors.filter((error) => what.test(error)).length;
    expect(about(/^run chaos can't go on from its checkpoint: .*marina resume chaos/)).toBeGreaterThan(0);
    expect(
      about(
        /^run chaos, round \d+, worker \d: runs\/chaos\/memory\/.*its shard: rows .*marina resume chaos$/,
      ),
    ).toBeGreaterThan(0);
    expect(
      about(/^run chaos, round \d+, worker \d: runs\/chaos\/iterates\/.*marina resume chaos$/),
    ).toBeGreaterThan(0);
    // A contribution is made again, a checkpoint written over before anybody reads it: not all damage does harm.
    const unharmed = all.filter(
      ({ ended, faults }) => ended === "done" && faults.some((f) => f.startsWith("objectDamaged")),
    );
    expect(unharmed.length).toBeGreaterThan(0);
  }, 180_000);
});
