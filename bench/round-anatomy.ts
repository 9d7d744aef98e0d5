/**
 * What of a round's predicted milliseconds is what? The same run again and again on the embedded cloud, each time with one
 * cause of waiting taken away: what the round gets shorter by is that cause's share. Shares overlap (what waits for the
 * event source mapping's tail waits beside the client's CPU), so they need not add up.
 *
 * Usage: node bench/round-anatomy.ts [--workers 10 100 1000] [--rounds 60]
 */
import { createReadStream } from "node:fs";
import { Command } from "commander";
import { createRun } from "../client/launch.ts";
import { table } from "../client/text/table.ts";
import { type ComputeCharge, FREE_RATES } from "../embedded/functions/compute-charge.ts";
import {
  AWS_LATENCIES,
  type ClientCpu,
  type LatencyProfile,
  LEAN_CLIENT,
  NO_LATENCIES,
  type Quantiles,
} from "../embedded/latency/latencies.ts";
import { driveToEnd } from "../embedded/service/drive-to-end.ts";
import { createEmbeddedService } from "../embedded/service/service.ts";
import { importLibsvm } from "../shared/data/import.ts";
import { shippedFile } from "../shared/data/testing/load.ts";
import { parseRunSpec } from "../shared/protocol/spec/spec.ts";

const { workers, rounds } = new Command("round-anatomy")
  .option("--workers <n...>", "numbers of workers", ["10", "100", "1000"])
  .option("--rounds <n>", "rounds of each run", (text) => Number(text), 60)
  .parse()
  .opts<{ workers: string[]; rounds: number }>();

/** Rounds in which environments start. */
const WARMUP_ROUNDS = 5;

/** The same with the SDK's client for queues as well. */
const bySdk = (cpu: ClientCpu): ClientCpu => ({
  ...cpu,
  sendMilliseconds: cpu.sendMilliseconds / LEAN_CLIENT,
  receiveMilliseconds: cpu.receiveMilliseconds / LEAN_CLIENT,
  receivePerMessageMilliseconds: cpu.receivePerMessageMilliseconds / LEAN_CLIENT,
  deleteMilliseconds: cpu.deleteMilliseconds / LEAN_CLIENT,
});
const always = ({ p50 }: Quantiles): Quantiles => ({ p10: p50, p50, p90: p50, p99: p50, max: p50 });

interface Variant {
  readonly change?: Partial<LatencyProfile>;
  readonly compute?: ComputeCharge;
}

const { clientCpu, dispatchStandard, queueCall } = AWS_LATENCIES;
const VARIANTS: Readonly<Record<string, Variant>> = {
  "as it is": {},
  "the SDK's client for queues": { change: { clientCpu: bySdk(clientCpu) } },
  "client's CPU free": { change: { clientCpu: NO_LATENCIES.clientCpu } },
  "mapping without a tail": { change: { dispatchStandard: always(dispatchStandard) } },
  "mapping at once": { change: { dispatchStandard: NO_LATENCIES.dispatchStandard } },
  "queue calls without a tail": { change: { queueCall: always(queueCall) } },
  "queue calls at once": { change: { queueCall: NO_LATENCIES.queueCall } },
  "store at once": {
    change: { objectGet: NO_LATENCIES.objectGet, objectPut: NO_LATENCIES.objectPut },
  },
  "computing (fold included) free": { compute: { kind: "model", rates: FREE_RATES } },
  "no cold starts, no stragglers": { change: { coldChance: 0, straggler: NO_LATENCIES.straggler } },
};

/** Milliseconds of each round after the first ones, ascending. */
async function roundMilliseconds(n: number, { change = {}, compute }: Variant): Promise<number[]> {
  const starts: number[] = [];
  const service = createEmbeddedService({
    seed: 1,
    latencies: { ...AWS_LATENCIES, ...change },
    ...(compute === undefined ? {} : { compute }),
    observer: { round: (_run, { seconds }) => void starts.push(1000 * seconds) },
  });
  const { objects } = service.cloud.client;
  const source = createReadStream(shippedFile("mushrooms"));
  await importLibsvm(source, { name: "mushrooms", sourceName: "mushrooms.gz", labels: "binary", objects });
  const spec = parseRunSpec(
    {
      data: "mushrooms",
      workers: n,
      problem: { kind: "nonconvex-binary" },
      algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 10 } },
      stop: { rounds },
      evaluateEvery: 0,
    },
    "round-anatomy",
  );
  await driveToEnd(service, (await createRun(objects, spec)).control);
  // A record's seconds are those before its round.
  const milliseconds = starts.slice(1).map((start, i) => start - starts[i]!);
  return milliseconds.slice(WARMUP_ROUNDS).sort((a, b) => a - b);
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;

const rows: string[][] = [];
for (const n of workers.map(Number)) {
  let whole = 0;
  for (const [name, variant] of Object.entries(VARIANTS)) {
    const sorted = await roundMilliseconds(n, variant);
    const median = quantile(sorted, 0.5);
    if (whole === 0) whole = median;
    const less = whole - median;
    rows.push([
      String(n),
      name,
      median.toFixed(0),
      quantile(sorted, 0.9).toFixed(0),
      name === "as it is" ? "" : `${less > 0 ? "-" : "+"}${Math.abs(less).toFixed(0)}`,
    ]);
    console.error(`n = ${n}, ${name}: ${median.toFixed(0)} ms`);
  }
}
console.log(
  table(
    [
      ["n", "right"],
      ["with", "left"],
      ["p50 ms", "right"],
      ["p90 ms", "right"],
      ["against the first", "right"],
    ],
    rows,
  ),
);
