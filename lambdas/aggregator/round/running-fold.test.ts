import { describe, expect, it } from "vitest";
import type { Compute } from "../../../shared/cloud/ports.ts";
import { type Draw, NO_DRAW } from "../../../shared/compressors/compressor.ts";
import { createCompressor } from "../../../shared/compressors/registry.ts";
import { compressorDraw } from "../../../shared/methods/draws.ts";
import type { RunMessage } from "../../../shared/protocol/messages/run-message.ts";
import { settle } from "../../testing/fakes.ts";
import { ContributionTable } from "../exchange/contribution-table.ts";
import { Encoding } from "./decode.ts";
import { RunningFold } from "./running-fold.ts";

const DIMENSION = 30_000;
const SLOTS = 7;
const vectorOf = (slot: number): Float64Array =>
  Float64Array.from({ length: DIMENSION }, (_, j) =>
    Math.fround(Math.sin(1 + j * (slot + 1)) * 10 ** (slot - 3)),
  );

/** Steps that end when they are told to. */
class SlowCompute implements Compute {
  readonly works: number[] = [];
  readonly #ends: (() => void)[] = [];

  async run<T>(work: (result: T) => { entries: number; indices?: number }, compute: () => T): Promise<T> {
    const result = compute();
    const { entries, indices = 0 } = work(result);
    this.works.push(entries + indices);
    await new Promise<void>((resolve) => this.#ends.push(resolve));
    return result;
  }

  async end(): Promise<void> {
    for (const end of this.#ends.splice(0)) end();
    await settle();
  }
}

const dense = createCompressor({ kind: "identity" }, DIMENSION, "float32");
const sparse = createCompressor({ kind: "rand-k", k: 15_000 }, DIMENSION, "float32");

function setting(compressor: typeof dense, early = true) {
  const table = new ContributionTable("d");
  table.expect({
    kind: "contribution",
    phase: 0,
    round: 1,
    workers: Uint32Array.from({ length: SLOTS }, (_, slot) => slot),
    evaluationOnly: new Array(SLOTS).fill(false),
  });
  const compute = new SlowCompute();
  const encoding = new Encoding(compressor, 1, 1, SLOTS);
  const fold = new RunningFold(compute, table, encoding, SLOTS, early);
  const drawOf = (slot: number): Draw =>
    compressor.receiverDraws ? compressorDraw(1, { round: 1, slot, slots: SLOTS }, compressor) : NO_DRAW;
  const offer = (slot: number, payload = compressor.encode(vectorOf(slot), drawOf(slot)).bytes): void => {
    const message: RunMessage = {
      ...{ kind: "contribution", runDigest: "d", phase: 0, round: 1, slot, worker: slot },
      ...{ payload, bits: 1, loss: 0, evaluation: null, reused: false, computeMilliseconds: 0, cold: false },
    };
    expect(table.offer(message, 1, 0).accepted).toBe(true);
    fold.advance();
  };
  return { table, compute, fold, offer, drawOf };
}

/** Slot by slot, entry by entry. */
function expected(drawOf: (slot: number) => Draw): Float64Array {
  const sum = new Float64Array(DIMENSION);
  for (let slot = 0; slot < SLOTS; slot++) {
    const draw = drawOf(slot);
    const vector = vectorOf(slot);
    if (draw.kind === "indices")
      for (const j of draw.indices) sum[j] = sum[j]! + (DIMENSION / 15_000) * vector[j]!;
    else for (let j = 0; j < DIMENSION; j++) sum[j] = sum[j]! + vector[j]!;
  }
  return sum.map((entry) => entry / SLOTS);
}

describe("the sum of a round's messages while they come", () => {
  const orders = [
    [0, 1, 2, 3, 4, 5, 6],
    [6, 5, 4, 3, 2, 1, 0],
    [3, 0, 6, 1, 2, 5, 4],
  ];
  it.each([
    ["dense", dense],
    ["RandK", sparse],
  ] as const)(
    "has the bits of the sum in slot order, whatever the order of arrival: %s",
    async (_, compressor) => {
      for (const order of orders) {
        for (const slow of [true, false]) {
          const { compute, fold, offer, drawOf } = setting(compressor);
          for (const slot of order) {
            offer(slot);
            if (!slow) await compute.end();
          }
          const mean = fold.mean();
          let done = false;
          void mean.then(() => {
            done = true;
          });
          while (!done) await compute.end();
          expect(await mean).toEqual(expected(drawOf));
        }
      }
    },
  );

  it("is charged for each message once, most of it before the last has come", async () => {
    const { compute, fold, offer } = setting(dense);
    for (let slot = 0; slot < SLOTS - 1; slot++) {
      offer(slot);
      await compute.end();
    }
    const before = compute.works.reduce((sum, work) => sum + work, 0);
    offer(SLOTS - 1);
    await compute.end();
    const mean = fold.mean();
    await settle();
    await compute.end();
    await mean;
    const all = compute.works.reduce((sum, work) => sum + work, 0);
    // Three passes to decode and add each, one to divide.
    expect(before).toBe(3 * DIMENSION * (SLOTS - 1));
    expect(all).toBe(3 * DIMENSION * SLOTS + DIMENSION);
  });

  it("lets messages go that are added; not where they are needed once more", async () => {
    for (const early of [true, false]) {
      const { table, compute, offer } = setting(dense, early);
      for (const slot of [0, 1, 3]) offer(slot);
      for (let i = 0; i < 3; i++) await compute.end();
      const lengths = [0, 1, 3].map((slot) => {
        const message = table.accepted[slot]!.message;
        return message.kind === "contribution" ? message.payload.length : -1;
      });
      expect(lengths).toEqual(early ? [0, 0, 4 * DIMENSION] : Array(3).fill(4 * DIMENSION));
      // A copy that comes later is a copy all the same.
      expect(() => offer(0)).toThrow();
    }
  });

  it("does not begin for a little", async () => {
    const small = createCompressor({ kind: "rand-k", k: 10 }, DIMENSION, "float32");
    const { compute, offer } = setting(small);
    for (let slot = 0; slot < SLOTS; slot++) offer(slot);
    expect(compute.works).toEqual([]);
  });

  it("fails at its end for what can't be decoded", async () => {
    const { compute, fold, offer } = setting(dense);
    offer(0);
    offer(1, Uint8Array.of(1, 2, 3));
    for (let slot = 2; slot < SLOTS; slot++) offer(slot);
    const mean = fold.mean();
    mean.catch(() => undefined);
    for (let i = 0; i < 4; i++) await compute.end();
    await expect(mean).rejects.toThrow(expect.objectContaining({ code: "message" }));
  });
});
