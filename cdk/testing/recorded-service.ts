/** For tests: the two handlers on the embedded cloud, with a record of everything that they ask of it. */
import { createReadStream } from "node:fs";
import { createEmbeddedCloud } from "../../embedded/cloud.ts";
import { createAggregator } from "../../lambdas/aggregator/handler.ts";
import { createWorker } from "../../lambdas/worker/handler.ts";
import type { Ports, QueueAddress } from "../../shared/cloud/ports.ts";
import { importLibsvm } from "../../shared/data/import.ts";
import { encodeModel, storeModel } from "../../shared/data/models.ts";
import { shippedFile } from "../../shared/data/testing/load.ts";
import { traceModel } from "../../shared/problems/network/trace.ts";
import {
  contributionsQueueName,
  isTransientKey,
  measurementKey,
  resultKey,
  specKey,
} from "../../shared/protocol/keys.ts";
import { encodeRunMessage } from "../../shared/protocol/messages/run-message.ts";
import { parseRunSpec, type RunSpecInput } from "../../shared/protocol/spec/spec.ts";
import { decodeMeasurement } from "../../shared/protocol/stored/measurement.ts";
import { decodeResult } from "../../shared/protocol/stored/result.ts";
import {
  type ControlMessage,
  encodeControl,
  encodeStoredRun,
  type MeasureMessage,
  runDigest,
} from "../../shared/protocol/stored/run.ts";

export type Role = "worker" | "aggregator";

/** "role action resource": the action as IAM calls it, the resource as "bucket/key", "tasks", "control" or a queue's name. */
export type Asked = Set<string>;

export interface RecordedService {
  readonly asked: Asked;
  /** Stores a model of one's own for `mushrooms`. Returns its digest. */
  model(): Promise<string>;
  /** Has the cloud measured. Returns what is wrong with that, if anything. */
  measure(name: string): Promise<string | null>;
  /** Drives a run to its end, with a stop and a resumption on the way, or with a task lost, if told so. Returns how it ended. */
  run(
    name: string,
    spec: RunSpecInput,
    options?: { readonly interrupted?: boolean; readonly losesTask?: boolean },
  ): Promise<string>;
}

const NOTHING = { usd: () => 0, observationUsd: () => 0, save: () => null, restore: () => undefined };
/** By the virtual clock: a run has begun by then, and goes on for minutes. */
const STOP_AFTER_MILLISECONDS = 10_000;
const CONTROL = "control.fifo" as QueueAddress;
const TASKS = "tasks" as QueueAddress;

/**
 * Three data sets are there: `mushrooms`; `wide`, whose vectors fit into no message; and `slow`, whose power iteration
 * takes hundreds of steps.
 */
export async function startRecordedService(queuePrefix: string): Promise<RecordedService> {
  const asked: Asked = new Set();
  const warnings: string[] = [];
  const cloud = createEmbeddedCloud({
    seed: 1,
    log: {
      info: () => undefined,
      warn: (event, fields) => warnings.push(`${event} ${JSON.stringify(fields)}`),
    },
  });
  const times = { visibilitySeconds: 360, retentionSeconds: 3600 };
  const tasks = cloud.createQueue(TASKS, times);
  const control = cloud.createQueue(CONTROL, times);
  let losesNext = false;
  const losing = (ports: Ports): Ports => ({
    ...ports,
    queues: {
      ...ports.queues,
      send: (address, messages) => {
        const lost = losesNext && address === TASKS ? 1 : 0;
        if (lost === 1) losesNext = false;
        return ports.queues.send(address, messages.slice(lost));
      },
    },
  });
  const worker = cloud.defineFunction({
    name: "worker",
    memoryMb: 1769,
    timeoutSeconds: 60,
    create: (ports) => createWorker(recordPorts(ports, "worker", asked)),
  });
  const aggregator = cloud.defineFunction({
    name: "aggregator",
    memoryMb: 1769,
    timeoutSeconds: 300,
    create: (ports) =>
      createAggregator(losing(recordPorts(ports, "aggregator", asked)), {
        taskQueue: tasks,
        queuePrefix,
        spendingOf: () => NOTHING,
      }),
  });
  cloud.mapQueue({ queue: tasks, function: worker, batchSize: 1, maxConcurrency: 100 });
  cloud.mapQueue({ queue: control, function: aggregator, batchSize: 1 });
  const { objects, queues } = cloud.client;
  const common = { labels: "binary", objects } as const;
  await importLibsvm(createReadStream(shippedFile("mushrooms")), {
    ...common,
    name: "mushrooms",
    sourceName: "mushrooms.gz",
  });
  await importLibsvm(wideRows(), { ...common, name: "wide", sourceName: "wide" });
  await importLibsvm(slowRows(), { ...common, name: "slow", sourceName: "slow" });

  const send = (message: ControlMessage | MeasureMessage): Promise<void> =>
    queues.send(control, [
      {
        body: encodeControl(message),
        group: message.run,
        deduplicationId: `${message.run}.${"tenure" in message ? message.tenure : 0}.${message.action}`,
      },
    ]);
  const ending = async (name: string): Promise<string> => {
    for (;;) {
      if ((await objects.list(resultKey(name))).length > 0) {
        const { status, error } = decodeResult((await objects.get(resultKey(name))).body, name);
        return error === null ? status : `${status}: ${error}`;
      }
      if (cloud.clock.now() > 4 * 3_600_000) throw new Error(`${name} does not end:\n${warnings.join("\n")}`);
      await cloud.clock.sleep(100);
    }
  };
  return {
    asked,
    async model() {
      const program = traceModel(
        ({ row, label, parameter, ops }) => {
          const z = ops.matmul(row, parameter("w", [112, 1]));
          return { loss: ops.logistic(z, label), outputs: z };
        },
        { row: [112], label: { kind: "binary" } },
        "a test",
      );
      const model = encodeModel(program);
      await storeModel(objects, model);
      return model.sha256;
    },
    measure(name) {
      const plan = { hops: 10, bursts: [2], ramp: 10, objects: 1, computes: 1 };
      const key = measurementKey(name);
      return cloud.run(
        (async () => {
          await send({ version: 1, run: name, action: "measure", plan });
          while ((await objects.list(key)).length === 0) await cloud.clock.sleep(100);
          return decodeMeasurement((await objects.get(key)).body, key).error;
        })(),
      );
    },
    async run(name, input, { interrupted = false, losesTask = false } = {}) {
      losesNext = losesTask;
      const spec = parseRunSpec(input, "a test");
      const { object } = JSON.parse(
        Buffer.from((await objects.get(`datasets/${spec.data}/manifest.json`)).body).toString(),
      ) as {
        object: { sha256: string; etag: string };
      };
      const stored = {
        version: 1,
        run: name,
        spec,
        data: { sha256: object.sha256, etag: object.etag },
      } as const;
      await objects.put(specKey(name), encodeStoredRun(stored));
      return cloud.run(
        (async () => {
          await send({ version: 1, run: name, action: "start", tenure: 0 });
          if (!interrupted) return ending(name);
          await cloud.clock.sleep(STOP_AFTER_MILLISECONDS);
          const queue = await queues.address(contributionsQueueName(queuePrefix, name));
          // In the middle of a round: its answers come to an inbox that is being closed.
          const stop = { kind: "stop", runDigest: runDigest(stored), generation: 0, now: true } as const;
          await queues.send(queue, [{ body: encodeRunMessage(stop) }]);
          const first = await ending(name);
          await objects.delete(resultKey(name));
          await send({ version: 1, run: name, action: "resume", tenure: 1 });
          return `${first}, then ${await ending(name)}`;
        })(),
      );
    },
  };
}

/** Forty rows in 120,000 dimensions: a dense vector of float64 is close to a megabyte, and larger as text. */
async function* wideRows(): AsyncGenerator<Uint8Array> {
  const rows = Array.from(
    { length: 40 },
    (_, i) => `${i % 2 === 0 ? 1 : -1} ${1 + i}:1 ${1000 + 37 * i}:0.5 ${120_000 - i}:2\n`,
  );
  yield new TextEncoder().encode(rows.join(""));
}

/** A^T A = diag(2, 2 * 0.98^2): the two eigenvalues are close to each other. */
async function* slowRows(): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode("1 1:1\n-1 1:1\n1 2:0.98\n-1 2:0.98\n");
}

/** Ports that write down each call as the requests that it is on AWS. */
function recordPorts(ports: Ports, role: Role, asked: Asked): Ports {
  const { objects, queues } = ports;
  const object = (action: string, key: string): void => void asked.add(`${role} s3:${action} bucket/${key}`);
  const queue = (action: string, address: string): void => {
    const name = address === TASKS ? "tasks" : address === CONTROL ? "control" : address;
    asked.add(`${role} sqs:${action} ${name}`);
  };
  return {
    ...ports,
    objects: {
      get(key, options) {
        object("GetObject", key);
        return objects.get(key, options);
      },
      put(key, body, condition) {
        object("PutObject", key);
        if (isTransientKey(key)) object("PutObjectTagging", key);
        return objects.put(key, body, condition);
      },
      putStream(key) {
        throw new Error(`a function streams ${key}: it would need permissions for uploads in parts`);
      },
      delete(key) {
        object("DeleteObject", key);
        return objects.delete(key);
      },
      list(prefix) {
        asked.add(`${role} s3:ListBucket bucket`);
        return objects.list(prefix);
      },
    },
    queues: {
      create(name, options) {
        queue("CreateQueue", name);
        queue("TagQueue", name);
        return queues.create(name, options);
      },
      address(name) {
        queue("GetQueueUrl", name);
        return queues.address(name);
      },
      destroy(address) {
        queue("DeleteQueue", address);
        return queues.destroy(address);
      },
      send(address, messages) {
        queue("SendMessage", address);
        return queues.send(address, messages);
      },
      receive(address, options) {
        queue("ReceiveMessage", address);
        return queues.receive(address, options);
      },
      delete(address, receipts) {
        queue("DeleteMessage", address);
        return queues.delete(address, receipts);
      },
      extend(address, receipt, seconds) {
        queue("ChangeMessageVisibility", address);
        return queues.extend(address, receipt, seconds);
      },
      waiting(address) {
        queue("GetQueueAttributes", address);
        return queues.waiting(address);
      },
    },
  };
}
