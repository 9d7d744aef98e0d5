/**
 * What S reducers take for n dense vectors of R^d that lie in the store: the worker function's own handler on the embedded cloud,
 * from the sending of their tasks to the last answer, warm; beside what others have measured on AWS for the same sum (their
 * functions read one object after another: docs/decisions/0026). All vectors are one memory.
 * Usage: node bench/reduction.ts
 */
import { table } from "../client/text/table.ts";
import { createEmbeddedService } from "../embedded/service/service.ts";
import { rangesOf } from "../lambdas/aggregator/round/reduction.ts";
import type { QueueAddress } from "../shared/cloud/ports.ts";
import { contributionKey } from "../shared/protocol/keys.ts";
import { checksumsOf } from "../shared/protocol/messages/ranges.ts";
import { decodeRunMessage } from "../shared/protocol/messages/run-message.ts";
import { encodeTask } from "../shared/protocol/messages/task.ts";

const ENTRY_BYTES = 4;
const BATCH = 10;
/** Of AWS on x86 and of S3 there, as the measured package prices them. */
const USD_PER_GB_SECOND = 1.66667e-5;
const USD_PER_PUT = 5e-6;
const USD_PER_GET = 4e-7;

interface Sum {
  readonly name: string;
  readonly dimension: number;
  readonly vectors: number;
  readonly memoryMb: number;
  /** By their means of warm runs. */
  readonly measured?: { readonly seconds: number; readonly usdPer1000: number };
}

const MEASURED = { seconds: 7.9, usdPer1000: 0.263 };
const SUMS: readonly Sum[] = [
  { name: "d = 1e6, n = 100", dimension: 1e6, vectors: 100, memoryMb: 1769 },
  { name: "d = 1e6, n = 1,000", dimension: 1e6, vectors: 1000, memoryMb: 1769 },
  ...[1769, 472].map((memoryMb) => ({
    ...{ name: "d = 11.2e6, n = 20", dimension: 11_193_549, vectors: 20, memoryMb, measured: MEASURED },
  })),
];

async function take({ dimension, vectors, memoryMb }: Sum): Promise<readonly [number, number, number]> {
  const service = createEmbeddedService({
    seed: 1,
    configuration: { workerMemoryMb: memoryMb, aggregatorMemoryMb: 1769, architecture: "x86-64" },
  });
  const { cloud, taskQueue } = service;
  const { objects, queues } = cloud.client;
  const bytes = new Uint8Array(Float32Array.from({ length: dimension }, (_, j) => Math.sin(j)).buffer);
  const ranges = rangesOf("auto", { vectors, dimension, entryBytes: ENTRY_BYTES });
  const told = checksumsOf(bytes, dimension, ranges);
  const slots = Uint32Array.from({ length: vectors }, (_, slot) => slot);
  for (const slot of slots) await objects.put(contributionKey("r", 0, 0, slot), bytes);
  const replyTo = await queues.create("replies", { visibilitySeconds: 900, retentionSeconds: 3600 });
  const bodies = Array.from({ length: ranges }, (_, range) =>
    encodeTask({
      ...{ kind: "reduce", run: "r", runDigest: "0123456789abcdef", round: 0, phase: 0, workers: vectors },
      ...{ slot: range, worker: vectors + range, replyTo, evaluate: false, oldestNeededRound: 0 },
      ...{ points: [], pointRounds: [] },
      reduction: {
        ...{ dimension, entryBytes: ENTRY_BYTES, ranges, range, slots },
        checksums: slots.map(() => told[range]!),
      },
    }),
  );
  const once = async (): Promise<void> => {
    for (let from = 0; from < ranges; from += BATCH)
      await queues.send(
        taskQueue,
        bodies.slice(from, from + BATCH).map((body) => ({ body })),
      );
    let left = ranges;
    while (left > 0) {
      const messages = await queues.receive(replyTo as QueueAddress, { max: BATCH, waitSeconds: 20 });
      for (const { body } of messages) {
        const message = decodeRunMessage(body);
        if (message.kind !== "reduced" || message.lost.length > 0) throw new Error(JSON.stringify(message));
        left--;
      }
      await queues.delete(
        replyTo,
        messages.map(({ receipt }) => receipt),
      );
    }
  };
  // The first time brings cold starts.
  await cloud.run(once());
  await cloud.run(cloud.clock.sleep(1000));
  const [from, before] = [cloud.clock.now(), cloud.usage().method];
  await cloud.run(once());
  const seconds = (cloud.clock.now() - from) / 1000;
  await cloud.run(cloud.clock.sleep(1000));
  const after = cloud.usage().method;
  const usd =
    ((after.worker.billedMilliseconds - before.worker.billedMilliseconds) / 1000) *
      (memoryMb / 1024) *
      USD_PER_GB_SECOND +
    (after.objects.putRequests - before.objects.putRequests) * USD_PER_PUT +
    (after.objects.getRequests - before.objects.getRequests) * USD_PER_GET;
  return [ranges, seconds, 1000 * usd];
}

const lines: string[][] = [];
for (const sum of SUMS) {
  const [ranges, seconds, usdPer1000] = await take(sum);
  const { measured } = sum;
  lines.push([
    ...[sum.name, String(sum.memoryMb), String(ranges), seconds.toFixed(2), usdPer1000.toFixed(3)],
    measured === undefined ? "-" : `${measured.seconds} s, $${measured.usdPer1000}`,
  ]);
  console.error(lines.at(-1)!.join("  "));
}
console.log(
  table(
    [
      ["vectors", "left"],
      ["MB", "right"],
      ["S", "right"],
      ["seconds", "right"],
      ["$ / 1,000", "right"],
      ["measured by others", "right"],
    ],
    lines,
  ),
);
