/**
 * What the embedded cloud itself costs: events of a round and the process's CPU time for an event (which other programs
 * disturb less than the wall clock), with trivial handlers and with the real ones (MARINA on mushrooms, n = 5, and on a9a,
 * n = 1,000; there the gradient kernels are part of it).
 * Usage: node bench/embedded-overhead.ts
 */
import { createReadStream } from "node:fs";
import { createRun } from "../client/launch.ts";
import { table } from "../client/text/table.ts";
import { driveToEnd } from "../embedded/service/drive-to-end.ts";
import { createEmbeddedService } from "../embedded/service/service.ts";
import { createToy } from "../embedded/testing/toy-service.ts";
import { importLibsvm } from "../shared/data/import.ts";
import { type ShippedName, shippedFile } from "../shared/data/testing/load.ts";
import { parseRunSpec } from "../shared/protocol/spec/spec.ts";
import { cpuMilliseconds } from "./support.ts";

interface Measured {
  readonly what: string;
  readonly workers: number;
  readonly rounds: number;
  /** Of CPU. */
  readonly milliseconds: number;
  readonly events: number;
}

async function toy(workers: number, rounds: number): Promise<Measured> {
  const { cloud, run } = createToy({ seed: 1, workers, rounds, nonZeros: 4e6 });
  const from = cpuMilliseconds();
  await run();
  const milliseconds = cpuMilliseconds() - from;
  return { what: "trivial handlers", workers, rounds, milliseconds, events: cloud.clock.events };
}

async function marina(data: ShippedName, workers: number, rounds: number): Promise<Measured> {
  const warmUp = Math.floor(rounds / 3);
  let milliseconds = 0;
  let events = 0;
  const service = createEmbeddedService({
    seed: 1,
    observer: {
      round(_run, record) {
        if (record.round !== warmUp && record.round !== rounds - 1) return;
        milliseconds = cpuMilliseconds() - milliseconds;
        events = service.cloud.clock.events - events;
      },
    },
  });
  const { objects } = service.cloud.client;
  const source = createReadStream(shippedFile(data));
  await importLibsvm(source, { name: data, sourceName: `${data}.gz`, labels: "binary", objects });
  const problem = { kind: "nonconvex-binary" } as const;
  const algorithm = { kind: "marina", compressor: { kind: "rand-k", k: 10 } } as const;
  const spec = { data, workers, problem, algorithm, stop: { rounds }, evaluateEvery: 0 };
  const { control } = await createRun(objects, parseRunSpec(spec, "embedded-overhead"));
  await driveToEnd(service, control);
  return { what: `MARINA on ${data}`, workers, rounds: rounds - 1 - warmUp, milliseconds, events };
}

const cases = [
  () => toy(5, 1000),
  () => toy(100, 300),
  () => toy(1000, 60),
  () => marina("mushrooms", 5, 1500),
  () => marina("a9a", 1000, 60),
];
const rows: string[][] = [];
for (const measure of cases) {
  await measure(); // for the compiler
  const { what, workers, rounds, milliseconds, events } = await measure();
  rows.push([
    what,
    String(workers),
    ((1000 * milliseconds) / rounds).toFixed(0),
    (events / rounds).toFixed(1),
    (events / rounds / workers).toFixed(1),
    ((1000 * milliseconds) / events).toFixed(2),
  ]);
}
console.log(
  table(
    [
      ["handlers", "left"],
      ["n", "right"],
      ["us a round", "right"],
      ["events a round", "right"],
      ["events a task", "right"],
      ["us an event", "right"],
    ],
    rows,
  ),
);
