/**
 * What a gradient costs that is kept in the store for the next round, beside one that is computed again: MARINA on the embedded cloud
 * with each choice of "reuse". Predicted, of the rounds after the first ones. The networks' gradients are really computed: minutes.
 * Usage: node bench/gradient-reuse.ts [--rounds 10] [--only mlp]
 */
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { importDigits } from "../client/import/digits.ts";
import { createRun } from "../client/launch.ts";
import { table } from "../client/text/table.ts";
import { driveToEnd } from "../embedded/service/drive-to-end.ts";
import { createEmbeddedService } from "../embedded/service/service.ts";
import { keptGradient, reuseUsd, shardsPerTaskOf } from "../lambdas/aggregator/index.ts";
import { problemForm } from "../shared/data/index.ts";
import { memoryStore } from "../shared/data/testing/memory-store.ts";
import { openProblem } from "../shared/problems/index.ts";
import { parseRunSpec, type RunSpecInput } from "../shared/protocol/spec/spec.ts";

const { rounds, only = "" } = new Command("bench:gradient-reuse")
  .option("--rounds <n>", "rounds measured", Number, 10)
  .option("--only <text>", "only networks with this in their name")
  .parse()
  .opts<{ rounds: number; only?: string }>();

/** Rounds in which environments start, the dense one among them. */
const WARMUP_ROUNDS = 2;

const conv = (filters: number) =>
  [{ conv2d: { filters, kernel: [3, 3], padding: "same" } }, { activation: "relu" }] as const;
const image = (...filters: readonly number[]) => [
  ...filters.flatMap(conv),
  { globalAveragePool: true },
  { dense: 10 },
];

interface Case {
  readonly name: string;
  readonly workers: number;
  readonly problem: object;
}

/** On the 1,437 rows of digits. */
const cases: readonly Case[] = [
  {
    name: "mlp 64-32-10",
    workers: 20,
    problem: { layers: [{ flatten: true }, { dense: 32 }, { activation: "tanh" }, { dense: 10 }] },
  },
  { name: "conv 16-16", workers: 10, problem: { layers: image(16, 16) } },
  { name: "conv 64-64", workers: 10, problem: { layers: image(64, 64) } },
  { name: "conv 64-64-64", workers: 10, problem: { layers: image(64, 64, 64) } },
  { name: "conv 64-64-64", workers: 5, problem: { layers: image(64, 64, 64) } },
];

const digits = memoryStore();
const manifest = await importDigits(
  digits,
  fileURLToPath(new URL("../experiments/data/digits.csv.gz", import.meta.url)),
  "train",
);

async function measured({ workers, problem }: Case, reuse: NonNullable<RunSpecInput["reuse"]>) {
  const seen: { readonly seconds: number; readonly usd: number }[] = [];
  let puts = 0;
  const service = createEmbeddedService({
    seed: 1,
    observer: { round: (_run, { seconds, usd }) => void seen.push({ seconds, usd }) },
    watcher: {
      stored: (key) => {
        if (key.includes("/contributions/gradients-")) puts++;
      },
      sent: () => undefined,
      destroyed: () => undefined,
    },
  });
  const { objects } = service.cloud.client;
  for (const key of await digits.list("")) await objects.put(key, (await digits.get(key)).body);
  const spec = parseRunSpec(
    {
      data: "digits",
      workers,
      problem: { kind: "network", loss: "softmax-cross-entropy", ...problem },
      algorithm: {
        kind: "marina",
        compressor: { kind: "rand-k", k: 100 },
        stepSize: 0.01,
        probability: 1e-9,
      },
      stop: { rounds: WARMUP_ROUNDS + rounds + 1 },
      evaluateEvery: 0,
      reuse,
    },
    "benchmark",
  );
  const result = await driveToEnd(service, (await createRun(objects, spec)).control);
  await service.close();
  // A record's numbers are those before its round.
  const milliseconds = seen.slice(1).map(({ seconds }, i) => 1000 * (seconds - seen[i]!.seconds));
  const sorted = milliseconds.slice(WARMUP_ROUNDS).sort((a, b) => a - b);
  const [from, to] = [seen[WARMUP_ROUNDS]!, seen.at(-1)!];
  const opened = openProblem(spec.problem, await problemForm(objects, spec.problem, manifest));
  const shardsPerTask = shardsPerTaskOf(spec, workers, manifest, opened);
  const gradient = keptGradient({ workers, participants: null, shardsPerTask }, manifest, opened);
  return {
    puts,
    gradient,
    sha256: result.iterateSha256,
    median: sorted[Math.floor(sorted.length / 2)]!,
    usdPer1000: (1000 * (to.usd - from.usd)) / (seen.length - 1 - WARMUP_ROUNDS),
  };
}

const lines: string[][] = [];
for (const each of cases.filter(({ name }) => name.includes(only))) {
  const by = {
    environment: await measured(each, "environment"),
    store: await measured(each, "store"),
    auto: await measured(each, "auto"),
  };
  if (new Set(Object.values(by).map(({ sha256 }) => sha256)).size !== 1)
    throw new Error(`${each.name}: the bits differ`);
  const { gradient } = by.auto;
  const { computing, keeping } = reuseUsd(gradient);
  lines.push([
    each.name,
    gradient.dimension.toLocaleString("en-US"),
    String(each.workers),
    gradient.seconds.toFixed(3),
    (1e6 * computing).toFixed(2),
    (1e6 * keeping).toFixed(2),
    by.environment.median.toFixed(0),
    by.store.median.toFixed(0),
    by.environment.usdPer1000.toFixed(4),
    by.store.usdPer1000.toFixed(4),
    by.auto.puts > 0 ? "store" : "environment",
  ]);
  console.error(lines.at(-1)!.join("  "));
}
console.log(
  table(
    [
      ["network", "left"],
      ["d", "right"],
      ["n", "right"],
      ["gradient s", "right"],
      ["again, µ$", "right"],
      ["kept, µ$", "right"],
      ["environment p50 ms", "right"],
      ["store p50 ms", "right"],
      ["environment $ / 1,000", "right"],
      ["store $ / 1,000", "right"],
      ["auto", "left"],
    ],
    lines,
  ),
);
