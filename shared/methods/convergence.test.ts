/** What the convergence theorems promise, held against the methods themselves with their theoretical step sizes. */
import { describe, expect, it } from "vitest";
import { createCompressor } from "../compressors/registry.ts";
import { largestEigenvalue } from "../math/power-iteration.ts";
import { normSquared } from "../math/vectors.ts";
import type { LinearSpec } from "../problems/linear/losses.ts";
import { createObjective } from "../problems/linear/objective.ts";
import { smoothness } from "../problems/linear/smoothness.ts";
import { applyGram, shardSpectrum } from "../problems/linear/spectrum.ts";
import type { Objective, Shard, Smoothness } from "../problems/problem.ts";
import {
  type Quadratic,
  quadraticConstants,
  quadraticObjective,
  tridiagonalQuadratics,
} from "../problems/quadratic.ts";
import type { Vectors } from "./method.ts";
import { type AlgorithmSpec, createMethod, resolveNumbers } from "./registry.ts";
import { choosing, chosenDraws, expectation } from "./testing/enumerate.ts";
import { keyedDraws } from "./testing/keyed-draws.ts";
import { leastSquares, minus, shardOf, THREE_WORKERS, weightsOf } from "./testing/least-squares.ts";
import { oneRound, type RoundDraws, type Situation } from "./testing/one-round.ts";
import { simulate } from "./testing/simulate.ts";
import type { Numbers } from "./theory.ts";

function spectral(problem: LinearSpec, shards: readonly Shard[]): Smoothness {
  const gram = largestEigenvalue(shards[0]!.features, (v, out) => {
    out.fill(0);
    for (const shard of shards) applyGram(shard, v, out);
  });
  return smoothness(problem, shards.map(shardSpectrum), gram);
}

const ridge = leastSquares(THREE_WORKERS, 0.1);
const constants = spectral(ridge.problem, ridge.shards);
const randK = { kind: "rand-k", k: 1 } as const;

/** The same f as quadratics, for its minimum: H_i = (n/N) A_i^T A_i + (n m_i/N) lambda I. */
const exact = quadraticConstants(
  ridge.objectives.map((_, i): Quadratic => {
    const { d } = ridge;
    const at = (k: number) =>
      ridge.local(
        i,
        Float64Array.from({ length: d }, (_, j) => (j === k ? 1 : 0)),
      );
    const zero = ridge.local(i, new Float64Array(d));
    const hessian = new Float64Array(d * d);
    for (let k = 0; k < d; k++) {
      const column = minus(at(k), zero);
      for (let j = 0; j < d; j++) hessian[j * d + k] = column[j]!;
    }
    return { hessian, linear: zero.map((value) => -value) };
  }),
);
const minimum = ridge.loss(exact.minimizer);

interface Lyapunov {
  readonly name: string;
  readonly spec: AlgorithmSpec;
  /** S of E|e^+|^2 <= (1-p)|e|^2 + S |x^+ - x|^2. */
  readonly S: (p: number) => number;
  /** The same where that of the step under the Polyak-Lojasiewicz condition is smaller: cL of the losses alone. */
  readonly underPl?: (p: number) => number;
}

const OMEGA = 2;
const { L, cL } = constants;
const theory = { stepSize: "theory", probability: "theory", compressor: randK } as const;
const family: readonly Lyapunov[] = [
  { name: "MARINA", spec: { kind: "marina", ...theory }, S: (p) => ((1 - p) * OMEGA * L ** 2) / 3 },
  {
    name: "VR-MARINA with b = 1",
    spec: { kind: "vr-marina", batchSize: 1, replacement: true, ...theory },
    S: (p) => ((1 - p) / 3) * (OMEGA * L ** 2 + (1 + OMEGA) * cL ** 2),
    underPl: (p) => ((1 - p) / 3) * (OMEGA * L ** 2 + (1 + OMEGA) * constants.cLoss!.uniform ** 2),
  },
  {
    name: "PP-MARINA with r = 2",
    spec: { kind: "pp-marina", participants: 2, replacement: true, ...theory },
    S: (p) => ((1 - p) * (1 + OMEGA) * L ** 2) / 2,
  },
];

const compressor = createCompressor(randK, ridge.d, "float64");
const dense = createCompressor({ kind: "identity" }, ridge.d, "float64");

function resolve(spec: AlgorithmSpec): Numbers {
  const rowsPerWorker = ridge.rows.reduce((sum, m) => sum + m, 0) / ridge.n;
  return resolveNumbers(spec, {
    workers: ridge.n,
    rowsPerWorker,
    compressor,
    smoothness: constants,
    rounds: 1,
  });
}

/** f - f_* + weight |g - grad f|^2 at the point that the estimate belongs to. */
function potential({ previous, estimate }: Vectors, weight: number): number {
  const error = minus(estimate!, ridge.gradient(previous!));
  return ridge.loss(previous!) - minimum + weight * normSquared(error);
}

/**
 * Along one run: before each round, the potential, what is expected of it after the round over all its outcomes, and
 * |grad f|^2.
 */
function descents(spec: AlgorithmSpec, numbers: Numbers, weight: number, rounds: number) {
  const { points } = simulate({
    spec,
    numbers,
    objectives: ridge.objectives,
    x0: Float64Array.of(3, -2, 1),
    rounds,
    draws: keyedDraws(17, spec, compressor, ridge.rows),
  });
  const method = createMethod(spec, numbers);
  const workerStates = ridge.rows.map(() => undefined);
  return points.slice(1).map(({ round, state }) => {
    const { psi } = expectation((choose) => {
      const setting = {
        spec,
        method,
        objectives: ridge.objectives,
        compressor: choosing(compressor, randK, choose),
        dense,
        shiftStep: 1,
      };
      const sizes = { rows: ridge.rows, batch: 1, replacement: true };
      const next = oneRound(setting, { state, workerStates }, round, chosenDraws(choose, sizes));
      return { psi: potential(next.state, weight) };
    });
    const gradientNormSquared = normSquared(ridge.gradient(state.previous!));
    return { before: potential(state, weight), after: psi[0]!, gradientNormSquared };
  });
}

/** Rounding of the potential's two terms. */
const SLACK = 1e-12;

describe.each(family)(
  "$name on ridge regression, the expectation over every outcome of a round",
  ({ spec, S, underPl }) => {
    const numbers = resolve(spec);
    const { stepSize: gamma, probability: p } = numbers;

    it("f + (gamma/(2p))|g - grad f|^2 falls by (gamma/2)|grad f|^2 or more in each round, with the theory's step", () => {
      const steps = descents(spec, numbers, gamma / (2 * p), 25);
      for (const { before, after, gradientNormSquared } of steps) {
        expect(after).toBeLessThanOrEqual(before - (gamma / 2) * gradientNormSquared + SLACK);
      }
      expect(steps.at(-1)!.before).toBeLessThan(0.9 * steps[0]!.before);
    });

    it("which a step 20 times as long does not keep", () => {
      const long = { ...numbers, stepSize: 20 * gamma };
      const steps = descents(spec, long, (20 * gamma) / (2 * p), 10);
      expect(
        steps.some(
          ({ before, after, gradientNormSquared }) => after > before - 10 * gamma * gradientNormSquared,
        ),
      ).toBe(true);
    });

    it("f - f_* + (gamma/p)|g - grad f|^2 shrinks by 1 - gamma mu or better, with the Polyak-Lojasiewicz step", () => {
      const step = resolve({ ...spec, stepSize: { mu: exact.mu } } as AlgorithmSpec).stepSize;
      const under = (2 * (underPl ?? S)(p)) / p;
      expect(step).toBeCloseTo(Math.min(1 / (L + Math.sqrt(under)), p / (2 * exact.mu)), 12);
      const steps = descents(spec, { ...numbers, stepSize: step }, step / p, 25);
      for (const { before, after } of steps) {
        expect(after).toBeLessThanOrEqual((1 - step * exact.mu) * before + SLACK);
      }
    });

    it("the theory's step is 1/(L + sqrt(S/p)), S of the error's recursion", () => {
      expect(gamma).toBeCloseTo(1 / (L + Math.sqrt(S(p) / p)), 12);
    });
  },
);

describe("EF21", () => {
  // alpha = 1/3: a third of the entries is sent.
  const spec: AlgorithmSpec = { kind: "ef21", compressor: { kind: "top-k", k: 1 }, stepSize: "theory" };
  const topK = createCompressor(spec.compressor, ridge.d, "float64");
  const numbers = resolveNumbers(spec, {
    workers: ridge.n,
    rowsPerWorker: 1,
    compressor: topK,
    smoothness: constants,
    rounds: 1,
  });
  const run = (stepSize: number, rounds: number) =>
    simulate({
      spec,
      numbers: { ...numbers, stepSize },
      objectives: ridge.objectives,
      x0: Float64Array.of(3, -2, 1),
      rounds,
      draws: { coin: () => false },
    }).points;

  it.each([1, 10, 100, 1000])(
    "has mean |grad f(x^t)|^2 over %d rounds <= 2 (f(x^0) - f_*)/(gamma T)",
    (rounds) => {
      const points = run(numbers.stepSize, rounds);
      const mean = points.slice(0, rounds).reduce((sum, each) => sum + each.gradientNormSquared, 0) / rounds;
      expect(mean).toBeLessThanOrEqual((2 * (points[0]!.loss - minimum)) / (numbers.stepSize * rounds));
    },
  );

  it("comes to the minimum itself, where every worker's gradient is another and none is zero", () => {
    expect(run(numbers.stepSize, 2000).at(-1)!.gradientNormSquared).toBeLessThan(1e-24);
    const alone = ridge.objectives.map((_, i) => normSquared(ridge.local(i, exact.minimizer)));
    expect(Math.min(...alone)).toBeGreaterThan(1e-3);
  });
});

describe("DIANA on ridge regression, the expectation over every outcome of a round", () => {
  const spec: AlgorithmSpec = { kind: "diana", compressor: randK, stepSize: "pl" };
  const shiftStep = 1 / (1 + OMEGA);
  const known = { ...constants, Lf: exact.Lf };
  const numbers = resolveNumbers(spec, {
    workers: ridge.n,
    rowsPerWorker: 2,
    compressor,
    smoothness: known,
    rounds: 1,
    mu: exact.mu,
  });

  /** f - f_* + c mean_i |grad f_i - h_i|^2, c = 4 L_f gamma^2 (omega/n)(1 + omega). */
  function potentialOf({ iterate }: Vectors, own: readonly (Vectors | undefined)[], gamma: number) {
    const away = own.map((state, i) => normSquared(minus(state!["shift"]!, ridge.local(i, iterate!))));
    const local = away.reduce((sum, each) => sum + each, 0) / ridge.n;
    const c = (4 * exact.Lf * gamma * gamma * OMEGA * (1 + OMEGA)) / ridge.n;
    return ridge.loss(iterate!) - minimum + c * local;
  }

  /** Along one run: the potential before each round, and what is expected of it after. */
  function shrinking(stepSize: number, rounds: number) {
    const method = createMethod(spec, { ...numbers, stepSize });
    const setting = { spec, method, objectives: ridge.objectives, compressor, dense, shiftStep };
    const keyed = keyedDraws(23, spec, compressor, ridge.rows);
    const nothing = () => expect.fail("nobody is drawn");
    let situation: Situation = {
      state: method.start(Float64Array.of(3, -2, 1)),
      workerStates: ridge.rows.map(() => ({ shift: new Float64Array(ridge.d) })),
    };
    return Array.from({ length: rounds }, (_, k) => {
      const { psi } = expectation((choose) => {
        const chosen = { ...setting, compressor: choosing(compressor, randK, choose) };
        const next = oneRound(chosen, situation, k, chosenDraws(choose));
        return { psi: potentialOf(next.state, next.workerStates, stepSize) };
      });
      const before = potentialOf(situation.state, situation.workerStates, stepSize);
      situation = oneRound(setting, situation, k, {
        server: { coin: () => false, slots: nothing, weightedSlots: nothing },
        worker: (slot) => ({
          compressor: () => keyed.compressor!(k, slot),
          batch: () => expect.fail("no rows are drawn"),
        }),
      });
      return { before, after: psi[0]! };
    });
  }

  it("f - f_* + c mean |grad f_i - h_i|^2 shrinks by 1 - gamma mu or better in each round", () => {
    const { stepSize } = numbers;
    const steps = shrinking(stepSize, 60);
    for (const { before, after } of steps)
      expect(after).toBeLessThanOrEqual((1 - stepSize * exact.mu) * before + SLACK);
    expect(steps.at(-1)!.before).toBeLessThan(0.5 * steps[0]!.before);
  });

  it("which a step 20 times as long does not keep", () => {
    const stepSize = 20 * numbers.stepSize;
    expect(
      shrinking(stepSize, 10).some(({ before, after }) => after > (1 - stepSize * exact.mu) * before),
    ).toBe(true);
  });
});

describe("DASHA on ridge regression, the expectation over every outcome of a round", () => {
  const spec: AlgorithmSpec = { kind: "dasha", compressor: randK, stepSize: "theory" };
  const shiftStep = 1 / (1 + OMEGA);
  const a = 1 / (2 * OMEGA + 1);
  const theoretical = resolve(spec);

  /** f - f_* + (gamma/(2 a (2-a))) (|e|^2 + (2 a omega/n) mean |e_i|^2) at the point that the estimates belong to. */
  function potentialOf({ previous, shift }: Vectors, own: readonly (Vectors | undefined)[], gamma: number) {
    const error = normSquared(minus(shift!, ridge.gradient(previous!)));
    const errors = own.map((state, i) => normSquared(minus(state!["shift"]!, ridge.local(i, previous!))));
    const local = errors.reduce((sum, each) => sum + each, 0) / ridge.n;
    const weight = gamma / (2 * a * (2 - a));
    return ridge.loss(previous!) - minimum + weight * (error + ((2 * a * OMEGA) / ridge.n) * local);
  }

  /** Along one run: the potential before each round, what is expected of it after, and |grad f|^2. */
  function dashaDescents(stepSize: number, rounds: number) {
    const numbers = { ...theoretical, stepSize };
    const method = createMethod(spec, numbers);
    const setting = { spec, method, objectives: ridge.objectives, compressor, dense, shiftStep };
    const keyed = keyedDraws(17, spec, compressor, ridge.rows);
    const zero = () => ({ shift: new Float64Array(ridge.d) });
    const begun: Situation = {
      state: method.start(Float64Array.of(3, -2, 1)),
      workerStates: ridge.rows.map(zero),
    };
    const draws = (round: number): RoundDraws => ({
      server: {
        coin: () => false,
        slots: () => expect.fail("nobody is drawn"),
        weightedSlots: () => expect.fail("nobody is drawn"),
      },
      worker: (slot) => ({
        compressor: () => keyed.compressor!(round, slot),
        batch: () => expect.fail("no rows are drawn"),
      }),
    });
    let situation: Situation = oneRound(setting, begun, 0, draws(0));
    return Array.from({ length: rounds }, (_, k) => {
      const { psi } = expectation((choose) => {
        const chosen = { ...setting, compressor: choosing(compressor, randK, choose) };
        const next = oneRound(chosen, situation, k + 1, chosenDraws(choose));
        return { psi: potentialOf(next.state, next.workerStates, stepSize) };
      });
      const before = potentialOf(situation.state, situation.workerStates, stepSize);
      const gradientNormSquared = normSquared(ridge.gradient(situation.state.previous!));
      situation = oneRound(setting, situation, k + 1, draws(k + 1));
      return { before, after: psi[0]!, gradientNormSquared };
    });
  }

  it("f + (gamma/(2 a (2-a))) (|e|^2 + (2 a omega/n) mean |e_i|^2) falls by (gamma/2)|grad f|^2 or more in each round", () => {
    const { stepSize: gamma } = theoretical;
    const steps = dashaDescents(gamma, 40);
    for (const { before, after, gradientNormSquared } of steps) {
      expect(after).toBeLessThanOrEqual(before - (gamma / 2) * gradientNormSquared + SLACK);
    }
    expect(steps.at(-1)!.before).toBeLessThan(0.9 * steps[0]!.before);
  });

  it("which a step 20 times as long does not keep", () => {
    const gamma = 20 * theoretical.stepSize;
    const steps = dashaDescents(gamma, 10);
    expect(
      steps.some(
        ({ before, after, gradientNormSquared }) => after > before - (gamma / 2) * gradientNormSquared,
      ),
    ).toBe(true);
  });
});

describe("the ridge problem of these tests", () => {
  it("has no gradient at its minimiser, and the constants that its Hessians have", () => {
    expect(normSquared(ridge.gradient(exact.minimizer))).toBeLessThan(1e-28);
    expect(constants.L).toBeCloseTo(exact.L, 9);
    expect(constants.Lf!).toBeCloseTo(exact.Lf, 9);
    expect(exact.mu).toBeGreaterThan(0.1);
  });
});

describe("GD with 1/L_f", () => {
  const curvedShards = THREE_WORKERS.map((rows) => shardOf(rows.map(([a, y]) => [a, y > 0 ? 1 : -1])));
  const curved: LinearSpec = { kind: "nonconvex-binary", regularizer: { kind: "nonconvex", lambda: 0.02 } };
  const weights = weightsOf(curvedShards);
  const quadratics = tridiagonalQuadratics(4, 6);
  const cases: readonly { name: string; objectives: Objective[]; constants: Smoothness }[] = [
    { name: "ridge", objectives: [...ridge.objectives], constants },
    {
      name: "non-convex",
      objectives: curvedShards.map((shard, i) => createObjective(curved, shard, weights[i]!)),
      constants: spectral(curved, curvedShards),
    },
    {
      name: "quadratic",
      objectives: quadratics.map(quadraticObjective),
      constants: quadraticConstants(quadratics),
    },
  ];

  function descend(objectives: readonly Objective[], known: Smoothness, x0: Float64Array, rounds: number) {
    const spec: AlgorithmSpec = { kind: "gd", stepSize: "theory" };
    const numbers = resolveNumbers(spec, {
      workers: objectives.length,
      rowsPerWorker: 1,
      compressor: createCompressor({ kind: "identity" }, x0.length, "float64"),
      smoothness: known,
      rounds,
    });
    return simulate({ spec, numbers, objectives, x0, rounds, draws: { coin: () => false } }).points;
  }

  it.each(cases)(
    "never increases f, and lowers it by |grad f|^2/(2 L_f) or more: $name",
    ({ objectives, constants: known }) => {
      const d = objectives[0]!.dimension;
      for (let start = 0; start < 5; start++) {
        const x0 = Float64Array.from({ length: d }, (_, j) => ((7 * j + 5 * start) % 11) - 5);
        const points = descend(objectives, known, x0, 80);
        for (let t = 0; t < 80; t++) {
          const { loss, gradientNormSquared } = points[t]!;
          const scale = 1e-14 * Math.max(1, Math.abs(loss));
          expect(points[t + 1]!.loss).toBeLessThanOrEqual(
            loss - gradientNormSquared / (2 * known.Lf!) + scale,
          );
        }
        expect(points[80]!.loss).toBeLessThan(points[0]!.loss);
      }
    },
  );

  it("on the quadratic reference instance has the reference's gap after 1 and 10 steps", () => {
    const { constants: known, objectives } = cases[2]!;
    const points = descend(objectives, known, new Float64Array(6), 10);
    const gap = (t: number) => points[t]!.loss - quadraticConstants(quadratics).minimum;
    expect(gap(1) / 0.01947536424).toBeCloseTo(1, 8);
    expect(gap(10) / 1.779684885e-5).toBeCloseTo(1, 8);
  });
});
