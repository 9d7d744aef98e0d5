/**
 * Rounds under stragglers, with hedging and without: p50 and p99 of a round in virtual time, n = 100 and 1,000.
 * Usage: node bench/stragglers.ts
 */
import { createReadStream } from "node:fs";
import { createRun } from "../client/launch.ts";
import { FaultPlan } from "../embedded/faults/faults.ts";
import { driveToEnd } from "../embedded/service/drive-to-end.ts";
import { createEmbeddedService } from "../embedded/service/service.ts";
import { importLibsvm } from "../shared/data/import.ts";
import { shippedFile } from "../shared/data/testing/load.ts";
import { parseRunSpec } from "../shared/protocol/spec/spec.ts";
import type { RoundRecord } from "../shared/protocol/stored/round-record.ts";

const ROUNDS = 300;
const STRAGGLERS = { workerSlow: 0.01, messageLost: 0, coldStarted: 0.002 };

interface Measured {
  readonly p50: number;
  readonly p99: number;
  readonly usdPerThousand: number;
  readonly hedged: number;
}

async function measure(workers: number, hedging: boolean, stragglers: boolean): Promise<Measured> {
  const records: RoundRecord[] = [];
  const service = createEmbeddedService({
    seed: 1,
    hedging,
    ...(stragglers ? { plan: new FaultPlan({ seed: 1, ratios: STRAGGLERS }) } : {}),
    observer: { round: (_run, record) => records.push(record) },
  });
  const { objects } = service.cloud.client;
  const source = createReadStream(shippedFile("a9a"));
  await importLibsvm(source, { name: "a9a", sourceName: "a9a.gz", labels: "binary", objects });
  const spec = parseRunSpec(
    {
      data: "a9a",
      workers,
      problem: { kind: "nonconvex-binary" },
      algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 10 }, probability: 0.1, stepSize: 0.1 },
      stop: { rounds: ROUNDS },
      evaluateEvery: 0,
    },
    "stragglers",
  );
  const { control } = await createRun(objects, spec);
  const result = await driveToEnd(service, control);
  const milliseconds: number[] = [];
  // The first rounds wait for cold environments.
  for (let i = 11; i < records.length; i++)
    milliseconds.push(1000 * (records[i]!.seconds - records[i - 1]!.seconds));
  milliseconds.sort((a, b) => a - b);
  const quantile = (q: number): number => milliseconds[Math.floor(q * (milliseconds.length - 1))]!;
  return {
    p50: quantile(0.5),
    p99: quantile(0.99),
    usdPerThousand: (1000 * result.usd) / ROUNDS,
    hedged: result.hedgedTasks / (ROUNDS * workers),
  };
}

console.log("      n  stragglers  hedging    p50 ms    p99 ms  $/1000 rounds  tasks hedged");
for (const workers of [100, 1000]) {
  for (const stragglers of [false, true]) {
    for (const hedging of [false, true]) {
      const { p50, p99, usdPerThousand, hedged } = await measure(workers, hedging, stragglers);
      console.log(
        `${String(workers).padStart(7)}  ${(stragglers ? "1 %" : "none").padStart(10)}  ${(hedging ? "yes" : "no").padStart(7)}  ` +
          `${p50.toFixed(0).padStart(8)}  ${p99.toFixed(0).padStart(8)}  ${usdPerThousand.toFixed(3).padStart(13)}  ${(100 * hedged).toFixed(2).padStart(10)} %`,
      );
    }
  }
}
