import { expect, it } from "vitest";
import { CHAOS_RATIOS } from "../embedded/faults/faults.ts";
import { prepareStage } from "./baseline.ts";
import { emptyCampaign, runSeeds, together } from "./campaign.ts";
import { runInParallel } from "./parallel.ts";
import { chaosSpecs } from "./specs.ts";
import { storeWithChaosData } from "./testing/stages.ts";

it("seeds on two threads come to the same as one after the other, each once", async () => {
  const objects = await storeWithChaosData();
  const stages = [];
  for (const { name, spec } of chaosSpecs().slice(0, 2)) stages.push(await prepareStage(objects, spec, name));
  const setting = { stages, ratios: CHAOS_RATIOS };
  const seeds = Array.from({ length: 24 }, (_, i) => i + 1);
  const alone = await runSeeds(seeds, setting);
  let beside = emptyCampaign();
  const done: number[] = [];
  await runInParallel({
    ...setting,
    threads: 2,
    seeds: seeds[Symbol.iterator](),
    enough: () => false,
    onPart: (some, part) => {
      done.push(...some);
      beside = together(beside, part);
    },
  });
  expect(beside).toEqual(alone);
  expect(done.sort((a, b) => a - b)).toEqual(seeds);
  let asked = 0;
  await runInParallel({
    ...setting,
    threads: 1,
    seeds: [1, 2][Symbol.iterator](),
    enough: () => true,
    onPart: () => asked++,
  });
  expect(asked).toBe(0);
}, 180_000);
