/** Steps where some workers may send anything, against enumeration, the printed theorem, and one step with every draw and every lie. */
import { describe, expect, it } from "vitest";
import { aggregate, errorFactor } from "../aggregation/aggregate.ts";
import type { AggregationSpec } from "../aggregation/aggregation.ts";
import { createCompressor } from "../compressors/registry.ts";
import { majority, robustInside } from "./byzantine.ts";
import { algorithmSchema, resolveNumbers, stepFrom } from "./registry.ts";
import type { TheorySetting } from "./theory.ts";

const D = 20;
const rule: AggregationSpec = { kind: "geometric-median", tolerate: 0.2 };
const randK = { kind: "rand-k", k: 5 } as const;
const compressor = createCompressor(randK, D, "float32");

function setting(workers: number, L = 2): TheorySetting {
  const smoothness = { Li: Array(workers).fill(L), L, Lmax: L, cL: L, Lrow: L, Lf: L, Lpm: L };
  return { workers, rowsPerWorker: 100, compressor, smoothness, rounds: 100 };
}

/** Every subset of `size` of 0 .. n-1. */
function subsets(n: number, size: number): number[][] {
  if (size === 0) return [[]];
  if (n < size) return [];
  return [...subsets(n - 1, size), ...subsets(n - 1, size - 1).map((own) => [...own, n - 1])];
}

describe("who is asked, of n of whom G are sound", () => {
  it.each([
    [7, 5, 4],
    [8, 6, 3],
    [6, 6, 2],
    [6, 4, 6],
    [9, 7, 5],
  ])("n = %i, G = %i, C = %i: as by counting all choices", (n, G, C) => {
    const all = subsets(n, C);
    for (let least = 0; least <= C; least++) {
      const sound = all.map((own) => own.filter((i) => i < G).length).filter((count) => count >= least);
      const { pG, soundAsked } = majority(n, G, C, least);
      expect(pG).toBeCloseTo(sound.length / all.length, 12);
      expect(soundAsked).toBeCloseTo(sound.reduce((sum, count) => sum + count, 0) / all.length, 12);
    }
  });

  it("loses nothing for thousands", () => {
    const { pG, soundAsked } = majority(10_000, 9_000, 1_000, 0);
    expect(pG).toBe(1);
    expect(soundAsked).toBeCloseTo(900, 8);
  });
});

describe("the step where some may lie", () => {
  const p = 0.25;
  const omega = D / 5 - 1;

  it("is no smaller than the theorem's, whose main text has one L for all constants and rounds its factors up", () => {
    for (const n of [5, 10, 50]) {
      for (const tolerate of [0.2, 0.4]) {
        const own = { aggregation: { ...rule, tolerate }, compressor: randK };
        const L = 2;
        const A = robustInside(own, setting(n, L), { L, Lpm: L }, L * L, p);
        const cDelta = errorFactor(own.aggregation, n) / 2;
        // Equation (7), C = n, so that p_G = 1, and G = n.
        const printed =
          (4 / (p * (1 - tolerate))) *
          ((3 * omega + 2) / ((1 - tolerate) * n) + (8 * (5 * omega + 4) * cDelta) / p);
        expect(A).toBeLessThanOrEqual(printed * L * L * (1 + 1e-12));
        expect(A).toBeGreaterThan(0.5 * printed * L * L);
      }
    }
  });

  it("of all workers is the formula, written down anew", () => {
    const n = 10;
    const { smoothness, ...rest } = setting(n);
    const own = { aggregation: rule, compressor: randK };
    const inside = robustInside(own, { ...rest, smoothness }, { L: 3, Lpm: 1 }, 0.5, p);
    const spread = omega * 9 + (omega + 1) * 1.5;
    const delta = 0.2;
    const expected =
      (4 / p) * (1 / (n * (1 - delta) ** 2) + (8 / p / (1 - delta)) * (errorFactor(rule, n) / 2)) * spread;
    expect(inside).toBeCloseTo(expected, 9);
  });

  it("of some of them counts the rounds in which liars may be most", () => {
    const n = 10;
    const own = { aggregation: rule, compressor: randK, participants: 2 };
    const { Lmax } = setting(n).smoothness;
    const inside = robustInside(own, setting(n), { L: 2, Lpm: 2 }, 0, p);
    // Two liars at most: neither is asked in 8/10 7/9 of the rounds, and where one is it may be half of them.
    const pG = (8 * 7) / 90;
    const outvoted = ((16 * (1 - pG)) / (p * p)) * (4 + ((D / 5) * Lmax) ** 2);
    expect(inside).toBeGreaterThan(outvoted);
    expect(inside).toBeCloseTo(
      outvoted + (4 / p) * ((2 * pG) / (2 * 0.8) ** 2) * (omega * 4 + (omega + 1) * 4),
      8,
    );
  });

  const parse = (value: unknown) => {
    const spec = algorithmSchema.parse(value);
    return spec as Extract<typeof spec, { kind: "marina" }>;
  };
  const marina = { kind: "marina", compressor: randK, aggregation: rule };

  it("is told with its theorem, and taken by every name", () => {
    const known = { ...setting(10), mu: 0.1 };
    const step = (stepSize: unknown) =>
      resolveNumbers(parse({ ...marina, stepSize, probability: p }), known).stepSize;
    const own = { aggregation: rule, compressor: randK };
    const A = robustInside(own, known, { L: 2, Lpm: 2 }, 0, p);
    expect(step("theory")).toBeCloseTo(1 / (2 + Math.sqrt(A)), 12);
    expect(step("explicit")).toBeCloseTo(1 / (2 + Math.sqrt(A)), 12);
    expect(step("measured")).toBeCloseTo(1 / (2 + Math.sqrt(A)), 12);
    expect(step("pl")).toBeCloseTo(Math.min(1 / (2 + Math.sqrt(2 * A)), p / 0.4), 12);
    expect(step({ mu: 1e6 })).toBeCloseTo(p / 4e6, 15);
    expect(step({ times: 3 })).toBeCloseTo(3 / (2 + Math.sqrt(A)), 12);
    expect(stepFrom(parse(marina))).toMatch(/^Theorem 4\.2 of Byz-VR-MARINA-PP.*γ = 1\/\(L \+ sqrt\(A\)\)/);
    expect(stepFrom(parse({ kind: "marina", compressor: randK }))).toMatch(/^Theorem 2\.1 of MARINA/);
  });

  it("is refused with what it can't be combined with", () => {
    const issues = (value: unknown) =>
      algorithmSchema
        .safeParse(value)
        .error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    expect(issues({ ...marina, compressor: { kind: "perm-k" } })).toEqual([
      'compressor: expected one that each worker draws by itself, e.g. rand-k, got perm-k: its messages have no entry in common, so that no one can tell a wrong one; leave "aggregation" out, or change the compressor',
    ]);
    const pp = { ...marina, kind: "pp-marina", participants: 3 };
    expect(issues(pp)).toEqual([
      'replacement: expected false: "aggregation" counts workers, and one that is asked twice lies twice',
    ]);
    expect(issues({ ...pp, replacement: false })).toBeUndefined();
    expect(issues({ ...pp, replacement: false, sampling: "importance" })).toContainEqual(
      expect.stringMatching(/^sampling: expected "uniform"/),
    );
    for (const kind of ["gd", "qgd", "diana", "ef21", "dasha"]) {
      expect(
        issues({ kind, ...(kind === "gd" ? {} : { compressor: randK }), aggregation: rule }),
      ).toContainEqual(expect.stringMatching(/aggregation/));
    }
  });
});

describe("one step with a liar", () => {
  it("errs by no more than the theorem allows, over all masks and whatever is sent", () => {
    // Four workers with the same f, so zeta = 0, of whom one lies; d = 3, K = 1: 27 draws of the three sound ones.
    const d = 3;
    const one = createCompressor({ kind: "rand-k", k: 1 }, d, "float64");
    const D = [1, -2, 0.5];
    const length = 1;
    // |D| = L |dx|
    const L = Math.hypot(...D) / length;
    const p = 1 / 3;
    for (const kind of ["geometric-median", "centered-clip"] as const) {
      const spec: AggregationSpec = { kind, tolerate: 0.25 };
      const { rowsPerWorker, rounds } = setting(4);
      const smoothness = { Li: [L, L, L, L], L, Lmax: L, cL: 0, Lrow: L };
      const A = robustInside(
        { aggregation: spec, compressor: { kind: "rand-k", k: 1 } },
        { workers: 4, rowsPerWorker, rounds, compressor: one, smoothness },
        { L, Lpm: 0 },
        0,
        p,
      );
      const lies = [
        [0, 0, 0],
        ...[-3, -1, 0.1, 3].map((by) => D.map((value) => by * value)),
        [9, 0, 0],
        [0, 0, -9],
      ];
      for (const lie of lies) {
        let sum = 0;
        for (let draw = 0; draw < 27; draw++) {
          const masks = [draw % 3, Math.floor(draw / 3) % 3, Math.floor(draw / 9)];
          const sound = masks.map((j) => ({
            indices: Uint32Array.of(j),
            values: Float64Array.of(d * D[j]!),
          }));
          const liar = { indices: undefined, values: Float64Array.from(lie) };
          const all = [...sound, liar].map(({ indices, values }) => ({ indices, values }));
          const { vector } = aggregate(spec, all, d, () => {
            throw new Error("nothing is drawn");
          });
          sum += vector.reduce((error, value, j) => error + (value - D[j]!) ** 2, 0) / 27;
        }
        // E|e^{k+1}|^2 <= (1 - p/2)|e^k|^2 + (p A/4)|dx|^2, e^k = 0, of a compressed round.
        expect((1 - p) * sum).toBeLessThanOrEqual((p * A * length * length) / 4);
      }
    }
  });
});
