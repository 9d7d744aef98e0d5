/** `marina chaos`: runs under seeded faults, on the embedded cloud; every run must have the bits it has without them. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import {
  type Campaign,
  ChaosRecord,
  chaosSpecs,
  type Failure,
  importChaosData,
  type NamedSpec,
  prepareStage,
  runInParallel,
  type Stage,
} from "../../chaos/index.ts";
import { type EngineOptions, findManifest, readJson, readSpec, withEngine } from "../../client/index.ts";
import { CHAOS_RATIOS, createEmbeddedService, type FaultRatios, faultKinds } from "../../embedded/index.ts";
import { checked, MarinaError } from "../../shared/base/index.ts";
import type { ObjectStore } from "../../shared/cloud/index.ts";
import { onInterrupt } from "../../sweep/index.ts";
import { type PrintOptions, print } from "../output/print.ts";

const MUSHROOMS = fileURLToPath(new URL("../../experiments/data/mushrooms.gz", import.meta.url));
const PROGRESS_SECONDS = 2;
const DEFAULT_SEEDS = 200;

export interface ChaosOptions extends EngineOptions, PrintOptions {
  /** How many seeds; without end where only minutes are given. */
  readonly seeds?: number;
  readonly minutes?: number;
  readonly seed: number;
  readonly threads?: number;
  readonly record?: string;
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
  const record = new ChaosRecord(options.record, stages, ratios);
  const begun = record.campaign.seeds;
  if (begun > 0) process.stderr.write(`${options.record}: ${begun} seeds are done already\n`);
  const { seconds, interrupted } = await tryOut(stages, ratios, record, options);
  const replay = [
    "marina chaos",
    ...(specPath === undefined ? [] : [specPath]),
    ...(options.faults === undefined ? [] : ["--faults", options.faults]),
  ].join(" ");
  const { campaign } = record;
  const now = { seeds: campaign.seeds - begun, seconds };
  print(options, { ...campaign, wallSeconds: seconds }, () => campaignText(campaign, stages, now, replay));
  process.exitCode = campaign.failures.length > 0 ? 1 : interrupted ? 130 : 0;
}

/** Seeds that are not done yet, on all threads, until there are enough of them, time is over, or Ctrl-C. */
async function tryOut(
  stages: readonly Stage[],
  ratios: FaultRatios,
  record: ChaosRecord,
  { seeds, minutes, seed: first, threads = availableParallelism() }: ChaosOptions,
): Promise<{ readonly seconds: number; readonly interrupted: boolean }> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const last = first + (seeds ?? (minutes === undefined ? DEFAULT_SEEDS : Number.POSITIVE_INFINITY)) - 1;
  const interruption = onInterrupt("stopping when the seeds under way are done (Ctrl-C again: at once)");
  let done = 0;
  let shown = 0;
  const onPart: Parameters<typeof runInParallel>[0]["onPart"] = (some, part) => {
    record.add(some, part);
    done += some.length;
    if (seconds() - shown < PROGRESS_SECONDS) return;
    shown = seconds();
    record.save(shown);
    const { failures } = record.campaign;
    process.stderr.write(
      `${done}${Number.isFinite(last) ? ` of ${last - first + 1}` : ""} seeds, ${(done / shown).toFixed(0)} a second, ${failures.length} failed\n`,
    );
  };
  try {
    await runInParallel({
      stages,
      ratios,
      threads,
      seeds: undone(first, last, record),
      enough: () => interruption.signal.aborted || (minutes !== undefined && seconds() >= 60 * minutes),
      onPart,
    });
  } finally {
    interruption.dispose();
    record.save(seconds());
  }
  return { seconds: seconds(), interrupted: interruption.signal.aborted };
}

function* undone(first: number, last: number, record: ChaosRecord): Generator<number, undefined> {
  for (let seed = first; seed <= last; seed++) if (!record.isDone(seed)) yield seed;
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
  now: { readonly seeds: number; readonly seconds: number },
  replay: string,
): string {
  const lines = [
    `runs        ${stages.map(({ name }) => name).join(", ")}`,
    `seeds       ${seeds}${now.seeds === seeds ? "" : `, ${now.seeds} of them now`} in ${now.seconds.toFixed(1)} s: ${(now.seeds / now.seconds).toFixed(0)} a second`,
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
