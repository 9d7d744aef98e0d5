/**
 * For tests: chaos over sources with a bug in them, in a process of its own.
 * Usage: node mutant.ts NAME SEEDS. Prints one JSON object: the seed at which the bug was found, and by what.
 */
import { readFileSync, writeSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { mutations } from "./mutations.ts";

const [name = "", seeds = "0"] = process.argv.slice(2);
const changes = mutations[name];
if (changes === undefined) throw new Error(`no mutation is called ${JSON.stringify(name)}`);

const root = new URL("../../", import.meta.url);
const changed = new Set<string>();

registerHooks({
  load(url, context, nextLoad) {
    const own = changes.filter(({ file }) => new URL(file, root).href === url);
    if (own.length === 0) return nextLoad(url, context);
    let source = readFileSync(fileURLToPath(url), "utf8");
    for (const { file, find, replace } of own) {
      if (source.split(find).length !== 2) throw new Error(`${file}: expected exactly once: ${find}`);
      source = source.replace(find, () => replace);
      changed.add(file);
    }
    return { format: "module-typescript", source, shortCircuit: true };
  },
});

const { chaosSpecs, importChaosData } = await import("../specs.ts");
const { prepareStage } = await import("../baseline.ts");
const { runCampaign } = await import("../campaign.ts");
const { createEmbeddedService } = await import("../../embedded/service/service.ts");
const { CHAOS_RATIOS } = await import("../../embedded/faults/faults.ts");
const { objects } = createEmbeddedService({ seed: 1 }).cloud.client;
await importChaosData(objects, readFileSync(new URL("experiments/data/mushrooms.gz", root)));
const stages = [];
// Runs of few workers: with many some tasks are hedged, so that bugs show (or never end) without faults, too.
for (const { name: stage, spec } of chaosSpecs()) {
  if (typeof spec.workers === "number") stages.push(await prepareStage(objects, spec, stage));
}
for (const { file } of changes) if (!changed.has(file)) throw new Error(`${file} was never loaded`);
await runCampaign({
  stages,
  firstSeed: 1,
  seeds: Number(seeds),
  ratios: CHAOS_RATIOS,
  // At the first sign: with such a bug a trial may run in circles for ever.
  onViolation(seed, violation) {
    writeSync(1, `${JSON.stringify({ seed, violation })}\n`);
    process.exit(0);
  },
});
writeSync(1, `${JSON.stringify({ seed: null, violation: null })}\n`);
