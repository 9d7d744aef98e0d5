/**
 * For tests: chaos over a service with a bug in it, in a process of its own, as it may run in circles for ever.
 * Usage: node mutant.ts NAME SEEDS. Prints one JSON object: in which run and at which seed the bug was found, and by what.
 */
import { writeSync } from "node:fs";
import { CHAOS_RATIOS } from "../../embedded/faults/faults.ts";
import { prepareStage, type Stage } from "../baseline.ts";
import { runSeeds } from "../campaign.ts";
import { chaosSpecs } from "../specs.ts";
import { ELASTIC, IN_FLOAT32, mutations, OF_KEPT_GRADIENTS, WRONG_WITHOUT_FAULTS } from "./mutations.ts";
import { storeWithChaosData } from "./stages.ts";

const [name = "", seeds = "0"] = process.argv.slice(2);
const alter = mutations[name];
if (alter === undefined) throw new Error(`no mutation is called ${JSON.stringify(name)}`);

const objects = await storeWithChaosData();
// Runs of few workers: with many some tasks are hedged, so that bugs show (or never end) without faults, too.
const elastic = ELASTIC.get(name);
const specs = chaosSpecs().filter(({ spec }) => {
  if ((spec.iterate === "float32") !== IN_FLOAT32.has(name)) return false;
  if ((spec.reuse === "store") !== OF_KEPT_GRADIENTS.has(name)) return false;
  return elastic === undefined
    ? typeof spec.workers === "number"
    : typeof spec.workers !== "number" && elastic(spec);
});
const prepared = new Map<number, Promise<Stage>>();

/** Most bugs are found by the first few seeds: the runs without faults are made as they are needed. */
function stageOf(seed: number): Promise<Stage> {
  const at = seed % specs.length;
  const { name: stage, spec } = specs[at]!;
  const making =
    prepared.get(at) ??
    prepareStage(objects, spec, stage, WRONG_WITHOUT_FAULTS.has(name) ? undefined : alter);
  prepared.set(at, making);
  return making;
}

for (let seed = 1; seed <= Number(seeds); seed++) {
  await runSeeds([seed], {
    stages: [await stageOf(seed)],
    ratios: CHAOS_RATIOS,
    alter,
    // At the first sign: with such a bug a trial may never end.
    onViolation(_seed, violation) {
      writeSync(1, `${JSON.stringify({ stage: specs[seed % specs.length]!.name, seed, violation })}\n`);
      process.exit(0);
    },
  });
}
writeSync(1, `${JSON.stringify({ stage: null, seed: null, violation: null })}\n`);
