/** Everything that a worker reads, with changed bytes or cut off: once on the way, and for good in the store. */
import { describe, expect, it } from "vitest";
import { iterateKey, manifestKey, memoryKey, specKey } from "../../shared/protocol/keys.ts";
import { encodeVector } from "../../shared/protocol/stored/vector-object.ts";
import { encodeWorkerState } from "../../shared/protocol/stored/worker-state.ts";
import { answerOf, answersOf, matterOf, point, type Stage, stage } from "./testing/stage.ts";

const ITERATE = iterateKey("r", 0, 3);
const MEMORY = memoryKey("r", 1, 3);

/** A DIANA worker's task whose point is stored: it reads all that a worker can read. */
async function staged(): Promise<Stage> {
  const on = await stage({ kind: "diana", compressor: { kind: "rand-k", k: 3 } });
  await on.ports.objects.put(ITERATE, encodeVector(point(0.1)));
  await on.ports.objects.put(
    MEMORY,
    encodeWorkerState({ shift: point(0.01) }, { vectors: ["shift"], spare: [] }),
  );
  return on;
}

async function matterOn(on: Stage): Promise<string> {
  const [body] = await answersOf(on, [task(on)]);
  return matterOf(body!);
}

const task = (on: Stage) => on.task("shifted", { points: [{ kind: "stored", key: ITERATE }] });

/** The first so many reads of a key bring other bytes. */
function damageReads(on: Stage, key: string, times: number, damage: (body: Uint8Array) => Uint8Array): void {
  const { get } = on.ports.objects;
  let left = times;
  on.ports.objects.get = async (asked, options) => {
    const found = await get(asked, options);
    if (asked !== key || left === 0) return found;
    left--;
    return { ...found, body: damage(found.body) };
  };
}

const cutOff = (body: Uint8Array) => body.slice(0, body.length - 5);
const changed = (body: Uint8Array) => body.map((byte, at) => (at === body.length >> 1 ? byte ^ 4 : byte));

/** What is stored as text has no checksum of its own: the store's must do, and only a cut shows. */
const objects: readonly (readonly [
  string,
  (on: Stage) => string,
  readonly ((body: Uint8Array) => Uint8Array)[],
])[] = [
  ["the run's description", () => specKey("r"), [cutOff]],
  ["the manifest", () => manifestKey("small"), [cutOff]],
  ["the data set's rows", (on) => on.manifest.object.key, [cutOff, changed]],
  ["an iterate", () => ITERATE, [cutOff, changed]],
  ["the worker's memory", () => MEMORY, [cutOff, changed]],
];

describe.each(objects)("%s", (_what, keyOn, damages) => {
  it("that came damaged twice is read again, to the same answer", async () => {
    const expected = await matterOn(await staged());
    for (const damage of damages) {
      const on = await staged();
      damageReads(on, keyOn(on), 2, damage);
      expect(await matterOn(on)).toEqual(expected);
    }
  });

  it("that lies damaged in the store is an error that names it, and repeating does not help", async () => {
    for (const damage of damages) {
      const on = await staged();
      const key = keyOn(on);
      damageReads(on, key, Number.POSITIVE_INFINITY, damage);
      const error = await answerOf(on, task(on));
      expect(error).toMatchObject({ kind: "error", retryable: false });
      expect(error.kind === "error" && error.message).toContain(
        `(3 reads of ${key} say so: it is damaged where it is stored)`,
      );
      expect(
        on.ports.objects.calls.filter((call) => call.startsWith("put") && call !== `put ${ITERATE}`),
      ).toEqual([`put ${MEMORY}`]);
    }
  });
});
