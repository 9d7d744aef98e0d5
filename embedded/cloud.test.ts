import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { DeliveredMessage, Handler, Invocation, Ports } from "../shared/cloud/ports.ts";
import { createEmbeddedCloud, type EmbeddedCloudOptions } from "./cloud.ts";
import type { FunctionOptions } from "./functions/function.ts";
import { type LatencyProfile, NO_LATENCIES, type Quantiles } from "./latency/latencies.ts";
import { createToy } from "./testing/toy-service.ts";

const VISIBILITY = 60;
const constant = (milliseconds: number): Quantiles => ({
  p10: milliseconds,
  p50: milliseconds,
  p90: milliseconds,
  p99: milliseconds,
  max: milliseconds,
});

interface Seen {
  readonly at: number;
  readonly messages: readonly DeliveredMessage[];
  readonly invocation: Invocation;
}

/** One queue mapped to one function whose handler notes what it sees and then does its work. */
function setUp(
  work: (ports: Ports, seen: Seen) => Promise<readonly string[]>,
  options: Partial<EmbeddedCloudOptions> = {},
  functionOptions: Partial<FunctionOptions> = {},
  mapping: { batchSize: number; maxConcurrency?: number } = { batchSize: 1 },
  name = "q",
) {
  const cloud = createEmbeddedCloud({ seed: 1, latencies: "none", ...options });
  const dead = cloud.createQueue(name.replace("q", "dead"), {
    visibilitySeconds: VISIBILITY,
    retentionSeconds: 1e6,
  });
  const queue = cloud.createQueue(
    name,
    { visibilitySeconds: VISIBILITY, retentionSeconds: 1e6 },
    { queue: dead, maxReceiveCount: 3 },
  );
  const seen: Seen[] = [];
  let environments = 0;
  const create = (ports: Ports): Handler => {
    environments++;
    return async (messages, invocation) => {
      const now = { at: ports.clock.now(), messages, invocation };
      seen.push(now);
      return { failedMessageIds: await work(ports, now) };
    };
  };
  const target = cloud.defineFunction({
    name: "worker",
    memoryMb: 1769,
    timeoutSeconds: 10,
    create,
    ...functionOptions,
  });
  cloud.mapQueue({ queue, function: target, ...mapping });
  const send = (...bodies: string[]) =>
    cloud.client.queues.send(
      queue,
      bodies.map((body) => (name.endsWith(".fifo") ? { body, group: "g", deduplicationId: body } : { body })),
    );
  const pass = (milliseconds: number) => cloud.run(cloud.clock.sleep(milliseconds));
  return { cloud, queue, dead, seen, send, pass, environments: () => environments };
}

const sleepFor = (milliseconds: number) => async (ports: Ports) => {
  await ports.clock.sleep(milliseconds);
  return [];
};

describe("an event source mapping", () => {
  it("starts a handler for each message after the dispatch latency and deletes what was handled", async () => {
    const latencies: LatencyProfile = { ...NO_LATENCIES, dispatchStandard: constant(16) };
    const { cloud, queue, seen, send, pass } = setUp(sleepFor(5), { latencies });
    await send("a", "b");
    await pass(100);
    expect(seen.map(({ at, messages }) => [at, messages.map(({ body }) => body)])).toEqual([
      [expect.closeTo(16, 9), ["a"]],
      [expect.closeTo(16, 9), ["b"]],
    ]);
    expect(cloud.queue(queue)).toMatchObject({ waiting: 0, inFlight: 0 });
    expect(cloud.usage().method.standardMapping).toMatchObject({ receiveRequests: 2, deleteRequests: 2 });
  });

  it("starts them one after the other where it has been measured to do so", async () => {
    const latencies: LatencyProfile = {
      ...NO_LATENCIES,
      dispatchStandard: constant(16),
      dispatchGapMilliseconds: 4,
    };
    const { seen, send, pass } = setUp(sleepFor(50), { latencies });
    await send("a", "b", "c");
    await pass(100);
    expect(seen.map(({ at }) => at)).toEqual([16, 20, 24].map((at) => expect.closeTo(at, 9)));
    await send("d");
    await pass(100);
    expect(seen[3]!.at).toBeCloseTo(116, 9);
  });

  it("counts what is dispatched from the start of the call that sent it", async () => {
    const latencies: LatencyProfile = {
      ...NO_LATENCIES,
      dispatchStandard: constant(16),
      queueCall: constant(7),
    };
    const relay = async (ports: Ports, { messages }: Seen) => {
      if (messages[0]!.body === "first") await ports.queues.send(messages[0]!.queue, [{ body: "second" }]);
      return [];
    };
    const { seen, send, pass } = setUp(relay, { latencies });
    await send("first");
    await pass(100);
    expect(seen.map(({ at }) => at)).toEqual([expect.closeTo(16, 9), expect.closeTo(32, 9)]);
  });

  it("puts up to a batch of what is there into one invocation", async () => {
    const { seen, send, pass } = setUp(sleepFor(1), {}, {}, { batchSize: 4 });
    await send("1", "2", "3", "4", "5", "6");
    await pass(100);
    expect(seen.map(({ messages }) => messages.length)).toEqual([4, 2]);
  });

  it("never runs more at a time than it may, and loses nothing", async () => {
    for (const [functionOptions, mapping] of [
      [{ reservedConcurrency: 2 }, { batchSize: 1 }],
      [{}, { batchSize: 1, maxConcurrency: 2 }],
    ] as const) {
      const { seen, send, pass, environments } = setUp(sleepFor(10), {}, functionOptions, mapping);
      await send("1", "2", "3", "4", "5");
      await pass(100);
      expect(seen.map(({ at }) => at)).toEqual([0, 0, 10, 10, 20]);
      expect(environments()).toBe(2);
    }
  });

  it("delivers again, after the visibility, just the messages that failed", async () => {
    const failOnce = async (_: Ports, { messages }: Seen) =>
      messages
        .filter(({ body, receiveCount }) => body === "bad" && receiveCount === 1)
        .map(({ messageId }) => messageId);
    const { cloud, queue, seen, send, pass } = setUp(failOnce, {}, {}, { batchSize: 10 });
    await send("good", "bad", "fine");
    await pass(200_000);
    expect(seen.map(({ at, messages }) => [at, messages.map(({ body }) => body)])).toEqual([
      [0, ["good", "bad", "fine"]],
      [VISIBILITY * 1000, ["bad"]],
    ]);
    expect(cloud.queue(queue)).toMatchObject({ waiting: 0, inFlight: 0 });
  });

  it("delivers the whole batch again when the handler throws or names a stranger, at last to the dead letters", async () => {
    for (const fault of [
      async () => {
        throw new Error("broken");
      },
      async () => ["no such message"],
    ]) {
      const { cloud, dead, seen, send, pass } = setUp(fault, {}, {}, { batchSize: 10 });
      await send("a", "b");
      await pass(400_000);
      expect(seen.map(({ messages }) => messages.map(({ receiveCount }) => receiveCount))).toEqual([
        [1, 1],
        [2, 2],
        [3, 3],
      ]);
      expect(cloud.queue(dead).waiting).toBe(2);
    }
  });

  it("of a FIFO queue runs a group one message after the other, in order, over a poison message too", async () => {
    const work = async (ports: Ports, { messages }: Seen) => {
      await ports.clock.sleep(10);
      return messages[0]!.body === "2" ? [messages[0]!.messageId] : [];
    };
    const { cloud, dead, seen, send, pass } = setUp(work, {}, {}, { batchSize: 1 }, "q.fifo");
    await send("1", "2", "3", "4");
    await pass(1_000_000);
    expect(seen.map(({ messages }) => messages[0]!.body)).toEqual(["1", "2", "2", "2", "3", "4"]);
    for (let i = 1; i < seen.length; i++) expect(seen[i]!.at).toBeGreaterThanOrEqual(seen[i - 1]!.at + 10);
    expect(cloud.queue(dead).waiting).toBe(1);
  });

  it("polls an idle queue with five pollers of twenty seconds", async () => {
    const { cloud, pass } = setUp(sleepFor(0));
    await pass(60_000);
    expect(cloud.usage().method.standardMapping.emptyReceiveRequests).toBe(15);
  });

  it("demands a visibility that outlasts its function", () => {
    expect(() => setUp(sleepFor(0), {}, { timeoutSeconds: VISIBILITY + 1 })).toThrow(/visibility of 60 s/);
  });

  it("delivers duplicates to the handler too", async () => {
    const { seen, send, pass } = setUp(sleepFor(1), { faults: { shuffle: true, duplicate: true } });
    await send("a", "b");
    await pass(100);
    expect(seen.map(({ messages }) => messages[0]!.body).sort()).toEqual(["a", "a", "b", "b"]);
  });
});

describe("a function", () => {
  it("reuses the environment that was used last, and bills handler time and INIT", async () => {
    const latencies: LatencyProfile = { ...NO_LATENCIES, coldStart: constant(375.2) };
    const { cloud, seen, send, pass, environments } = setUp(sleepFor(10.4), { latencies });
    await send("1", "2");
    await pass(1000);
    await send("3");
    await pass(1000);
    expect(environments()).toBe(2);
    expect(seen.map(({ at, invocation }) => [at, invocation.cold])).toEqual([
      [expect.closeTo(375.2, 9), true],
      [expect.closeTo(375.2, 9), true],
      [1000, false],
    ]);
    expect(cloud.usage().method.worker).toEqual({
      invocations: 3,
      billedMilliseconds: 33,
      coldStarts: 2,
      initMilliseconds: 752,
      errors: 0,
    });
    expect(cloud.usage().method.aggregator.invocations).toBe(0);
  });

  it("tells the handler how much time is left", async () => {
    const left: number[] = [];
    const work = async (ports: Ports, { invocation }: Seen) => {
      left.push(invocation.remainingMilliseconds());
      await ports.clock.sleep(300);
      left.push(invocation.remainingMilliseconds());
      return [];
    };
    const { send, pass } = setUp(work);
    await send("m");
    await pass(1000);
    expect(left).toEqual([10_000, 9700]);
  });

  it("cuts an invocation off at its time-out: what it had sent takes effect, and it never acts again", async () => {
    const latencies: LatencyProfile = { ...NO_LATENCIES, objectPut: constant(100) };
    const steps: string[] = [];
    let release = (): void => {};
    const outside = new Promise<void>((resolve) => {
      release = resolve;
    });
    const work = async (ports: Ports, { messages }: Seen) => {
      if (messages[0]!.receiveCount > 1) return [];
      // A zombie by every road: a call in flight, a later call, and one after something that is no port.
      void outside.then(async () => {
        steps.push("woken by the outside");
        await ports.objects.put("from the outside", new Uint8Array(1));
        steps.push("acted from the outside");
      });
      await ports.clock.sleep(9950);
      await ports.objects.put("in flight", new Uint8Array(1));
      steps.push("saw the answer");
      await ports.objects.put("after", new Uint8Array(1));
      return [];
    };
    const { cloud, queue, seen, send, pass, environments } = setUp(work, { latencies });
    await send("m");
    await pass(20_000);
    release();
    await pass(200_000);
    expect(steps).toEqual(["woken by the outside"]);
    expect(await cloud.client.objects.list("")).toEqual(["in flight"]);
    expect(seen.map(({ at }) => at)).toEqual([0, VISIBILITY * 1000]);
    expect(environments()).toBe(2);
    expect(cloud.queue(queue)).toMatchObject({ waiting: 0, inFlight: 0 });
    expect(cloud.usage().method.worker).toMatchObject({
      invocations: 2,
      billedMilliseconds: 10_001,
      errors: 1,
    });
  });

  it("freezes its environment between invocations: what comes meanwhile is seen at the next one", async () => {
    const seenAt: number[] = [];
    const work = async (ports: Ports, { messages }: Seen) => {
      if (messages[0]!.body === "first")
        void ports.clock.sleep(50).then(() => seenAt.push(ports.clock.now()));
      else await ports.clock.sleep(1);
      return [];
    };
    const { send, pass } = setUp(work);
    await send("first");
    await pass(500);
    expect(seenAt).toEqual([]);
    await send("second");
    await pass(500);
    expect(seenAt).toEqual([500]);
  });

  it("charges computing by the model: work, memory's share of a vCPU, one thread", async () => {
    const rates = {
      rowNanoseconds: 100,
      nonZeroNanoseconds: 10,
      indexNanoseconds: 0,
      uniformNanoseconds: 0,
      entryNanoseconds: 1,
      flopNanoseconds: 0.5,
    };
    const ends: number[] = [];
    const work = async (ports: Ports) => {
      const once = async (): Promise<void> => {
        const answer = await ports.compute.run(
          (result) => ({ rows: 10_000, nonZeros: 100_000, entries: result, flop: 2_000_000 }),
          () => 1_000_000,
        );
        expect(answer).toBe(1_000_000);
        ends.push(ports.clock.now());
      };
      await Promise.all([once(), once()]);
      return [];
    };
    // 1 + 1 + 1 + 1 ms of a whole vCPU; half the memory takes twice as long; the second waits for the first.
    const { send, pass } = setUp(work, { compute: { kind: "model", rates } }, { memoryMb: 1769 / 2 });
    await send("m");
    await pass(1000);
    expect(ends).toEqual([8, 16]);
  });

  it("charges computing by measurement when told so, times the straggler's factor", async () => {
    let wall = 0;
    const ends: number[] = [];
    const work = async (ports: Ports) => {
      await ports.compute.run(
        () => ({ rows: 0, nonZeros: 0, entries: 0 }),
        () => {
          wall += 7;
        },
      );
      ends.push(ports.clock.now());
      return [];
    };
    const latencies: LatencyProfile = { ...NO_LATENCIES, straggler: constant(1.5) };
    const compute = { kind: "measured", wallClock: () => wall, slowdown: 2 } as const;
    const { send, pass } = setUp(work, { latencies, compute });
    await send("m");
    await pass(1000);
    expect(ends).toEqual([expect.closeTo(21, 9)]);
  });

  it("passes on what computing throws", async () => {
    const work = async (ports: Ports) => {
      await ports.compute.run(
        () => ({ rows: 0, nonZeros: 0, entries: 0 }),
        () => {
          throw new Error("no gradient");
        },
      );
      return [];
    };
    const { cloud, send, pass } = setUp(work);
    await send("m");
    await pass(10);
    expect(cloud.usage().method.worker.errors).toBe(1);
  });

  it("makes calls wait for the environment's thread, network and the service", async () => {
    const latencies: LatencyProfile = {
      ...NO_LATENCIES,
      objectPut: constant(45),
      objectGet: constant(27),
      putBytesPerMillisecond: 1000,
      getBytesPerMillisecond: 500,
      networkBytesPerMillisecond: 2000,
      clientCpu: { ...NO_LATENCIES.clientCpu, objectMilliseconds: 3 },
    };
    const ends: Record<string, number> = {};
    const work = async (ports: Ports) => {
      const timed = async (name: string, call: Promise<unknown>): Promise<void> => {
        await call;
        ends[name] = ports.clock.now();
      };
      const body = new Uint8Array(10_000);
      await Promise.all([
        timed("put 1", ports.objects.put("a", body)),
        timed("put 2", ports.objects.put("b", body)),
      ]);
      await timed("get", ports.objects.get("a"));
      return [];
    };
    const { send, pass } = setUp(work, { latencies });
    await send("m");
    await pass(1000);
    // 3 CPU + 10 upload + 45; the second: 6 CPU, its bytes behind the first's (at 5 ms each) still done by 16.
    expect(ends["put 1"]).toBeCloseTo(58, 9);
    expect(ends["put 2"]).toBeCloseTo(61, 9);
    // From 61: 3 CPU + 27 + 20 download.
    expect(ends.get).toBeCloseTo(111, 9);
  });
});

describe("the cloud's receive", () => {
  it("leaves a poll of an ended invocation open: it takes messages, and they come back", async () => {
    const latencies: LatencyProfile = { ...NO_LATENCIES, queueCall: constant(10) };
    const cloud = createEmbeddedCloud({ seed: 1, latencies });
    const queue = cloud.createQueue("inbox", { visibilitySeconds: 15, retentionSeconds: 3600 });
    const control = cloud.createQueue("control", { visibilitySeconds: 60, retentionSeconds: 3600 });
    const create = (ports: Ports): Handler => {
      return async () => {
        void ports.queues.receive(queue, { max: 10, waitSeconds: 20 });
        return { failedMessageIds: [] };
      };
    };
    const target = cloud.defineFunction({ name: "aggregator", memoryMb: 1769, timeoutSeconds: 60, create });
    cloud.mapQueue({ queue: control, function: target, batchSize: 1 });
    await cloud.client.queues.send(control, [{ body: "go" }]);
    await cloud.run(cloud.clock.sleep(1000));
    await cloud.client.queues.send(queue, [{ body: "m" }]);
    expect(cloud.queue(queue)).toMatchObject({ waiting: 0, inFlight: 1 });
    const received = await cloud.run(cloud.client.queues.receive(queue, { max: 10, waitSeconds: 20 }));
    expect(received).toMatchObject([{ body: "m", receiveCount: 2 }]);
    expect(cloud.clock.now()).toBe(16_000);
  });
});

describe("a toy service of the real one's shape", () => {
  const sumOfRound = (round: number, workers: number): number =>
    workers * round + (workers * (workers - 1)) / 2;

  it("drives a hundred rounds, each with the answer of every worker", async () => {
    const workers = 5;
    const toy = createToy({ seed: 1, workers, rounds: 100 });
    const { sums, milliseconds } = await toy.run();
    expect(sums).toEqual(Array.from({ length: 100 }, (_, round) => sumOfRound(round, workers)));
    const { method, evaluation } = toy.cloud.usage();
    expect(method.worker.invocations).toBe(500);
    expect(method.objects.putRequests).toBe(100);
    expect(method.standardQueues.sendRequests).toBe(600);
    expect(method.aggregator.billedMilliseconds).toBe(Math.ceil(milliseconds));
    expect(evaluation.worker.invocations).toBe(0);
  });

  it("takes the same virtual time with the same seed, and another with another", async () => {
    const time = async (seed: number) =>
      (await createToy({ seed, workers: 7, rounds: 20 }).run()).milliseconds;
    const first = await time(1);
    expect(await time(1)).toBe(first);
    expect(await time(2)).not.toBe(first);
  });

  it("is watched without a trace: evaluation changes neither the method's time nor its account", async () => {
    const run = async (evaluate: boolean) => {
      const toy = createToy({ seed: 3, workers: 30, rounds: 20, nonZeros: 1e6, evaluate });
      const { milliseconds } = await toy.run();
      return { milliseconds, usage: toy.cloud.usage() };
    };
    const plain = await run(false);
    const watched = await run(true);
    expect(watched.milliseconds).toBe(plain.milliseconds);
    expect(watched.usage.method).toEqual(plain.usage.method);
    expect(watched.usage.evaluation.worker.invocations).toBe(600);
    expect(watched.usage.evaluation.worker.billedMilliseconds).toBeGreaterThan(600);
    expect(plain.usage.evaluation.worker.invocations).toBe(0);
  });

  it("comes to the same sums when every message is delivered twice in random order", async () => {
    const toy = createToy({ seed: 4, workers: 6, rounds: 20, faults: { shuffle: true, duplicate: true } });
    const { sums, duplicates } = await toy.run();
    expect(sums).toEqual(Array.from({ length: 20 }, (_, round) => sumOfRound(round, 6)));
    expect(duplicates).toBeGreaterThan(20 * 6);
  });

  it("keeps its objects in its home, for the next process", async () => {
    const home = mkdtempSync(join(tmpdir(), "marina-cloud-"));
    try {
      await createToy({ seed: 1, workers: 2, rounds: 3, home }).run();
      const next = createEmbeddedCloud({ seed: 1, home });
      expect(await next.client.objects.list("state/")).toEqual(["state/0", "state/1", "state/2"]);
      expect((await next.client.objects.get("state/2")).body.length).toBe(64);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });

  it("says so when its aggregator waits for what can never come", async () => {
    const cloud = createEmbeddedCloud({ seed: 1 });
    await expect(cloud.run(new Promise(() => {}))).rejects.toMatchObject({ code: "unavailable" });
  });
});
