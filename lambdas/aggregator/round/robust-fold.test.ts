import { describe, expect, it } from "vitest";
import type { Compute } from "../../../shared/cloud/ports.ts";
import { NO_DRAW } from "../../../shared/compressors/compressor.ts";
import { createCompressor } from "../../../shared/compressors/registry.ts";
import { compressorDraw } from "../../../shared/methods/draws.ts";
import type { RunMessage } from "../../../shared/protocol/messages/run-message.ts";
import { ContributionTable } from "../exchange/contribution-table.ts";
import { Encoding } from "./decode.ts";
import { RobustFold } from "./robust-fold.ts";
import { RunningFold } from "./running-fold.ts";

const D = 40;
const SLOTS = 9;
const SEED = 5;
const ROUND = 3;
const compressors = {
  RandK: createCompressor({ kind: "rand-k", k: 8 }, D, "float32"),
  dense: createCompressor({ kind: "identity" }, D, "float32"),
  quantised: createCompressor({ kind: "qsgd", levels: 4 }, D, "float32"),
} as const;

const works: number[] = [];
const compute: Compute = {
  run: async (work, own) => {
    const result = own();
    works.push(work(result).entries);
    return result;
  },
};

/** Slot by slot: alike, but for the last one, which lies. */
const vectorOf = (slot: number, lie: number) =>
  Float64Array.from({ length: D }, (_, j) => (slot === SLOTS - 1 ? lie : 1) * (2 + Math.sin(j + slot / 10)));

function offered(name: keyof typeof compressors, order: readonly number[], lie: number) {
  const compressor = compressors[name];
  const table = new ContributionTable("d");
  table.expect({
    ...{ kind: "contribution", phase: 0, round: ROUND },
    workers: Uint32Array.from({ length: SLOTS }, (_, slot) => slot),
    evaluationOnly: new Array(SLOTS).fill(false),
  });
  for (const slot of order) {
    const draw = compressorDraw(SEED, { round: ROUND, slot, slots: SLOTS }, compressor);
    const message: RunMessage = {
      ...{ kind: "contribution", runDigest: "d", phase: 0, round: ROUND, slot, worker: slot },
      payload: compressor.encode(vectorOf(slot, lie), draw).bytes,
      ...{ bits: 1, loss: 0, evaluation: null, reused: false, computeMilliseconds: 0, cold: false },
    };
    expect(table.offer(message, 1, 0).accepted).toBe(true);
  }
  return { compute, table, encoding: new Encoding(compressor, SEED, ROUND, SLOTS), slots: SLOTS };
}

const ORDERS = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8],
  [8, 7, 6, 5, 4, 3, 2, 1, 0],
  [4, 8, 0, 2, 7, 1, 6, 3, 5],
];
const key = { seed: SEED, round: ROUND, longest: undefined };

describe.each(Object.keys(compressors) as (keyof typeof compressors)[])("of %s messages", (name) => {
  it("has the same bits in whatever order messages come, and with buckets others in another round", async () => {
    for (const kind of ["centered-clip", "geometric-median"] as const) {
      const rule = { kind, tolerate: 0.2, bucket: 2 };
      const of = (order: readonly number[], round: number) =>
        new RobustFold({ ...offered(name, order, 50), ...key, rule, round }).mean();
      const first = await of(ORDERS[0]!, ROUND);
      for (const order of ORDERS) expect(await of(order, ROUND)).toEqual(first);
      expect(await of(ORDERS[0]!, ROUND + 1)).not.toEqual(first);
    }
  });

  it("is the running mean, bit for bit, where nobody is tolerated", async () => {
    const rule = { kind: "centered-clip", tolerate: 0 } as const;
    const setting = offered(name, ORDERS[2]!, 1);
    const plain = new RunningFold(compute, setting.table, setting.encoding, SLOTS, false);
    const robust = await new RobustFold({ ...setting, ...key, rule }).mean();
    expect(robust).toEqual(await plain.mean());
  });

  it("is charged for the passes that it takes", async () => {
    const rule = { kind: "centered-clip", tolerate: 0.2 } as const;
    works.length = 0;
    await new RobustFold({ ...offered(name, ORDERS[0]!, 50), ...key, rule }).mean();
    const entries = SLOTS * (name === "RandK" ? 8 : D);
    expect(works[0]).toBeGreaterThan(20 * entries);
    expect(works[0]).toBeLessThan(500 * entries);
  });
});

describe("one that lies", () => {
  it("moves the middle little, and the mean as far as it likes", async () => {
    const rule = { kind: "geometric-median", tolerate: 0.2 } as const;
    const at = async (lie: number) => {
      const setting = offered("dense", ORDERS[1]!, lie);
      const plain = await new RunningFold(compute, setting.table, setting.encoding, SLOTS, false).mean();
      const robust = await new RobustFold({ ...setting, ...key, rule }).mean();
      return { plain: plain[0]!, robust: robust[0]! };
    };
    const honest = await at(1);
    const lied = await at(-1e6);
    expect(Math.abs(lied.plain - honest.plain)).toBeGreaterThan(1e5);
    expect(Math.abs(lied.robust - honest.robust)).toBeLessThan(0.5);
  });

  it("counts for no more than an honest one can, where it is known what that is", async () => {
    // Nobody is tolerated, so all that is left is the clipping: (8 honest + lie)/9.
    const rule = { kind: "geometric-median", tolerate: 0 } as const;
    const setting = offered("dense", ORDERS[0]!, 1e9);
    const longest = Math.hypot(...vectorOf(0, 1)) * 1.5;
    const clipped = await new RobustFold({ ...setting, ...key, rule, longest }).mean();
    const lie = vectorOf(SLOTS - 1, 1);
    const factor = longest / Math.hypot(...lie);
    const expected = Array.from({ length: D }, (_, j) => {
      let sum = 0;
      for (let slot = 0; slot < SLOTS - 1; slot++) sum += Math.fround(vectorOf(slot, 1)[j]!);
      return (sum + factor * lie[j]!) / SLOTS;
    });
    for (let j = 0; j < D; j++) expect(clipped[j]).toBeCloseTo(expected[j]!, 5);
  });
});

it("fails for what can't be decoded", async () => {
  const setting = offered("dense", ORDERS[0]!, 1);
  const broken = setting.table.accepted.map((one, slot) =>
    slot === 4 ? { ...one!, message: { ...one!.message, payload: Uint8Array.of(1, 2, 3) } } : one,
  ) as typeof setting.table.accepted;
  const rule = { kind: "centered-clip", tolerate: 0.2 } as const;
  expect(setting.encoding.drawOf(0)).toBe(NO_DRAW);
  await expect(
    new RobustFold({ ...setting, ...key, rule, table: { accepted: broken } }).mean(),
  ).rejects.toThrow(expect.objectContaining({ code: "message" }));
});
