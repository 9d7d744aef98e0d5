/**
 * Would a point be put, and read, faster as several objects at one time? One warm aggregator and one warm worker of the embedded
 * cloud, by the rates of decision 0026: predicted milliseconds, medians, and dollars of the requests of a thousand rounds.
 * Usage: node bench/point-parts.ts [--repeats 41]
 */
import { Command } from "commander";
import { table } from "../client/text/table.ts";
import { createEmbeddedCloud } from "../embedded/cloud.ts";
import type { Handler, Ports } from "../shared/cloud/ports.ts";

const { repeats } = new Command("bench:point-parts")
  .option("--repeats <n>", "", Number, 41)
  .parse()
  .opts<{ repeats: number }>();

const PARTS = [1, 2, 4] as const;
/** d = 1e6 in float32 and float64, 1e7 in both. */
const SIZES = [4e6, 8e6, 40e6, 80e6];
const WORKERS = 100;
const USD_PER_PUT = 5e-6;
const USD_PER_GET = 4e-7;

interface Times {
  readonly put: number;
  readonly read: number;
}

/** Of a function with so much memory that does nothing else. */
async function measure(bytes: number, parts: number): Promise<Times> {
  const cloud = createEmbeddedCloud({ seed: 1 });
  const queue = cloud.createQueue("work", { visibilitySeconds: 900, retentionSeconds: 3600 });
  const bodies = Array.from({ length: parts }, () => new Uint8Array(bytes / parts));
  const times: { put: number[]; read: number[] } = { put: [], read: [] };
  let done: () => void = () => undefined;
  const handler =
    ({ objects, clock }: Ports): Handler =>
    async () => {
      const keys = bodies.map((_, i) => `runs/r/iterates/0/${times.put.length}-${i}`);
      const started = clock.now();
      await Promise.all(keys.map((key, i) => objects.put(key, bodies[i]!)));
      const put = clock.now();
      await Promise.all(keys.map((key) => objects.get(key)));
      times.put.push(put - started);
      times.read.push(clock.now() - put);
      await Promise.all(keys.map((key) => objects.delete(key)));
      done();
      return { failedMessageIds: [] };
    };
  const worker = cloud.defineFunction({
    name: "worker",
    memoryMb: 1769,
    timeoutSeconds: 900,
    create: handler,
  });
  cloud.mapQueue({ queue, function: worker, batchSize: 1 });
  for (let i = 0; i < repeats; i++) {
    await cloud.run(
      new Promise<void>((resolve) => {
        done = resolve;
        void cloud.client.queues.send(queue, [{ body: "again" }]);
      }),
    );
    await cloud.run(cloud.clock.sleep(1000));
  }
  return { put: median(times.put), read: median(times.read) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

const lines: string[][] = [];
for (const bytes of SIZES) {
  for (const parts of PARTS) {
    const { put, read } = await measure(bytes, parts);
    const usd = 1000 * parts * (USD_PER_PUT + WORKERS * USD_PER_GET);
    lines.push([
      `${bytes / 1e6} MB`,
      String(parts),
      put.toFixed(0),
      read.toFixed(0),
      (put + read).toFixed(0),
      usd.toFixed(3),
    ]);
  }
}
console.log(
  table(
    [
      ["a point", "right"],
      ["objects", "right"],
      ["put ms", "right"],
      ["read ms", "right"],
      ["both", "right"],
      [`$ of requests, n = ${WORKERS}, 1,000 rounds`, "right"],
    ],
    lines,
  ),
);
