/**
 * For tests: chaos over a service with a bug in it, in a process of its own, as it may run in circles for ever.
 * Usage: node mutant.ts NAME SEEDS. Prints one JSON object: the seed at which the bug was found, and by what.
 */
import { readFileSync, writeSync } from "node:fs";
import { CHAOS_RATIOS } from "../../embedded/faults/faults.ts";
import { createEmbeddedService } from "../../embedded/service/service.ts";
import { shippedFile } from "../../shared/data/testing/load.ts";
import { prepareStage } from "../baseline.ts";
import { runCampaign } from "../campaign.ts";
import { chaosSpecs, importChaosData } from "../specs.ts";
import { mutations } from "./mutations.ts";

const [name = "", seeds = "0"] = process.argv.slice(2);
const alter = mutations[name];
if (alter === undefined) throw new Error(`no mutation is called ${JSON.stringify(name)}`);

const { objects } = createEmbeddedService({ seed: 1 }).cloud.client;
await importChaosData(objects, readFileSync(shippedFile("mushrooms")));
const stages = [];
// Runs of few workers: with many some tasks are hedged, so that bugs show (or never end) without faults, too.
for (const { name: stage, spec } of chaosSpecs()) {
  if (typeof spec.workers === "number") stages.push(await prepareStage(objects, spec, stage, alter));
}
await runCampaign({
  stages,
  firstSeed: 1,
  seeds: Number(seeds),
  ratios: CHAOS_RATIOS,
  alter,
  // At the first sign: with such a bug a trial may never end.
  onViolation(seed, violation) {
    writeSync(1, `${JSON.stringify({ seed, violation })}\n`);
    process.exit(0);
  },
});
writeSync(1, `${JSON.stringify({ seed: null, violation: null })}\n`);
