/** Runs and data sets that are deleted: what may go, in which order, and what an interruption leaves. */
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MarinaError } from "../shared/base/errors.ts";
import type { DeployedStack } from "../shared/cloud/aws/stack.ts";
import type { MessageQueue, ObjectStore, Ports } from "../shared/cloud/ports.ts";
import { shippedFile } from "../shared/data/testing/load.ts";
import { memoryStore } from "../shared/data/testing/memory-store.ts";
import { checkpointKey, resultKey, roundsKey, specKey } from "../shared/protocol/keys.ts";
import { encodeCheckpoint } from "../shared/protocol/stored/checkpoint.ts";
import { encodeResult } from "../shared/protocol/stored/result.ts";
import { encodeStoredRun } from "../shared/protocol/stored/run.ts";
import { checkpoint, result, storedRun } from "../shared/protocol/testing/samples.ts";
import { runDeletion } from "./delete.ts";
import { AwsEngine } from "./engines/aws.ts";
import type { StackEvidence } from "./engines/liveness.ts";
import { openMarina, type RunSpecInput } from "./library.ts";
import { runNames } from "./run-names.ts";

const folders: string[] = [];
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "marina-delete-"));
  folders.push(made);
  return made;
}
afterAll(() => {
  for (const made of folders) rmSync(made, { recursive: true, force: true });
});

const spec: RunSpecInput = {
  name: "gone",
  data: "mushrooms",
  workers: 3,
  problem: { kind: "nonconvex-binary" },
  algorithm: { kind: "marina", compressor: { kind: "rand-k", k: 10 } },
  stop: { rounds: 20 },
};

describe("on the embedded cloud", () => {
  let prepared: string;
  const home = (): string => {
    const made = folder();
    cpSync(prepared, made, { recursive: true });
    return made;
  };
  const filesBelow = (...parts: string[]): string[] =>
    existsSync(join(...parts)) ? readdirSync(join(...parts), { recursive: true, encoding: "utf8" }) : [];

  beforeAll(async () => {
    prepared = folder();
    await using marina = await openMarina({ home: prepared });
    await marina.importData(shippedFile("mushrooms"));
    for (const name of ["gone", "kept"]) await (await marina.createRun({ ...spec, name })).result();
  });

  it("everything of a run goes, of others nothing, and its name is free again", async () => {
    const at = home();
    await using marina = await openMarina({ home: at });
    const kept = filesBelow(at, "objects", "runs", "kept");
    await marina.deleteRun("gone");
    expect(await marina.runNames()).toEqual(["kept"]);
    expect(filesBelow(at, "objects", "runs", "gone")).toEqual([]);
    expect(filesBelow(at, "locks")).toEqual([]);
    expect(filesBelow(at, "objects", "runs", "kept")).toEqual(kept);
    const again = await marina.createRun(spec);
    expect(again.name).toBe("gone");
    expect((await again.result()).status).toBe("done");
  });

  it("a run that is under way is not deleted, nor the data that it uses; both are once it has stopped", async () => {
    const at = home();
    await using marina = await openMarina({ home: at });
    const live = await marina.createRun({ ...spec, name: "live", stop: { rounds: 1_000_000 } });
    await live.rounds().next();
    await expect(marina.deleteRun("live")).rejects.toThrow(
      /^run live is running \(process \d+ drives it\) and can't be deleted; stop it first: marina stop live$/,
    );
    await expect(marina.deleteData("mushrooms")).rejects.toThrow(
      /^data set mushrooms is in use: run live is running .*: marina stop live$/,
    );
    await live.stop();
    expect((await live.result()).status).toBe("stopped");
    await marina.deleteRun("live");
    await marina.deleteData("mushrooms");
    expect(await marina.runNames()).toEqual(["gone", "kept"]);
    expect(await marina.dataNames()).toEqual([]);
    expect(filesBelow(at, "objects", "datasets")).toEqual([]);
  });

  it("what is left of a run is neither taken over by a new one of its name nor by one that is imported", async () => {
    const at = home();
    await using marina = await openMarina({ home: at });
    const archive = await marina.exportRun("gone");
    const { iterateSha256 } = await (await marina.findRun("gone")).result();
    rmSync(join(at, "objects", "runs", "gone", "spec.json"));
    rmSync(join(at, "objects", "runs", "gone", "result.json"));
    writeFileSync(join(at, "objects", "runs", "gone", "memory"), "of nobody");
    const next = await marina.createRun(spec);
    expect([next.name, (await next.result()).iterateSha256]).toEqual(["gone-2", iterateSha256]);
    expect(await marina.importRun(archive)).toBe("gone");
    expect(filesBelow(at, "objects", "runs", "gone")).not.toContain("memory");
    expect((await (await marina.findRun("gone")).result()).iterateSha256).toBe(iterateSha256);
  });

  it("what does not exist is refused with the nearest name, and what is no name at all", async () => {
    await using marina = await openMarina({ home: home() });
    await expect(marina.deleteRun("gon")).rejects.toThrow(/run "gon" does not exist.*gone/);
    await expect(marina.deleteData("mushroom")).rejects.toThrow(
      /data set "mushroom" does not exist.*mushrooms/,
    );
    await expect(marina.deleteRun("../datasets")).rejects.toThrow(MarinaError);
    expect(await marina.dataNames()).toEqual(["mushrooms"]);
  });
});

describe("on a stack", () => {
  const { run } = storedRun();
  const ended = { ...result(), run };

  /** A stack whose bucket and queues are in memory. */
  async function scene({ withResult = true, evidence = {} as Partial<StackEvidence> } = {}) {
    const objects = memoryStore();
    await objects.put(specKey(run), encodeStoredRun(storedRun()));
    await objects.put(checkpointKey(run), encodeCheckpoint(checkpoint));
    await objects.put(roundsKey(run, 0), new Uint8Array(5));
    if (withResult) await objects.put(resultKey(run), encodeResult(ended));
    const queues = new Set<string>();
    let deletionsLeft = Number.POSITIVE_INFINITY;
    const failing: ObjectStore = {
      ...objects,
      delete: async (key) => {
        if (deletionsLeft-- <= 0) throw new MarinaError("unavailable", "the connection is gone");
        await objects.delete(key);
      },
    };
    const ports = {
      objects: failing,
      queues: {
        address: async (name: string) => {
          if (!queues.has(name)) throw new MarinaError("not-found", name);
          return name;
        },
        destroy: async (name: string) => {
          queues.delete(name);
        },
        receive: async () => [],
      } as unknown as MessageQueue,
      clock: { now: () => 0, sleep: async () => undefined },
    } as unknown as Ports;
    const seen = { secondsSinceWrite: 1e6, begun: true, controlMessages: 0, ...evidence };
    const inventory = async (_bucket: string, prefix: string) =>
      Promise.all(
        (await objects.list(prefix)).map(async (key) => ({
          key,
          bytes: (await objects.get(key)).body.length,
          writtenAt: 0,
        })),
      );
    const stack = { bucket: "b", queuePrefix: "Marina_" } as DeployedStack;
    const engine = new AwsEngine(stack, ports, async () => seen, inventory);
    return {
      engine,
      objects,
      queues,
      failAfter: (count: number) => {
        deletionsLeft = count;
      },
    };
  }

  it("says how much it is", async () => {
    const { engine, objects } = await scene();
    const sizes = await Promise.all(
      (await objects.list("")).map(async (key) => (await objects.get(key)).body.length),
    );
    const deletion = await runDeletion(engine, run);
    expect(deletion).toMatchObject({ objects: 4, bytes: sizes.reduce((a, b) => a + b) });
    expect(deletion.what).toBe(`run ${run} (${ended.status} after ${ended.rounds} rounds)`);
  });

  it("a run that was cut off goes with its queue", async () => {
    const { engine, objects, queues } = await scene({ withResult: false });
    const { contributionsQueueName } = await import("../shared/protocol/keys.ts");
    queues.add(contributionsQueueName("Marina_", run)).add("another");
    await (await runDeletion(engine, run)).perform();
    expect(await objects.list("")).toEqual([]);
    expect([...queues]).toEqual(["another"]);
  });

  it("one that gives no sign of life goes when that is said only", async () => {
    const { engine } = await scene({ withResult: false, evidence: { controlMessages: 3 } });
    await expect(runDeletion(engine, run)).rejects.toThrow(/may still be at work on it.*--silent$/);
    expect((await runDeletion(engine, run, { silent: true })).objects).toBe(3);
  });

  it("wherever it is interrupted, what is left is no run: none is listed, deleting goes on, none of it is taken over", async () => {
    for (let deletions = 0; deletions < 4; deletions++) {
      const { engine, objects, failAfter } = await scene();
      failAfter(deletions);
      await expect((await runDeletion(engine, run)).perform()).rejects.toThrow("the connection is gone");
      expect(await runNames(objects)).toEqual(deletions === 0 ? [run] : []);
      expect((await objects.list("")).length).toBe(4 - deletions);
      failAfter(Number.POSITIVE_INFINITY);
      const rest = await runDeletion(engine, run);
      if (deletions > 0) expect(rest.what).toBe(`run ${run} (what is left of a run that was deleted)`);
      await rest.perform();
      expect(await objects.list("")).toEqual([]);
      await expect(runDeletion(engine, run)).rejects.toThrow("does not exist");
    }
  });
});
