/**
 * Every recursion against trajectories computed by an independent float64 implementation, with prescribed draws in
 * place of randomness: mushrooms, n = 5 contiguous shards, non-convex binary loss, x^0 = 0.
 */
import { beforeAll, describe, expect, it } from "vitest";
import type { Draw } from "../compressors/compressor.ts";
import { type LoadedData, loadShipped, type ShippedName } from "../data/testing/load.ts";
import { normSquared, sum } from "../math/vectors.ts";
import { smoothness } from "../problems/linear/smoothness.ts";
import { shardSpectrum } from "../problems/linear/spectrum.ts";
import type { AlgorithmSpec } from "./registry.ts";
import { type PrescribedDraws, simulate } from "./testing/simulate.ts";
import type { Numbers } from "./theory.ts";

const problem = { kind: "nonconvex-binary" } as const;
const K = 10;
const OMEGA = 10.2;

function mask(k: number, i: number): Draw {
  const kept = Array.from({ length: K }, (_, l) => (11 * k + 17 * i + 13 * l) % 112);
  return { kind: "indices", indices: Uint32Array.from(kept).sort() };
}

const batchRows = (k: number, i: number) =>
  Uint32Array.from({ length: 17 }, (_, l) => (29 * k + 31 * i + 7 * l) % 1624);

/** The MARINA family forms g^{k+1} in message round t = k + 1. */
const marinaDraws: PrescribedDraws = {
  coin: (t) => (t - 1) % 11 === 10,
  slots: (t) => Uint32Array.of(0, 1).map((s) => ((t - 1) ** 2 + 2 * s * ((t - 1) % 3)) % 5),
  compressor: (t, slot) => mask(t - 1, slot),
  batch: (t, slot) => batchRows(t - 1, slot),
};

/** Coordinate j belongs to worker (3 j + k) mod 5. */
const permutation = (k: number, i: number): Draw => ({
  kind: "indices",
  indices: Uint32Array.from({ length: 112 }, (_, j) => j).filter((j) => (3 * j + k) % 5 === i),
});

const dianaDraws: PrescribedDraws = {
  coin: (k) => k % 11 === 10,
  compressor: mask,
  batch: batchRows,
};

const randK = { kind: "rand-k", k: K } as const;
const common = { compressor: randK, stepSize: "theory" } as const;
const batched = { batchSize: 17, replacement: true, probability: "theory" } as const;

interface Reference {
  readonly spec: AlgorithmSpec;
  readonly stepSize: number;
  readonly draws: PrescribedDraws;
  /** [k, f(x^k), |grad f(x^k)|^2, sum_j x_j^k] */
  readonly rows: readonly (readonly [number, number, number, number])[];
}

const references: Readonly<Record<string, Reference>> = {
  "MARINA with RandK": {
    spec: { kind: "marina", probability: "theory", ...common },
    stepSize: 0.1,
    draws: marinaDraws,
    rows: [
      [1, 0.2421074568, 0.07604651562, 0.01875],
      [2, 0.2346310232, 0.07234941951, 0.03413601937],
      [10, 0.1865294095, 0.04811532794, 0.06477676019],
      [11, 0.1818753357, 0.04574223222, 0.06503471225],
      [100, 0.07110570908, 0.00337480511, -0.08913516325],
    ],
  },
  "MARINA with PermK": {
    spec: { kind: "marina", probability: "theory", compressor: { kind: "perm-k" }, stepSize: "theory" },
    stepSize: 0.2,
    draws: { ...marinaDraws, compressor: (t, slot) => permutation(t - 1, slot) },
    rows: [
      [2, 0.2207279935, 0.06540910286, 0.05707937253],
      [11, 0.1431891637, 0.02668084767, 0.0614655045],
      [100, 0.05036348258, 0.001258643029, -0.1316552423],
    ],
  },
  "PP-MARINA with r = 2": {
    spec: { kind: "pp-marina", participants: 2, replacement: true, probability: "theory", ...common },
    stepSize: 0.05,
    draws: marinaDraws,
    rows: [
      [2, 0.2421930389, 0.07611681483, 0.01618154145],
      [11, 0.2112181895, 0.06062506551, 0.06003486681],
      [100, 0.09886018366, 0.009333086519, -0.03409285418],
    ],
  },
  "VR-MARINA with b = 17": {
    spec: { kind: "vr-marina", ...batched, ...common },
    stepSize: 0.05,
    draws: marinaDraws,
    rows: [
      [2, 0.2421632946, 0.07608114341, 0.01786204409],
      [11, 0.2112931623, 0.06074852383, 0.04832920924],
      [100, 0.09868781336, 0.009318179982, -0.02358845528],
    ],
  },
  QGD: {
    spec: { kind: "qgd", ...common },
    stepSize: 0.05,
    draws: dianaDraws,
    rows: [
      [1, 0.245653892, 0.07795959266, 0.0124137931],
      [10, 0.212405482, 0.06123472542, 0.05199798416],
      [100, 0.09888540534, 0.00943805728, -0.01272829218],
    ],
  },
  DIANA: {
    spec: { kind: "diana", ...common },
    stepSize: 0.05,
    draws: dianaDraws,
    rows: [
      [2, 0.2429756049, 0.07594799838, 0.04041297043],
      [11, 0.2016983374, 0.05587666809, 0.05838583734],
      [100, 0.09820005193, 0.009296993882, -0.01840049419],
    ],
  },
  // RandK over 1 + omega = d/K: the entries of the mask as they are.
  "EF21 with a mask": {
    spec: { kind: "ef21", ...common },
    stepSize: 0.05,
    draws: marinaDraws,
    rows: [
      [2, 0.2421124031, 0.07604974334, 0.01867561276],
      [11, 0.2099586075, 0.05983623685, 0.085236098],
      [100, 0.09555273244, 0.008234232917, -0.03799000129],
    ],
  },
  DASHA: {
    spec: { kind: "dasha", ...common },
    stepSize: 0.05,
    draws: marinaDraws,
    rows: [
      [2, 0.2421628685, 0.07608267962, 0.01791686287],
      [11, 0.2116463194, 0.06093956603, 0.05528891008],
      [100, 0.1003435781, 0.00989495691, -0.01546574252],
    ],
  },
  "VR-DIANA with b = 17": {
    spec: { kind: "vr-diana", ...batched, ...common },
    stepSize: 0.02,
    draws: dianaDraws,
    rows: [
      [2, 0.247148227, 0.0783083869, 0.0161391997],
      [11, 0.2286725356, 0.06940943229, 0.03997547355],
      [100, 0.1476808061, 0.02880406652, 0.04890602229],
    ],
  },
};

function numbers(stepSize: number): Numbers {
  return { workers: 5, stepSize, probability: 0.5, shiftStep: 1 / (1 + OMEGA) };
}

function near(actual: number, expected: number): void {
  expect(Math.abs(actual - expected) / Math.abs(expected)).toBeLessThan(1e-8);
}

describe("trajectories with prescribed randomness", () => {
  let data: LoadedData;
  beforeAll(async () => {
    data = await loadShipped("mushrooms", 5, "drop");
  });

  for (const [name, { spec, stepSize, draws, rows }] of Object.entries(references)) {
    it(`${name} follows the reference to 1e-8`, () => {
      const { points, workerStates } = simulate({
        spec,
        numbers: numbers(stepSize),
        objectives: data.objectives(problem),
        x0: new Float64Array(data.features),
        rounds: 100,
        draws,
      });
      for (const [k, loss, norm, total] of rows) {
        near(points[k]!.loss, loss);
        near(points[k]!.gradientNormSquared, norm);
        near(sum(points[k]!.x), total);
      }
      if (name === "DIANA") {
        const shift = points[100]!.state["shift"]!;
        near(normSquared(shift), 0.01088805198);
        // hbar = mean h_i after any number of rounds
        for (let j = 0; j < shift.length; j++) {
          const mean =
            workerStates.reduce((total, own) => total + own!["shift"]![j]!, 0) / workerStates.length;
          expect(Math.abs(mean - shift[j]!)).toBeLessThan(1e-14);
        }
      }
      if (spec.kind.includes("marina")) {
        // Message round 11 was dense: its estimate is the exact gradient at x^11.
        const { estimate } = points[12]!.state;
        const gap = estimate!.map((g, j) => g - points[11]!.gradient[j]!);
        expect(normSquared(gap)).toBeLessThan(1e-30);
      }
    });
  }
});

describe("EF21 with Top-K", () => {
  it("is where the reference is after a hundred rounds, but for ties between equal columns", async () => {
    const data = await loadShipped("mushrooms", 5, "drop");
    const { points, workerStates } = simulate({
      spec: { kind: "ef21", compressor: { kind: "top-k", k: 10 }, stepSize: "theory" },
      numbers: { ...numbers(0.05), shiftStep: 1 },
      objectives: data.objectives(problem),
      x0: new Float64Array(data.features),
      rounds: 100,
      draws: { coin: () => false },
    });
    const { loss, gradientNormSquared, x, state } = points[100]!;
    expect(Math.abs(loss / 0.09794229 - 1)).toBeLessThan(1e-5);
    expect(Math.abs(gradientNormSquared / 0.00906827 - 1)).toBeLessThan(1e-5);
    expect(sum(x)).toBeCloseTo(0.0393, 4);
    for (const [j, value] of state["shift"]!.entries()) {
      const mean = workerStates.reduce((total, own) => total + own!["shift"]![j]!, 0) / 5;
      expect(Math.abs(mean - value)).toBeLessThan(1e-14);
    }
  });
});

/** [k, f(x^k), |grad f(x^k)|^2, |x^k|^2, sum_j x_j] with step 1/L */
const descents: Readonly<
  Record<ShippedName, readonly (readonly [number, number, number, number, number])[]>
> = {
  mushrooms: [
    [1, 0.2106237512, 0.06007893376, 0.02232437428, 0.09910919331],
    [10, 0.09404673755, 0.007905799311, 0.7673674513, -0.03648093508],
    [100, 0.03117818509, 0.0002729839297, 5.286664398, -0.1197540131],
  ],
  a9a: [
    [1, 0.1785444662, 0.01045014279, 0.1209305121, -1.847472528],
    [10, 0.1397104031, 0.001917398077, 0.6542121775, -2.466671174],
    [100, 0.1114446779, 6.021889681e-5, 4.337059469, -3.670465614],
  ],
  w8a: [
    [1, 0.1360069966, 0.009344329826, 0.4297611545, -6.466591362],
    [10, 0.08183141167, 0.0007049862073, 2.750052069, -16.56271634],
    [100, 0.05591832779, 3.172438132e-5, 13.68099666, -33.15706209],
  ],
};

describe("gradient descent with step 1/L", () => {
  for (const [name, rows] of Object.entries(descents)) {
    it(`follows the reference on ${name} to 1e-8`, async () => {
      const data = await loadShipped(name as ShippedName, 5, "drop");
      const { L } = smoothness(problem, data.shards.map(shardSpectrum));
      const { points } = simulate({
        spec: { kind: "gd", stepSize: "theory" },
        numbers: numbers(1 / L),
        objectives: data.objectives(problem),
        x0: new Float64Array(data.features),
        rounds: 100,
        draws: { coin: () => false },
      });
      for (const [k, loss, norm, square, total] of rows) {
        near(points[k]!.loss, loss);
        near(points[k]!.gradientNormSquared, norm);
        near(normSquared(points[k]!.x), square);
        near(sum(points[k]!.x), total);
      }
    });
  }
});
