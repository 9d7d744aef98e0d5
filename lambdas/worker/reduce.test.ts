import { crc32 } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import { contributionKey, observationKey, observedSumKey, sumKey } from "../../shared/protocol/keys.ts";
import { checksumsOf, type Reduction } from "../../shared/protocol/messages/ranges.ts";
import type { RunMessage } from "../../shared/protocol/messages/run-message.ts";
import { answerOf, type Stage, stage } from "./testing/stage.ts";

const DIMENSION = 101;
const SLOTS = 60;
const RANGES = 3;

/** Numbers of which no two orders of addition give the same sum. */
const vectorOf = (slot: number): number[] =>
  Array.from({ length: DIMENSION }, (_, j) => Math.fround(Math.sin(slot * DIMENSION + j) * 10 ** (slot % 9)));

const bytesOf = (values: readonly number[], entryBytes: 4 | 8): Uint8Array =>
  new Uint8Array((entryBytes === 4 ? Float32Array.from(values) : Float64Array.from(values)).buffer);

/** From left to right in the order of the slots, one coordinate after another. */
function sumOf(slots: Iterable<number>): Float64Array {
  const vectors = Array.from(slots, vectorOf);
  return Float64Array.from({ length: DIMENSION }, (_, j) => {
    let sum = 0;
    for (const vector of vectors) sum += vector[j]!;
    return sum;
  });
}

describe("a reducer", () => {
  let on: Stage;
  beforeEach(async () => {
    on = await stage({ kind: "gd" });
  });

  const reductionOf = (
    range: number,
    entryBytes: 4 | 8,
    slots = Uint32Array.from({ length: SLOTS }, (_, slot) => slot),
  ): Reduction => ({
    ...{ dimension: DIMENSION, entryBytes, ranges: RANGES, range, slots },
    checksums: slots.map(
      (slot) => checksumsOf(bytesOf(vectorOf(slot), entryBytes), DIMENSION, RANGES)[range]!,
    ),
  });

  async function store(entryBytes: 4 | 8, keyOf = contributionKey): Promise<void> {
    for (let slot = 0; slot < SLOTS; slot++)
      await on.ports.objects.put(keyOf("r", 0, 3, slot), bytesOf(vectorOf(slot), entryBytes));
  }

  const ask = (kind: "reduce" | "reduce-observed", reduction: Reduction): Promise<RunMessage> =>
    answerOf(on, on.task(kind, { slot: reduction.range, worker: 7, reduction }));

  it.each([4, 8] as const)(
    "adds its range of numbers of %i bytes in the order that the task names: together they give the bits of the whole sum",
    async (entryBytes) => {
      await store(entryBytes);
      const backwards = Uint32Array.from({ length: SLOTS }, (_, i) => SLOTS - 1 - i);
      for (const slots of [undefined, backwards]) {
        const found = new Float64Array(DIMENSION);
        for (let range = 0; range < RANGES; range++) {
          const answer = await ask("reduce", reductionOf(range, entryBytes, slots));
          const { body } = await on.ports.objects.get(sumKey("r", 0, 3, range));
          expect(answer).toMatchObject({
            ...{ kind: "reduced", slot: range, worker: 7, lost: [], outside: false },
            checksum: crc32(body),
          });
          found.set(new Float64Array(new Uint8Array(body).buffer), Math.floor((range * DIMENSION) / RANGES));
        }
        expect(found).toEqual(sumOf(slots ?? Array.from({ length: SLOTS }, (_, slot) => slot)));
      }
      expect(sumOf(backwards)).not.toEqual(sumOf(Array.from({ length: SLOTS }, (_, slot) => slot)));
    },
  );

  it("adds exact gradients, for the record, under keys of their own", async () => {
    await store(8, observationKey);
    const answer = await ask("reduce-observed", reductionOf(1, 8));
    const { body } = await on.ports.objects.get(observedSumKey("r", 0, 3, 1));
    expect(answer).toMatchObject({ kind: "reduced", outside: true, lost: [], checksum: crc32(body) });
  });

  it("names the slots whose vectors are gone, cut off or others than was told of, and stores no sum", async () => {
    await store(4);
    const { objects } = on.ports;
    const damaged = bytesOf(vectorOf(9), 4);
    damaged[4 * 50]! ^= 1;
    await objects.put(contributionKey("r", 0, 3, 9), damaged);
    await objects.put(contributionKey("r", 0, 3, 20), bytesOf(vectorOf(20), 4).slice(0, 4 * 40));
    await objects.put(contributionKey("r", 0, 3, 21), new Uint8Array(0));
    await objects.delete(contributionKey("r", 0, 3, 59));
    // Coordinate 50 is of range 1.
    expect(await ask("reduce", reductionOf(1, 4))).toMatchObject({ lost: [9, 20, 21, 59] });
    await expect(objects.get(sumKey("r", 0, 3, 1))).rejects.toThrow("sum-");
    expect(await ask("reduce", reductionOf(0, 4))).toMatchObject({ lost: [21, 59] });
  });

  it("reads again what was changed on its way", async () => {
    await store(4);
    const { objects } = on.ports;
    const { get } = objects;
    const seen = new Set<string>();
    objects.get = async (key, options) => {
      const object = await get(key, options);
      if (!key.includes("contributions") || seen.has(key)) return object;
      seen.add(key);
      const body = new Uint8Array(object.body);
      body[0]! ^= 1;
      return { ...object, body };
    };
    expect(await ask("reduce", reductionOf(2, 4))).toMatchObject({ lost: [] });
  });

  it("that is not told what to add says so", async () => {
    const { reduction: _, ...task } = on.task("reduce", { reduction: reductionOf(0, 4) });
    await expect(answerOf(on, task)).rejects.toThrow("the worker could not read its task");
  });
});
