/**
 * What does a contribution cost the aggregator, in CPU time of its process, over real HTTP to a stub of SQS in a process of
 * its own (sqs-stub.ts)? Once with the SDK's SQS client and once with the one that functions use; and what of it the
 * receiving and deleting of messages is.
 * Usage: node bench/aggregator.ts [--workers 5000] [--rounds 12]
 *
 * Without TLS, which costs both the same.
 */
import { createReadStream } from "node:fs";
import { Command } from "commander";
import { createRun } from "../client/launch.ts";
import { createAggregator } from "../lambdas/aggregator/handler.ts";
import { type AwsClients, createFunctionClients } from "../shared/cloud/aws/clients.ts";
import { createSystemClock } from "../shared/cloud/aws/clock.ts";
import { createDirectCompute } from "../shared/cloud/aws/compute.ts";
import { createSqsMessageQueue } from "../shared/cloud/aws/message-queue.ts";
import { createSdkClients } from "../shared/cloud/aws/sdk-clients.ts";
import type { Ports, QueueAddress } from "../shared/cloud/ports.ts";
import { Meter } from "../shared/cost/meter.ts";
import { meterPorts } from "../shared/cost/metered.ts";
import { PRICES_US_EAST_1 } from "../shared/cost/prices.ts";
import { TermSpending } from "../shared/cost/term-spending.ts";
import { importLibsvm } from "../shared/data/import.ts";
import { shippedFile } from "../shared/data/testing/load.ts";
import { memoryStore } from "../shared/data/testing/memory-store.ts";
import { outsideBytesOf } from "../shared/protocol/messages/traffic.ts";
import { parseRunSpec } from "../shared/protocol/spec/spec.ts";
import { encodeControl } from "../shared/protocol/stored/run.ts";
import type { Figure } from "./figure.ts";
import { printFigures } from "./print.ts";
import { startSqsStub } from "./sqs-stub.ts";

const TASKS = "https://sqs.eu-north-1.amazonaws.com/123456789012/tasks" as QueueAddress;
const CONTROL = "https://sqs.eu-north-1.amazonaws.com/123456789012/control.fifo" as QueueAddress;
const K = 10;
const DIMENSION = 123;
const WARMUP_ROUNDS = 3;

/** CPU milliseconds a contribution, sends and everything else of a round included. */
async function aggregatorCpu(clients: AwsClients, workers: number, rounds: number): Promise<number> {
  const objects = memoryStore();
  const source = createReadStream(shippedFile("a9a"));
  await importLibsvm(source, { name: "a9a", sourceName: "a9a.gz", labels: "binary", objects });
  const clock = createSystemClock();
  const log = {
    info: () => undefined,
    warn: (event: string, fields: unknown) => console.error(event, fields),
  };
  const bare: Ports = {
    objects,
    queues: createSqsMessageQueue(clients.sqs, clock),
    clock,
    compute: createDirectCompute(),
    log,
  };
  const meter = new Meter();
  const ports = meterPorts(bare, meter, outsideBytesOf);
  const spending = new TermSpending(meter, clock, PRICES_US_EAST_1, {
    workerMemoryMb: 1769,
    aggregatorMemoryMb: 1769,
    architecture: "arm64",
  });
  spending.begin(false);
  let from = process.cpuUsage();
  let cpuSeconds = Number.NaN;
  const aggregator = createAggregator(ports, {
    taskQueue: TASKS,
    queuePrefix: "bench_",
    spendingOf: () => spending.ofRun(),
    hedging: false,
    observer: {
      round(_, { round }) {
        if (round === WARMUP_ROUNDS) from = process.cpuUsage();
        if (round !== WARMUP_ROUNDS + rounds) return;
        const { user, system } = process.cpuUsage(from);
        cpuSeconds = (user + system) / 1e6;
      },
    },
  });
  const { control } = await createRun(
    objects,
    parseRunSpec(
      {
        data: "a9a",
        workers,
        problem: { kind: "nonconvex-binary" },
        algorithm: {
          kind: "marina",
          compressor: { kind: "rand-k", k: K },
          stepSize: 0.1,
          probability: 1e-6,
        },
        stop: { rounds: WARMUP_ROUNDS + rounds + 1 },
        evaluateEvery: 0,
      },
      "benchmark",
    ),
  );
  const deadline = performance.now() + 900_000;
  const { failedMessageIds } = await aggregator(
    [{ body: encodeControl(control), receipt: "r", receiveCount: 1, messageId: "m", queue: CONTROL }],
    { requestId: "bench", cold: true, remainingMilliseconds: () => deadline - performance.now() },
  );
  if (failedMessageIds.length > 0) throw new Error("the aggregator failed; see the lines above");
  return (1000 * cpuSeconds) / (rounds * workers);
}

/** CPU milliseconds of receiving ten messages and deleting them, a message. */
async function transportCpu(clients: AwsClients, messages: number): Promise<number> {
  const queues = createSqsMessageQueue(clients.sqs, createSystemClock());
  const from = process.cpuUsage();
  let left = messages / 10;
  const poll = async (): Promise<void> => {
    while (left-- > 0) {
      await queues.receive(CONTROL, { max: 10, waitSeconds: 0 });
      await queues.delete(
        CONTROL,
        Array.from({ length: 10 }, (_, i) => String(i).padStart(280, "A")),
      );
    }
  };
  await Promise.all(Array.from({ length: 8 }, poll));
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1000 / messages;
}

export async function aggregatorFigures(workers: number, rounds: number): Promise<Figure[]> {
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "secret",
    // Functions have temporary credentials, whose token is signed along.
    AWS_SESSION_TOKEN: "t".repeat(900),
    AWS_REGION: "eu-north-1",
  });
  const stub = await startSqsStub({
    dimension: DIMENSION,
    compressedBytes: 4 * K,
    denseBytes: 4 * DIMENSION,
  });
  const sides = {
    sdk: createSdkClients({ endpoint: stub.url }),
    lean: createFunctionClients(TASKS, { endpoint: stub.url }),
  };
  const best = { sdk: Infinity, lean: Infinity };
  const calls = { sdk: Infinity, lean: Infinity };
  try {
    for (let turn = 0; turn < 3; turn++) {
      for (const side of ["sdk", "lean"] as const) {
        calls[side] = Math.min(calls[side], await transportCpu(sides[side], 10_000));
        best[side] = Math.min(best[side], await aggregatorCpu(sides[side], workers, rounds));
      }
    }
  } finally {
    for (const { sqs } of Object.values(sides)) sqs.destroy();
    stub.stop();
  }
  const microseconds = (milliseconds: number) => `${(1000 * milliseconds).toFixed(0)} us`;
  return [
    {
      name: "CPU of receiving and deleting a message, functions' SQS client / SDK's",
      ratio: calls.lean / calls.sdk,
      detail: `${microseconds(calls.lean)}, ${microseconds(calls.sdk)}`,
      aim: "at most 0.5",
    },
    {
      name: `CPU of the aggregator a contribution at n = ${workers.toLocaleString("en-US")}, functions' SQS client / SDK's`,
      ratio: best.lean / best.sdk,
      detail: `${microseconds(best.lean)}, ${microseconds(best.sdk)}`,
      aim: "-",
    },
  ];
}

if (import.meta.main) {
  const { workers, rounds } = new Command("bench:aggregator")
    .option("--workers <n>", "n", Number, 5000)
    .option("--rounds <n>", "rounds measured", Number, 12)
    .option("--save", "make the ratios the baseline")
    .parse()
    .opts<{ workers: number; rounds: number }>();
  printFigures(await aggregatorFigures(workers, rounds));
}
