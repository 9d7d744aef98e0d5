/**
 * Where the predicted milliseconds of a round go at large d: the same run of MARINA again and again on the embedded cloud, each
 * time with one cause taken away; what the median round gets shorter by is that cause's share. Shares overlap, so they need not
 * add up; what is left without any of them is the protocol: queues, dispatch, the store's first bytes, hedging.
 * Usage: node bench/large-dimension-split.ts [--dimensions 1e4 1e5 1e6] [--workers 10 100] [--no-split] [--dense [--reduction aggregator]] [--iterate float32]
 */
import { Command } from "commander";
import { createRun } from "../client/launch.ts";
import { table } from "../client/text/table.ts";
import { type ComputeCharge, LAMBDA_RATES } from "../embedded/functions/compute-charge.ts";
import { AWS_LATENCIES, type LatencyProfile } from "../embedded/latency/latencies.ts";
import { driveToEnd } from "../embedded/service/drive-to-end.ts";
import { createEmbeddedService } from "../embedded/service/service.ts";
import type { ObjectStore } from "../shared/cloud/ports.ts";
import { memoryStore } from "../shared/data/testing/memory-store.ts";
import { parseRunSpec, type RunSpecInput } from "../shared/protocol/spec/spec.ts";
import { importMadeUp } from "./made-up-data.ts";

const { dimensions, workers, rounds, split, dense, kept, reduction, iterate } = new Command(
  "bench:large-dimension-split",
)
  .option("--dimensions <d...>", "", ["1e4", "1e5", "1e6"])
  .option("--workers <n...>", "", ["10", "100"])
  .option("--rounds <n>", "rounds measured", Number, 8)
  .option("--kept <share>", "K / d", Number, 0.01)
  .option("--dense", "GD in the place of MARINA")
  .option("--reduction <who>", "who adds dense vectors: auto, aggregator or workers", "auto")
  .option("--iterate <precision>", "in which iterates are kept: float64 or float32", "float64")
  .option("--no-split", "only the rounds as they are")
  .parse()
  .opts<{
    dimensions: string[];
    workers: string[];
    rounds: number;
    split: boolean;
    dense?: boolean;
    kept: number;
    reduction: NonNullable<RunSpecInput["reduction"]>;
    iterate: NonNullable<RunSpecInput["iterate"]>;
  }>();

/** Rounds in which environments start, the dense one among them. */
const WARMUP_ROUNDS = 3;
const NO_LIMIT = Number.POSITIVE_INFINITY;

interface Variant {
  readonly latencies?: Partial<LatencyProfile>;
  readonly compute?: ComputeCharge;
  readonly spec?: Partial<RunSpecInput>;
}

const { clientCpu } = AWS_LATENCIES;
const rates = (free: Partial<typeof LAMBDA_RATES>): ComputeCharge => ({
  kind: "model",
  rates: { ...LAMBDA_RATES, ...free },
});
const VARIANTS: Readonly<Record<string, Variant>> = {
  gradients: { compute: rates({ rowNanoseconds: 0, nonZeroNanoseconds: 0 }) },
  draws: { compute: rates({ indexNanoseconds: 0, uniformNanoseconds: 0 }) },
  "passes over d": { compute: rates({ entryNanoseconds: 0 }) },
  codec: {
    latencies: { clientCpu: { ...clientCpu, perObjectByteMilliseconds: 0, perMessageByteMilliseconds: 0 } },
  },
  checkpoint: { spec: { checkpointEvery: 1_000_000 } },
  "bytes of objects": {
    latencies: {
      getBytesPerMillisecond: NO_LIMIT,
      longGetAfterBytes: NO_LIMIT,
      putBytesPerMillisecond: NO_LIMIT,
      vcpuObjectBytesPerMillisecond: NO_LIMIT,
      networkBytesPerMillisecond: NO_LIMIT,
    },
  },
};

interface Measured {
  readonly first: number;
  readonly median: number;
  readonly usdPer1000: number;
  readonly downlinkPerUplink: number;
}

const data = new Map<number, Promise<ObjectStore>>();
async function dataOf(dimension: number): Promise<ObjectStore> {
  const objects = memoryStore();
  await importMadeUp(objects, dimension);
  return objects;
}

async function measure(
  dimension: number,
  n: number,
  { latencies, compute, spec }: Variant,
): Promise<Measured> {
  const seen: {
    readonly seconds: number;
    readonly usd: number;
    readonly down: number;
    readonly up: number;
  }[] = [];
  const service = createEmbeddedService({
    seed: 1,
    latencies: { ...AWS_LATENCIES, ...latencies },
    ...(compute === undefined ? {} : { compute }),
    observer: {
      round: (_run, { seconds, usd, downlinkBytes, uplinkBytes }) =>
        void seen.push({ seconds, usd, down: downlinkBytes, up: uplinkBytes }),
    },
  });
  const { objects } = service.cloud.client;
  if (!data.has(dimension)) data.set(dimension, dataOf(dimension));
  const source = await data.get(dimension)!;
  for (const key of await source.list("")) await objects.put(key, (await source.get(key)).body);
  const k = Math.max(1, Math.round(kept * dimension));
  const algorithm: RunSpecInput["algorithm"] =
    dense === true
      ? { kind: "gd", stepSize: 0.1 }
      : { kind: "marina", compressor: { kind: "rand-k", k }, stepSize: 0.1, probability: 1e-9 };
  const whole = parseRunSpec(
    {
      data: "made-up",
      workers: n,
      problem: { kind: "nonconvex-binary" },
      algorithm,
      stop: { rounds: WARMUP_ROUNDS + rounds + 1 },
      evaluateEvery: 0,
      reduction,
      iterate,
      ...spec,
    },
    "benchmark",
  );
  await driveToEnd(service, (await createRun(objects, whole)).control);
  // A record's numbers are those before its round.
  const milliseconds = seen.slice(1).map(({ seconds }, i) => 1000 * (seconds - seen[i]!.seconds));
  const measured = milliseconds.slice(WARMUP_ROUNDS).sort((a, b) => a - b);
  const [from, to] = [seen[WARMUP_ROUNDS]!, seen.at(-1)!];
  return {
    first: milliseconds[0]!,
    median: measured[Math.floor(measured.length / 2)]!,
    usdPer1000: (1000 * (to.usd - from.usd)) / (seen.length - 1 - WARMUP_ROUNDS),
    downlinkPerUplink: (to.down - from.down) / (to.up - from.up),
  };
}

const names = split ? Object.keys(VARIANTS) : [];
const lines: string[][] = [];
for (const dimension of dimensions.map(Number)) {
  for (const n of workers.map(Number)) {
    const whole = await measure(dimension, n, {});
    const without: number[] = [];
    for (const name of names) without.push((await measure(dimension, n, VARIANTS[name]!)).median);
    const shares = without.map((median) => whole.median - median);
    lines.push([
      dimension.toExponential(0),
      String(n),
      whole.first.toFixed(0),
      whole.median.toFixed(0),
      whole.usdPer1000.toFixed(3),
      `${whole.downlinkPerUplink.toFixed(0)} : 1`,
      ...shares.map((share) => share.toFixed(0)),
      ...(split ? [(whole.median - shares.reduce((sum, share) => sum + share, 0)).toFixed(0)] : []),
    ]);
    console.error(lines.at(-1)!.join("  "));
  }
}
console.log(
  table(
    [
      ["d", "right"],
      ["n", "right"],
      ["first round ms", "right"],
      ["p50 ms", "right"],
      ["$ / 1,000", "right"],
      ["down : up", "right"],
      ...[...names, ...(split ? ["protocol"] : [])].map((name) => [name, "right"] as [string, "right"]),
    ],
    lines,
  ),
);
