import { describe, expect, it } from "vitest";
import type { ObjectStore, Ports } from "../../shared/cloud/ports.ts";
import { Descriptions } from "../../shared/data/descriptions.ts";
import { memoryStore } from "../../shared/data/testing/memory-store.ts";
import { Workspace } from "../../shared/math/workspace.ts";
import type { Task } from "../../shared/protocol/messages/task.ts";
import { encodeVector } from "../../shared/protocol/stored/vector-object.ts";
import { type LoadedRun, RunLoader } from "./load.ts";
import { heldServerStates } from "./server-state.ts";

const [X, W] = [Float64Array.of(1, 2, 3), Float64Array.of(4, 5, 6)];
const run = { dimension: 3 } as LoadedRun;
const task = {
  points: [
    { kind: "stored", key: "x" },
    { kind: "stored", key: "w" },
  ],
} as unknown as Task;

async function storeOf(vectors: Readonly<Record<string, Float64Array>>): Promise<ObjectStore> {
  const objects = memoryStore();
  for (const [key, vector] of Object.entries(vectors)) await objects.put(key, encodeVector(vector));
  return objects;
}

describe("a task's stored points", () => {
  it("are fetched at one time, and given in the task's order", async () => {
    const stored = await storeOf({ x: X, w: W });
    const asked: string[] = [];
    let release = (): void => undefined;
    const both = new Promise<void>((resolve) => {
      release = resolve;
    });
    const objects: ObjectStore = {
      ...stored,
      async get(key) {
        asked.push(key);
        if (asked.length === 2) release();
        // One after the other, the first would wait for ever.
        await both;
        return stored.get(key);
      },
    };
    expect(
      await new RunLoader(
        { objects } as Ports,
        new Workspace(),
        heldServerStates(),
        new Descriptions(),
      ).points(run, task),
    ).toEqual([X, W]);
    expect(asked).toEqual(["x", "w"]);
  });

  it("are read once while they are among the last two", async () => {
    const stored = await storeOf({ x: X, w: W, y: Float64Array.of(7, 8, 9) });
    const asked: string[] = [];
    const objects: ObjectStore = {
      ...stored,
      get(key) {
        asked.push(key);
        return stored.get(key);
      },
    };
    const loader = new RunLoader(
      { objects } as Ports,
      new Workspace(),
      heldServerStates(),
      new Descriptions(),
    );
    const points = (runDigest: string, ...keys: string[]) =>
      loader.points(run, {
        runDigest,
        points: keys.map((key) => ({ kind: "stored", key })),
      } as unknown as Task);
    expect(await points("a", "x", "w")).toEqual([X, W]);
    // The next round's: what was the newer one is the older one now.
    expect(await points("a", "y", "x")).toEqual([Float64Array.of(7, 8, 9), X]);
    expect(asked).toEqual(["x", "w", "y"]);
    // The one that was pushed out is read again, and so is one of the same name of another run.
    expect(await points("a", "w")).toEqual([W]);
    expect(await points("b", "w")).toEqual([W]);
    expect(asked).toEqual(["x", "w", "y", "w", "w"]);
  });

  it("that could not be read are read again", async () => {
    const objects = await storeOf({ w: W });
    const loader = new RunLoader(
      { objects } as Ports,
      new Workspace(),
      heldServerStates(),
      new Descriptions(),
    );
    await expect(loader.points(run, task)).rejects.toThrow();
    await objects.put("x", encodeVector(X));
    expect(await loader.points(run, task)).toEqual([X, W]);
  });

  it("must be of the run's dimension", async () => {
    const objects = await storeOf({ x: X, w: Float64Array.of(1) });
    await expect(
      new RunLoader({ objects } as Ports, new Workspace(), heldServerStates(), new Descriptions()).points(
        run,
        task,
      ),
    ).rejects.toThrow("w: expected 3 entries, got 1");
  });
});
