/**
 * A service of the real one's shape with trivial handlers: an aggregator that drives rounds, workers that answer each
 * task with one contribution. For tests and measurements of the cloud itself.
 */
import type { Handler, Ports, QueueAddress, ReceivedMessage } from "../../shared/cloud/ports.ts";
import { createEmbeddedCloud, type EmbeddedCloud, type EmbeddedCloudOptions } from "../cloud.ts";

export interface ToyOptions extends EmbeddedCloudOptions {
  readonly workers: number;
  readonly rounds: number;
  /** Multiply-adds of one task. */
  readonly nonZeros?: number;
  readonly bodyBytes?: number;
  readonly polls?: number;
  /** After each round as many evaluation tasks; their bodies begin with "E". */
  readonly evaluate?: boolean;
  readonly aggregatorTimeoutSeconds?: number;
}

export interface ToyResult {
  /** For each round the sum over its distinct tasks of task number + round. */
  readonly sums: readonly number[];
  /** Virtual milliseconds from the control message to the last PUT. */
  readonly milliseconds: number;
  readonly duplicates: number;
}

export interface Toy {
  readonly cloud: EmbeddedCloud;
  run(): Promise<ToyResult>;
}

const VISIBILITY = { visibilitySeconds: 300, retentionSeconds: 3600 };

export function createToy(options: ToyOptions): Toy {
  const { workers, rounds, nonZeros = 0, bodyBytes = 600, polls = 8 } = options;
  const cloud = createEmbeddedCloud({
    ...options,
    evaluationBytesOf: (body) => (body.startsWith("E") ? body.length : 0),
  });
  const control = cloud.createQueue("control.fifo", VISIBILITY);
  const tasks = cloud.createQueue("tasks", VISIBILITY);
  const contributions = cloud.createQueue("contributions", { visibilitySeconds: 15, retentionSeconds: 3600 });
  const padding = "x".repeat(bodyBytes);
  let finish: (result: ToyResult) => void;
  const finished = new Promise<ToyResult>((resolve) => {
    finish = resolve;
  });

  const createWorker = (ports: Ports): Handler => {
    return async (messages) => {
      for (const { body } of messages) {
        const [kind, round, task] = body.split(" ");
        await ports.compute.run(
          () => ({ rows: 0, nonZeros, entries: 0 }),
          () => null,
        );
        const value = Number(round) + Number(task);
        await ports.queues.send(contributions, [{ body: `${kind} ${round} ${task} ${value} ${padding}` }]);
      }
      return { failedMessageIds: [] };
    };
  };

  const createAggregator = (ports: Ports): Handler => {
    return async () => {
      const from = ports.clock.now();
      const inbox = new Inbox(ports, contributions, polls);
      const sums: number[] = [];
      for (let round = 0; round < rounds; round++) {
        sums.push(await driveRound(ports, inbox, tasks, "M", round, workers, padding));
        await ports.objects.put(`state/${round}`, new Uint8Array(64));
        if (options.evaluate === true) await driveRound(ports, inbox, tasks, "E", round, workers, padding);
      }
      finish({ sums, milliseconds: ports.clock.now() - from, duplicates: inbox.duplicates });
      return { failedMessageIds: [] };
    };
  };

  const worker = cloud.defineFunction({
    name: "worker",
    memoryMb: 1769,
    timeoutSeconds: 60,
    create: createWorker,
  });
  const aggregator = cloud.defineFunction({
    name: "aggregator",
    memoryMb: 1769,
    timeoutSeconds: options.aggregatorTimeoutSeconds ?? 300,
    reservedConcurrency: 1,
    create: createAggregator,
  });
  cloud.mapQueue({ queue: tasks, function: worker, batchSize: 1 });
  cloud.mapQueue({ queue: control, function: aggregator, batchSize: 1 });
  return {
    cloud,
    async run() {
      await cloud.client.queues.send(control, [{ body: "go", group: "run", deduplicationId: "go" }]);
      return cloud.run(finished);
    },
  };
}

async function driveRound(
  ports: Ports,
  inbox: Inbox,
  tasks: QueueAddress,
  kind: string,
  round: number,
  workers: number,
  padding: string,
): Promise<number> {
  const sends: Promise<void>[] = [];
  for (let first = 0; first < workers; first += 10) {
    const batch = [];
    for (let task = first; task < Math.min(workers, first + 10); task++) {
      batch.push({ body: `${kind} ${round} ${task} ${padding}` });
    }
    sends.push(ports.queues.send(tasks, batch));
  }
  const [sum] = await Promise.all([inbox.collect(kind, round, workers), ...sends]);
  return sum;
}

/** Keeps polls open across rounds and hands each round its distinct contributions. */
class Inbox {
  duplicates = 0;
  readonly #ports: Ports;
  readonly #queue: QueueAddress;
  readonly #polls: number;
  #open = 0;
  readonly #seen = new Set<string>();
  #key = "";
  #wanted = 0;
  #sum = 0;
  #done: (sum: number) => void = () => {};

  constructor(ports: Ports, queue: QueueAddress, polls: number) {
    this.#ports = ports;
    this.#queue = queue;
    this.#polls = polls;
  }

  collect(kind: string, round: number, wanted: number): Promise<number> {
    this.#key = `${kind} ${round} `;
    this.#wanted = wanted;
    this.#sum = 0;
    this.#seen.clear();
    const collected = new Promise<number>((resolve) => {
      this.#done = resolve;
    });
    while (this.#open < this.#polls) {
      this.#open++;
      void this.#poll();
    }
    return collected;
  }

  async #poll(): Promise<void> {
    for (;;) {
      const messages = await this.#ports.queues.receive(this.#queue, { max: 10, waitSeconds: 5 });
      if (messages.length > 0) this.#take(messages);
    }
  }

  #take(messages: readonly ReceivedMessage[]): void {
    void this.#ports.queues.delete(
      this.#queue,
      messages.map(({ receipt }) => receipt),
    );
    for (const { body } of messages) {
      const [, , task, value] = body.split(" ", 4);
      if (!body.startsWith(this.#key) || this.#seen.has(task!)) {
        this.duplicates++;
        continue;
      }
      this.#seen.add(task!);
      this.#sum += Number(value);
      if (this.#seen.size === this.#wanted) this.#done(this.#sum);
    }
  }
}
