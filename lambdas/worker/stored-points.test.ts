import { describe, expect, it } from "vitest";
import type { ObjectStore, Ports } from "../../shared/cloud/ports.ts";
import { memoryStore } from "../../shared/data/testing/memory-store.ts";
import { Workspace } from "../../shared/math/workspace.ts";
import type { Task } from "../../shared/protocol/messages/task.ts";
import { encodeVector } from "../../shared/protocol/stored/vector-object.ts";
import { type LoadedRun, RunLoader } from "./load.ts";

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
    expect(await new RunLoader({ objects } as Ports, new Workspace()).points(run, task)).toEqual([X, W]);
    expect(asked).toEqual(["x", "w"]);
  });

  it("must be of the run's dimension", async () => {
    const objects = await storeOf({ x: X, w: Float64Array.of(1) });
    await expect(new RunLoader({ objects } as Ports, new Workspace()).points(run, task)).rejects.toThrow(
      "w: expected 3 entries, got 1",
    );
  });
});
