/**
 * A round of MARINA at d = 1,000,000, n = 100, RandK with K = 1 % of d, on the embedded cloud: wall milliseconds, and what
 * of them the same work takes by itself: the gradients, the compressor on the workers' side, the sum on the server's. What
 * is left is the protocol: frames and their checksums, iterates as objects, queues, the virtual cloud.
 * Usage: node bench/large-dimension.ts [--rounds 6]
 * What the predicted milliseconds are made of says bench/large-dimension-split.ts.
 */
import { Command } from "commander";
import { createRun } from "../client/launch.ts";
import { driveToEnd } from "../embedded/service/drive-to-end.ts";
import { createEmbeddedService } from "../embedded/service/service.ts";
import { createCompressor } from "../shared/compressors/registry.ts";
import { openShard, shardRange } from "../shared/data/index.ts";
import type { Manifest } from "../shared/data/manifest.ts";
import { partition } from "../shared/data/partition.ts";
import { compressorDraw } from "../shared/methods/draws.ts";
import { createObjective } from "../shared/problems/linear/objective.ts";
import type { Objective } from "../shared/problems/problem.ts";
import { parseRunSpec } from "../shared/protocol/spec/spec.ts";
import type { Figure } from "./figure.ts";
import { importMadeUp, ROWS } from "./made-up-data.ts";
import { printFigures } from "./print.ts";
import { medianOf } from "./support.ts";

const DIMENSION = 1_000_000;
const WORKERS = 100;
const K = DIMENSION / 100;
const WARMUP_ROUNDS = 2;
const problem = { kind: "nonconvex-binary" } as const;

/** The local objectives as the workers open them. */
function objectivesOf(manifest: Manifest, body: Uint8Array): Objective[] {
  return partition(manifest.rows, WORKERS, "spread").map(({ first, count }) => {
    const range = shardRange(manifest, first, count);
    const bytes = body.subarray(range.start, range.end);
    const shard = openShard(manifest, first, count, bytes, range);
    return createObjective(problem, shard, { rowWeight: WORKERS / ROWS, regularizerWeight: 1 });
  });
}

/** Milliseconds of a round's gradients: both of each pair, as nothing this large is held from round to round. */
function gradients(objectives: readonly Objective[]): number {
  const x = new Float64Array(DIMENSION).fill(0.01);
  const w = new Float64Array(DIMENSION);
  const older = new Float64Array(DIMENSION);
  const started = performance.now();
  for (const objective of objectives) {
    objective.gradientPair(x, w, new Float64Array(DIMENSION), older);
  }
  return performance.now() - started;
}

/** Milliseconds of a round's compression and of its sum on the server. */
function codecAndFold(): { readonly codec: number; readonly fold: number } {
  const compressor = createCompressor({ kind: "rand-k", k: K }, DIMENSION, "float32");
  const gradient = new Float64Array(DIMENSION).fill(0.5);
  const older = new Float64Array(DIMENSION).fill(0.25);
  const difference = new Float64Array(DIMENSION);
  const from = performance.now();
  const messages = Array.from({ length: WORKERS }, (_, worker) => {
    for (let j = 0; j < DIMENSION; j++) difference[j] = gradient[j]! - older[j]!;
    return compressor.encode(
      difference,
      compressorDraw(1, { round: 1, slot: worker, slots: WORKERS }, compressor),
    ).bytes;
  });
  const between = performance.now();
  const sum = new Float64Array(DIMENSION);
  for (const [worker, bytes] of messages.entries()) {
    compressor.accumulate(
      bytes,
      compressorDraw(1, { round: 1, slot: worker, slots: WORKERS }, compressor),
      sum,
    );
  }
  for (let j = 0; j < DIMENSION; j++) sum[j] = sum[j]! / WORKERS;
  return { codec: between - from, fold: performance.now() - between };
}

export async function largeDimensionFigures(rounds: number): Promise<Figure[]> {
  let from = Number.NaN;
  let to = Number.NaN;
  const service = createEmbeddedService({
    seed: 1,
    observer: {
      round(_, { round }) {
        if (round === WARMUP_ROUNDS) from = performance.now();
        if (round === WARMUP_ROUNDS + rounds) to = performance.now();
      },
    },
  });
  const { objects } = service.cloud.client;
  const manifest = await importMadeUp(objects, DIMENSION);
  const algorithm = {
    kind: "marina",
    compressor: { kind: "rand-k", k: K },
    stepSize: 0.1,
    probability: 1e-6,
  } as const;
  const stop = { rounds: WARMUP_ROUNDS + rounds + 1 };
  const spec = parseRunSpec(
    { data: "made-up", workers: WORKERS, problem, algorithm, stop, evaluateEvery: 0 },
    "benchmark",
  );
  await driveToEnd(service, (await createRun(objects, spec)).control);
  const round = (to - from) / rounds;

  const { body } = await objects.get(manifest.object.key);
  const objectives = objectivesOf(manifest, body);
  const compute = await medianOf(3, () => gradients(objectives));
  const codec = await medianOf(3, () => codecAndFold().codec);
  const fold = await medianOf(3, () => codecAndFold().fold);
  const protocol = round - compute - codec - fold;
  const parts = { compute, codec, fold, protocol };
  return [
    {
      name: "a round at d = 1e6, n = 100, RandK 1 % / its compute, codec and fold alone",
      ratio: round / (compute + codec + fold),
      detail: `${round.toFixed(0)} ms: ${Object.entries(parts)
        .map(([name, milliseconds]) => `${name} ${milliseconds.toFixed(0)}`)
        .join(", ")}`,
      aim: "-",
    },
  ];
}

if (import.meta.main) {
  const { rounds } = new Command("bench:large-dimension")
    .option("--rounds <n>", "rounds measured", Number, 6)
    .option("--save", "make the ratio the baseline")
    .parse()
    .opts<{ rounds: number }>();
  printFigures(await largeDimensionFigures(rounds));
}
