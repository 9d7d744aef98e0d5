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
  /** What happens while the engine waits for the nth time. */
  meanwhile: (look: number) => void | Promise<void>;
  wait(tenure?: number): Promise<unknown>;
  drive(): Promise<unknown>;
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
  const engine = new AwsEngine(stack, ports);
  const watcher = {
    calibration: () => undefined,
    round: () => undefined,
    quiet: (seconds: number) => silences.push(seconds),
  };
  await objects.put(specKey(run), encodeStoredRun(storedRun()));
  const told: Scene = {
    ...{ engine, objects, dead, givenBack, sent, silences },
    meanwhile: (look) => {
      if (look > 1000) throw new Error("waits for ever");
    },
    wait: (tenure = 0) => engine.watch(run, watcher, tenure),
    drive: () => engine.drive({ version: 1, run, action: "start", tenure: 0 }, watcher),
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

describe("whoever only looks", () => {
  it("is told the same, and leaves the dead letter to whoever waits", async () => {
    const told = await scene();
    told.dead.set("r", message(run));
    await expect(told.engine.checkAlive(run)).rejects.toThrow("the aggregator could not go on with it");
    expect(told.dead.size).toBe(1);
    expect(told.givenBack).toEqual(["r"]);
  });

  it("is told nothing of a run that goes on", async () => {
    const { engine } = await scene();
    await expect(engine.checkAlive(run)).resolves.toBeUndefined();
  });
});
