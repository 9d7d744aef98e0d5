/** The published data sets: constants, losses and gradients against reference values computed independently. */
import { beforeAll, describe, expect, it } from "vitest";
import { type LoadedData, loadShipped } from "../../data/testing/load.ts";
import { largestEigenvalue } from "../../math/power-iteration.ts";
import { normSquared } from "../../math/vectors.ts";
import type { ShardSpectrum } from "../problem.ts";
import type { LinearSpec } from "./losses.ts";
import { maxRowSmoothness, smoothness } from "./smoothness.ts";
import { applyGram, shardSpectrum } from "./spectrum.ts";

const nonconvex: LinearSpec = { kind: "nonconvex-binary" };
const logisticL2: LinearSpec = { kind: "logistic", regularizer: { kind: "l2", lambda: 0.01 } };
const logisticNonconvex: LinearSpec = { kind: "logistic", regularizer: { kind: "nonconvex", lambda: 0.01 } };
const ridge: LinearSpec = { kind: "least-squares", regularizer: { kind: "l2", lambda: 0.01 } };

/** f, |grad f|^2, first and last entry of the gradient at x_j = 0.01 (((7 j) mod 11) - 5). */
type Check = readonly [number, number, number, number];

const references = [
  {
    name: "mushrooms",
    rows: 1624,
    features: 112,
    Li: [1.946438456, 2.096873942, 1.830372302, 1.685660332, 1.8757179],
    L: 1.891852751,
    Lf: 1.593937978,
    cL: 3.235229973,
    Lrow: 3.235229973,
    logisticL2: [3.079996422, 2.596577911, 5.26],
    ridge: [12.29006213, 10.35631165, 21.01],
    gradientAtZero: 0.07990132048,
    shardGradientsAtZero: [0.4653234882, 0.5844291352, 0.2476822607, 0.364057732, 0.3342836308],
    checks: [
      [nonconvex, [0.2575100611, 0.08249669476, 0.0001255011103, -0.006037486824]],
      [logisticL2, [0.7087732136, 0.3324579705, -0.0002487720197, -0.01190292722]],
      [logisticNonconvex, [0.7093356957, 0.332821747, -0.0007437907074, -0.01170324703]],
      [ridge, [0.5338896786, 1.385719034, 1.231527094e-5, -0.02456847291]],
    ],
  },
  {
    name: "a9a",
    rows: 6512,
    features: 123,
    Li: [0.9665844218, 0.9718046143, 0.9697057478, 0.9684417969, 0.9675871492],
    L: 0.9688264339,
    Lf: 0.9686790759,
    cL: 2.137930452,
    Lrow: 2.156819982,
    logisticL2: [1.582172231, 1.581933121, 3.479340885],
    ridge: [6.298688974, 6.297732485, 13.88738138],
    gradientAtZero: 0.1135083607,
    shardGradientsAtZero: [0.112734242, 0.1169317086, 0.1160036916, 0.1122704044, 0.1099944194],
    checks: [
      [nonconvex, [0.2389236822, 0.1025555676, 0.04383160548, 7.318020745e-6]],
      [logisticL2, [0.6715502529, 0.4135852447, 0.08773294012, 0.0002146656995]],
      [logisticNonconvex, [0.6721675396, 0.4132145522, 0.08723792143, 0.0004143458914]],
      [ridge, [0.4596522181, 1.50310186, 0.1624425676, 0.0002279484029]],
    ],
  },
  {
    name: "w8a",
    rows: 9949,
    features: 300,
    Li: [0.4563941153, 0.2790412047, 0.5196179913, 0.4272136554, 0.4261902392],
    L: 0.4290249565,
    Lf: 0.4074273757,
    cL: 2.505259067,
    Lrow: 17.56267699,
    logisticL2: [0.706035767, 0.6711566227, 4.07260264],
    ridge: [2.794646876, 2.654626491, 16.26889661],
    gradientAtZero: 0.07910287526,
    shardGradientsAtZero: [0.07585002805, 0.0589386342, 0.1239494966, 0.09453183911, 0.09128214109],
    checks: [
      [nonconvex, [0.2530304384, 0.08047107734, 0.006778206103, -2.407393787e-5]],
      [logisticL2, [0.7007347078, 0.3244304232, 0.01308208562, -0.0002480309382]],
      [logisticNonconvex, [0.7022308667, 0.3246604474, 0.01258706694, -0.0004477111301]],
      [ridge, [0.5157196677, 1.32987209, 0.02606488089, -0.0003117700271]],
    ],
  },
] as const satisfies readonly {
  name: string;
  checks: readonly (readonly [LinearSpec, Check])[];
  [key: string]: unknown;
}[];

/** The references have ten digits. */
function expectRelative(actual: number, expected: number, tolerance = 1e-9): void {
  expect(Math.abs(actual / expected - 1), `${actual} against ${expected}`).toBeLessThan(tolerance);
}

describe.each(references)("$name in five equal shards", (reference) => {
  let data: LoadedData;
  let spectra: ShardSpectrum[];
  let gramEigenvalue: number;

  beforeAll(async () => {
    data = await loadShipped(reference.name, 5, "drop");
    spectra = data.shards.map(shardSpectrum);
    gramEigenvalue = largestEigenvalue(data.features, (v, out) => {
      out.fill(0);
      for (const shard of data.shards) applyGram(shard, v, out);
    });
  });

  /** f(x) and grad f(x), and every |grad f_i(x)|^2. */
  function evaluate(problem: LinearSpec, x: Float64Array) {
    const gradient = new Float64Array(data.features);
    let value = 0;
    const squares: number[] = [];
    for (const objective of data.objectives(problem)) {
      const out = new Float64Array(data.features);
      value += objective.gradient(x, out) / 5;
      squares.push(normSquared(out));
      for (let j = 0; j < out.length; j++) gradient[j] = gradient[j]! + out[j]! / 5;
    }
    return { value, gradient, squares };
  }

  it("has the reference shape", () => {
    expect(data.features).toBe(reference.features);
    expect(data.shards.map((shard) => shard.rows)).toEqual(Array(5).fill(reference.rows));
  });

  it("has the reference constants L_i, L, L_f, cL and L_row", () => {
    const constants = smoothness(nonconvex, spectra, gramEigenvalue);
    for (const [i, Li] of constants.Li.entries()) expectRelative(Li, reference.Li[i]!);
    expectRelative(constants.L, reference.L);
    expectRelative(constants.Lf!, reference.Lf);
    expectRelative(constants.cL, reference.cL);
    expectRelative(constants.Lrow, reference.Lrow);
    expect(constants.Lmax).toBe(Math.max(...constants.Li));
  });

  it("has the reference constants of the other losses from the same spectra", () => {
    for (const [problem, [L, Lf, cL]] of [
      [logisticL2, reference.logisticL2],
      [ridge, reference.ridge],
    ] as const) {
      const constants = smoothness(problem, spectra, gramEigenvalue);
      expectRelative(constants.L, L);
      expectRelative(constants.Lf!, Lf);
      expectRelative(constants.cL, cL);
    }
  });

  it("L_f <= mean L_i <= L <= L_max and L_i <= mean_l L_il, L <= cL", () => {
    for (const problem of [nonconvex, logisticL2, logisticNonconvex, ridge]) {
      const { Li, L, Lf, Lmax, cL, Lrow } = smoothness(problem, spectra, gramEigenvalue);
      const meanLi = Li.reduce((sum, value) => sum + value, 0) / 5;
      // The power iteration comes from below, to about 1e-12.
      const slack = 1 + 1e-10;
      expect(Lf!).toBeLessThanOrEqual(meanLi * slack);
      expect(meanLi).toBeLessThanOrEqual(L * slack);
      expect(L).toBeLessThanOrEqual(Lmax * slack);
      expect(L).toBeLessThanOrEqual(cL * slack);
      expect(cL).toBeLessThanOrEqual(Lrow * slack);
      for (const spectrum of spectra)
        expect(spectrum.gramEigenvalue).toBeLessThanOrEqual(spectrum.sumSquaredNorms);
    }
  });

  it("has f(0), |grad f(0)|^2 and |grad f_i(0)|^2 of the reference", () => {
    const { value, gradient, squares } = evaluate(nonconvex, new Float64Array(data.features));
    expect(value).toBeCloseTo(0.25, 14);
    expectRelative(normSquared(gradient), reference.gradientAtZero);
    for (const [i, square] of squares.entries()) expectRelative(square, reference.shardGradientsAtZero[i]!);
  });

  it("has the reference loss and gradient at the check point, for every problem", () => {
    const x = Float64Array.from({ length: data.features }, (_, j) => 0.01 * (((7 * j) % 11) - 5));
    for (const [problem, [f, square, firstEntry, lastEntry]] of reference.checks) {
      const { value, gradient } = evaluate(problem, x);
      expectRelative(value, f);
      expectRelative(normSquared(gradient), square);
      expectRelative(gradient[0]!, firstEntry);
      expectRelative(gradient.at(-1)!, lastEntry);
    }
  });
});

describe("smoothness of weighted shards", () => {
  const spectrum = (rows: number, gramEigenvalue: number, maxSquaredNorm: number): ShardSpectrum => ({
    rows,
    nonZeros: 2 * rows,
    gramEigenvalue,
    sumSquaredNorms: 2 * rows,
    sumFourthNorms: 5 * rows,
    maxSquaredNorm,
  });

  it("scales each worker's constants by n m_i / N", () => {
    const { Li, cL, Lrow, Lf } = smoothness(ridge, [spectrum(1, 3, 4), spectrum(3, 7, 9)], 8);
    expect(Li[0]).toBeCloseTo((2 / 4) * 3 + (2 / 4) * 0.01, 14);
    expect(Li[1]).toBeCloseTo((2 / 4) * 7 + (6 / 4) * 0.01, 14);
    const perRow = 5 + 2 * 0.01 * 2 + 0.01 ** 2;
    expect(cL).toBeCloseTo(Math.sqrt(((0.5 ** 2 + 1.5 ** 2) / 2) * perRow), 14);
    expect(Lrow).toBeCloseTo(9.01, 14);
    expect(Lf).toBeCloseTo(2.01, 14);
    expect(smoothness(ridge, [spectrum(1, 3, 4)])).not.toHaveProperty("Lf");
  });

  it("max-row constants of equal shards are all c max |a|^2 + lam", () => {
    const M = 0.25 * 9 + 0.02;
    const { Li, ...others } = maxRowSmoothness(logisticNonconvex, [spectrum(3, 3, 4), spectrum(3, 7, 9)]);
    expect(Li).toEqual([M, M]);
    for (const value of Object.values(others)) expect(value).toBeCloseTo(M, 15);
  });

  it("refuses no shards and empty shards", () => {
    expect(() => smoothness(ridge, [])).toThrow(/at least one shard/);
    expect(() => maxRowSmoothness(ridge, [spectrum(2, 1, 1), spectrum(0, 0, 0)])).toThrow(
      /worker 1 has 0 rows/,
    );
  });
});
