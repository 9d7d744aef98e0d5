import { beforeAll, describe, expect, it } from "vitest";
import { CHAOS_RATIOS, type FaultName, faultKinds } from "../embedded/faults/faults.ts";
import { prepareStage, type Stage } from "./baseline.ts";
import { type Campaign, runSeeds } from "./campaign.ts";
import { chaosSpecs } from "./specs.ts";
import { storeWithChaosData } from "./testing/stages.ts";
import { runTrial } from "./trial.ts";

/** Few enough for half a minute on a busy machine; `npm run chaos` takes ten thousand. */
const SEEDS = 240;

const stages: Stage[] = [];
let campaign: Campaign;

beforeAll(async () => {
  const objects = await storeWithChaosData();
  for (const { name, spec } of chaosSpecs()) stages.push(await prepareStage(objects, spec, name));
  campaign = await runSeeds(
    Array.from({ length: SEEDS }, (_, i) => i + 1),
    { stages, ratios: CHAOS_RATIOS },
  );
}, 180_000);

describe("under all faults at once", () => {
  it("every run ends with the bits that it has without faults, and nothing that must hold is broken", () => {
    expect(campaign.failures).toEqual([]);
    expect(campaign.seeds).toBe(SEEDS);
  });

  it("each kind of fault has struck", () => {
    for (const kind of faultKinds.filter((each) => CHAOS_RATIOS[each] > 0))
      expect(campaign.faultsByKind[kind], kind).toBeGreaterThan(0);
  });

  it("most runs come through by themselves", () => {
    expect(campaign.endings.done).toBeGreaterThan(0.85 * SEEDS);
  });
});

describe("seeds that once broke a law", () => {
  it.each([
    // A write of a frozen aggregator held up everybody's until it thawed: 66 times the run's price.
    ["pp-marina/2", 1661, "done"],
    // The store refused the result, which is written after the bill.
    ["pp-marina/2", 21_763, "done"],
    // The last answer came while the aggregator looked into the queue, and the clock jumped: nobody was late any more.
    ["marina, float32 iterates, deltas, reduced, packed, 5 to 12 to 4 workers", 16_826, "done"],
    // Aggregators stood still seven times: that is paid for, and made it more than fifty times as dear.
    ["marina, a robust rule", 18_922, "done"],
    // The last checkpoint was stored damaged, and its aggregator died with the result written and the queue still there.
    ["gd, reduced", 47_188, "done"],
    // A frozen aggregator's call made the queue anew after the end, and told of a failure.
    ["marina, gradients kept, deltas, reduced, packed", 88_733, "done"],
    // An aggregator stood still with the result of its own ending on its way, until the run had been repaired and resumed.
    ["diana/2", 101_977, "failed"],
    // An aggregator was killed after it had waited ten seconds for an answer: it alone knew of them, and they are in no bill.
    ["pp-marina, a robust rule", 114_818, "done"],
    // The aggregator of the fifth delivery was killed when all that was left to do was to delete the queue.
    ["marina, reduced, 5 to 12 workers", 5688, "done"],
    // The last checkpoint was stored, but its aggregator could not know it and failed: its last ten seconds are in no bill.
    ["pp-marina, a robust rule", 60_054, "done"],
  ] as const)("%s, seed %i: %s", async (name, seed, ended) => {
    const stage = stages.find((one) => one.name === name)!;
    expect(await runTrial(stage, { seed, ratios: CHAOS_RATIOS })).toMatchObject({ ended, violations: [] });
  });
});

describe("a trial", () => {
  it("replays to the same event from its seed, and from the list of its faults alone", async () => {
    const events = async (only?: ReadonlySet<string>): Promise<string[]> => {
      const lines: string[] = [];
      const trace = (at: number, line: string) => lines.push(`${at} ${line}`);
      await runTrial(stages[3]!, {
        seed: 17,
        ratios: CHAOS_RATIOS,
        trace,
        ...(only === undefined ? {} : { only }),
      });
      return lines;
    };
    const first = await events();
    expect(first.length).toBeGreaterThan(100);
    expect(await events()).toEqual(first);
    const { faults } = await runTrial(stages[3]!, { seed: 17, ratios: CHAOS_RATIOS });
    expect(await events(new Set<string>(faults))).toEqual(first);
    const none = await runTrial(stages[3]!, { seed: 17, ratios: CHAOS_RATIOS, only: new Set<FaultName>() });
    expect(none).toMatchObject({ faults: [], ended: "done", violations: [] });
  });
});
