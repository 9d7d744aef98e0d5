/** `marina chaos`: runs under seeded faults, on the embedded cloud; every run must have the bits it has without them. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import {
  type Campaign,
  chaosSpecs,
  type Failure,
  importChaosData,
  type NamedSpec,
  prepareStage,
  runCampaign,
  type Stage,
} from "../../chaos/index.ts";
import { type EngineOptions, findManifest, readJson, readSpec, withEngine } from "../../client/index.ts";
import { CHAOS_RATIOS, createEmbeddedService, type FaultRatios, faultKinds } from "../../embedded/index.ts";
import { checked, MarinaError } from "../../shared/base/index.ts";
import type { ObjectStore } from "../../shared/cloud/index.ts";
import { type PrintOptions, print } from "../output/print.ts";

const MUSHROOMS = fileURLToPath(new URL("../../experiments/data/mushrooms.gz", import.meta.url));
const PROGRESS_MILLISECONDS = 2000;

export interface ChaosOptions extends EngineOptions, PrintOptions {
  readonly seeds: number;
  readonly seed: number;
  readonly faults?: string;
}

export async function chaos(specPath: string | undefined, options: ChaosOptions): Promise<void> {
  if (options.on !== "embedded") {
    throw new MarinaError(
      "usage",
      "chaos runs on the embedded cloud alone, where faults can be drawn from a seed: leave --on out",
    );
  }
  const ratios = options.faults === undefined ? CHAOS_RATIOS : readRatios(options.faults);
  const stages = await prepare(specPath, options);
  const started = performance.now();
  let shown = started;
  const campaign = await runCampaign({
    stages,
    firstSeed: options.seed,
    seeds: options.seeds,
    ratios,
    onTrial(_trial, done) {
      const now = performance.now();
      if (now - shown < PROGRESS_MILLISECONDS) return;
      shown = now;
      process.stderr.write(
        `${done} of ${options.seeds} seeds, ${(done / ((now - started) / 1000)).toFixed(0)} a second\n`,
      );
    },
  });
  const replay = [
    "marina chaos",
    ...(specPath === undefined ? [] : [specPath]),
    ...(options.faults === undefined ? [] : ["--faults", options.faults]),
  ].join(" ");
  const wallSeconds = (performance.now() - started) / 1000;
  print(options, { ...campaign, wallSeconds }, () => campaignText(campaign, stages, wallSeconds, replay));
  process.exitCode = campaign.failures.length === 0 ? 0 : 1;
}

async function prepare(specPath: string | undefined, options: ChaosOptions): Promise<Stage[]> {
  if (specPath === undefined) {
    const { objects } = createEmbeddedService({ seed: 1 }).cloud.client;
    await importChaosData(objects, readFileSync(MUSHROOMS));
    return stagesOf(objects, chaosSpecs());
  }
  const spec = readSpec(specPath, []);
  return withEngine(options, async ({ objects }) => {
    await findManifest(objects, spec.data);
    return stagesOf(objects, [{ name: spec.name ?? `${spec.algorithm.kind}-${spec.data}`, spec }]);
  });
}

async function stagesOf(source: ObjectStore, specs: readonly NamedSpec[]): Promise<Stage[]> {
  const stages: Stage[] = [];
  for (const { name, spec } of specs) stages.push(await prepareStage(source, spec, name));
  return stages;
}

const ratiosSchema = z.strictObject(
  Object.fromEntries(faultKinds.map((kind) => [kind, z.number().min(0).max(1).exactOptional()])),
);

/** Ratios by kind of fault; kinds that are left out do not occur. */
function readRatios(path: string): FaultRatios {
  const { value } = readJson(path, 'give a file of JSON such as {"messageDuplicated": 0.1}');
  return checked(ratiosSchema, value, path) as FaultRatios;
}

function campaignText(
  { seeds, failures, faultsByKind, endings, worstCost }: Campaign,
  stages: readonly Stage[],
  wallSeconds: number,
  replay: string,
): string {
  const lines = [
    `runs        ${stages.map(({ name }) => name).join(", ")}`,
    `seeds       ${seeds} in ${wallSeconds.toFixed(1)} s`,
    `faults      ${Object.values(faultsByKind).reduce((a, b) => a + b, 0)}`,
    ...Object.entries(faultsByKind).map(([kind, count]) => `  ${kind.padEnd(20)} ${count}`),
    `ended       ${Object.entries(endings)
      .map(([ending, count]) => `${count} ${ending}`)
      .join(", ")} (those that failed or were given up were resumed, and then done)`,
    `worst cost  ${worstCost.multiple.toFixed(1)} times the run without faults (seed ${worstCost.seed})`,
    `failures    ${failures.length}`,
  ];
  return [...lines, ...failures.flatMap((failure) => failureLines(failure, replay))].join("\n");
}

function failureLines({ stage, seed, violations, smallest, trace }: Failure, replay: string): string[] {
  return [
    `\nFAILED seed ${seed} (${stage}): ${violations.slice(0, 3).join("; ")}`,
    `  again with: ${replay} --seed ${seed} --seeds 1`,
    ...(smallest === undefined
      ? []
      : [`  smallest set of faults: ${smallest.join(", ") || "none: it fails without faults"}`]),
    ...(trace === undefined ? [] : [`  trace:\n${trace.map((line) => `  ${line}`).join("\n")}`]),
  ];
}
