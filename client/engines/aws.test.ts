/** What whoever waits for a run on a stack is told when nothing will come of it. */
import { describe, expect, it } from "vitest";
import { MarinaError } from "../../shared/base/errors.ts";
import type { DeployedStack } from "../../shared/cloud/aws/stack.ts";
import type { MessageQueue, ObjectStore, Ports, QueueAddress } from "../../shared/cloud/ports.ts";
import { memoryStore } from "../../shared/data/testing/memory-store.ts";
import { checkpointKey, resultKey, specKey } from "../../shared/protocol/keys.ts";
import { encodeCheckpoint } from "../../shared/protocol/stored/checkpoint.ts";
import { encodeResult } from "../../shared/protocol/stored/result.ts";
import { encodeControl, encodeStoredRun } from "../../shared/protocol/stored/run.ts";
import { checkpoint, result, storedRun } from "../../shared/protocol/testing/samples.ts";
import { AwsEngine } from "./aws.ts";
import { judge, type StackEvidence } from "./liveness.ts";

const CONTROL = "control" as QueueAddress;
const DEAD = "dead" as QueueAddress;
const { run } = storedRun();
const message = (about: string) => encodeControl({ version: 1, run: about, action: "start", tenure: 0 });

interface Scene {
  readonly engine: AwsEngine;
  readonly objects: ObjectStore;
  /** Bodies in the dead letters, by receipt. */
  readonly dead: Map<string, string>;
  readonly givenBack: string[];
  readonly sent: string[];
  readonly silences: number[];
  /** What the stack shows of the run. */
  evidence: StackEvidence;
  /** What happens while the engine waits for the nth time. */
  meanwhile: (look: number) => void | Promise<void>;
  wait(tenure?: number): Promise<unknown>;
  drive(tenure?: number): Promise<unknown>;
  attach(): Promise<unknown>;
}

async function scene(change: Partial<ObjectStore> = {}): Promise<Scene> {
  const objects = { ...memoryStore(), ...change };
  const dead = new Map<string, string>();
  const hidden = new Set<string>();
  const [givenBack, sent, silences]: [string[], string[], number[]] = [[], [], []];
  let now = 0;
  let looks = 0;
  const queues: Partial<MessageQueue> = {
    receive: async (queue, { max }) => {
      expect(queue).toBe(DEAD);
      const visible = [...dead].filter(([receipt]) => !hidden.has(receipt)).slice(0, max);
      for (const [receipt] of visible) hidden.add(receipt);
      return visible.map(([receipt, body]) => ({ receipt, body, receiveCount: 1 }));
    },
    delete: async (_queue, receipts) => {
      for (const receipt of receipts) dead.delete(receipt);
    },
    extend: async (_queue, receipt, seconds) => {
      expect(seconds).toBe(0);
      hidden.delete(receipt);
      givenBack.push(receipt);
    },
    send: async (queue, messages) => {
      expect(queue).toBe(CONTROL);
      sent.push(...messages.map(({ body }) => body));
    },
  };
  const ports = {
    objects,
    queues,
    clock: {
      now: () => now,
      sleep: async (milliseconds: number) => {
        now += milliseconds;
        await told.meanwhile(looks++);
      },
    },
  } as unknown as Ports;
  const stack = { controlQueue: CONTROL, controlDeadLetters: DEAD, bucket: "bucket" } as DeployedStack;
  const evidence = async () => told.evidence;
  const engine = new AwsEngine(stack, ports, evidence);
  const watcher = {
    calibration: () => undefined,
    round: () => undefined,
    quiet: (seconds: number) => silences.push(seconds),
  };
  await objects.put(specKey(run), encodeStoredRun(storedRun()));
  const told: Scene = {
    ...{ engine, objects, dead, givenBack, sent, silences },
    evidence: { secondsSinceWrite: 1, begun: true, controlMessages: 1 },
    meanwhile: (look) => {
      if (look > 1000) throw new Error("waits for ever");
    },
    wait: (tenure = 0) => engine.watch(run, watcher, tenure),
    drive: (tenure = 0) => engine.drive({ version: 1, run, action: "start", tenure }, watcher),
    attach: () => engine.attach(run, watcher),
  };
  return told;
}

describe("whoever waits for a run", () => {
  it("is told once its control message is among the dead letters, and takes it away", async () => {
    const told = await scene();
    told.meanwhile = (look) => {
      if (look === 2) told.dead.set("r", message(run));
    };
    await expect(told.wait()).rejects.toThrow(
      `run ${run}: the aggregator could not go on with it; see why: marina logs ${run}, then: marina resume ${run}`,
    );
    expect(told.dead.size).toBe(0);
  });

  it("leaves the dead letters of other runs to those who wait for them", async () => {
    const told = await scene();
    told.dead.set("other", message("another-run"));
    told.dead.set("rubbish", "{");
    told.meanwhile = async (look) => {
      if (look === 1) await told.objects.put(resultKey(run), encodeResult(result()));
    };
    await expect(told.wait()).resolves.toMatchObject({ run });
    expect([...told.dead.keys()]).toEqual(["other", "rubbish"]);
    expect(told.givenBack).toEqual(["other", "rubbish"]);
  });

  it("does not take what an earlier attempt left among the dead letters for its own end", async () => {
    const told = await scene();
    told.dead.set("old", message(run));
    told.meanwhile = async () => {
      await told.objects.put(resultKey(run), encodeResult(result()));
    };
    await expect(told.drive()).resolves.toMatchObject({ run });
    expect(told.sent).toEqual([message(run)]);
  });

  it("is told that the run was deleted", async () => {
    const told = await scene();
    await told.objects.put(checkpointKey(run), encodeCheckpoint(checkpoint));
    told.meanwhile = async (look) => {
      if (look === 3) for (const key of await told.objects.list("")) await told.objects.delete(key);
      if (look > 10) throw new Error("waits for ever");
    };
    await expect(told.wait()).rejects.toThrow(
      `run ${run} was deleted while it went on: s3://bucket/${specKey(run)} is gone`,
    );
  });

  it("is told that the run does not need it, where only the command can't look any more", async () => {
    const expired = new MarinaError(
      "access",
      "S3 GetObject: the AWS credentials have expired; sign in again",
    );
    const told = await scene({ get: () => Promise.reject(expired) });
    await expect(told.drive()).rejects.toThrow(
      `sign in again; run ${run} does not need this command: once that is repaired look again with marina watch ${run}`,
    );
  });

  it("is told after minutes in which nothing happened", async () => {
    const told = await scene();
    told.meanwhile = async (look) => {
      if (look === 130) await told.objects.put(resultKey(run), encodeResult(result()));
    };
    await told.wait();
    expect(told.silences).toEqual([60, 120]);
  });
});

describe("whoever resumes a run", () => {
  it("that is live follows it to its end and sends nothing", async () => {
    const told = await scene();
    await told.objects.put(checkpointKey(run), encodeCheckpoint(checkpoint));
    told.meanwhile = async (look) => {
      // Longer than it takes to say that nothing is new, and to judge several times.
      if (look === 70) await told.objects.put(resultKey(run), encodeResult(result()));
      if (look > 80) throw new Error("waits for ever");
    };
    await expect(told.attach()).resolves.toMatchObject({ run });
    expect(told.sent).toEqual([]);
  });

  it("that dies while it is followed is told so", async () => {
    const told = await scene();
    told.meanwhile = (look) => {
      if (look === 25) told.evidence = { secondsSinceWrite: 50, begun: true, controlMessages: 0 };
      if (look > 40) throw new Error("waits for ever");
    };
    await expect(told.attach()).resolves.toBeUndefined();
  });

  it("that ended while it was asked to go on ends with it, though the result is of the earlier tenure", async () => {
    const told = await scene();
    told.meanwhile = async (look) => {
      if (look === 3) await told.objects.put(resultKey(run), encodeResult({ ...result(), tenure: 1 }));
      if (look > 10) throw new Error("waits for ever");
    };
    await expect(told.drive(2)).resolves.toMatchObject({ run, tenure: 1, status: "done" });
  });

  it("does not take the earlier stop of a run for its end", async () => {
    const told = await scene();
    await told.objects.put(resultKey(run), encodeResult({ ...result(), tenure: 1, status: "stopped" }));
    told.meanwhile = async (look) => {
      if (look === 3) await told.objects.put(resultKey(run), encodeResult({ ...result(), tenure: 2 }));
      if (look > 10) throw new Error("waits for ever");
    };
    await expect(told.drive(2)).resolves.toMatchObject({ tenure: 2 });
  });
});

describe("whoever only looks", () => {
  it("is told that it was given up, and leaves the dead letter to whoever waits", async () => {
    const told = await scene();
    told.dead.set("r", message(run));
    expect(await told.engine.liveness(run)).toEqual({
      state: "cut-off",
      because: `the aggregator could not go on with it; see why: marina logs ${run}`,
    });
    expect(told.dead.size).toBe(1);
    expect(told.givenBack).toEqual(["r"]);
  });

  it("is told that a run has ended as soon as there is a result", async () => {
    const told = await scene();
    expect((await told.engine.liveness(run)).state).toBe("live");
    await told.objects.put(resultKey(run), encodeResult(result()));
    expect((await told.engine.liveness(run)).state).toBe("ended");
  });
});

describe("a run on a stack is", () => {
  const begun = { begun: true, secondsSinceWrite: 3, controlMessages: 1 };
  // Lease 45 s, heartbeat 15 s, a task is sent four times at most, every 15 s: 120 s in all.
  it.each<[string, StackEvidence, string]>([
    ["live while its checkpoint is written", begun, "live"],
    ["live where the count of control messages is a moment late", { ...begun, controlMessages: 0 }, "live"],
    [
      "cut off once no control message is left",
      { ...begun, secondsSinceWrite: 16, controlMessages: 0 },
      "cut-off",
    ],
    ["live while a slow round, or a takeover, may last", { ...begun, secondsSinceWrite: 119 }, "live"],
    ["silent after that: the message may be another run's", { ...begun, secondsSinceWrite: 121 }, "silent"],
    ["live through a long calibration", { begun: false, secondsSinceWrite: 900, controlMessages: 1 }, "live"],
    ["cut off before it began", { begun: false, secondsSinceWrite: 60, controlMessages: 0 }, "cut-off"],
    [
      "judged by age alone where the queue may not be asked",
      { ...begun, controlMessages: undefined },
      "live",
    ],
    ["silent likewise", { ...begun, secondsSinceWrite: 600, controlMessages: undefined }, "silent"],
  ])("%s", (_title, evidence, state) => {
    expect(judge(evidence).state).toBe(state);
  });
});
