/**
 * One step of every method from a fixed state: the mean and the second moment of what it makes of all its random
 * choices, each outcome gone through once, against the formulas that the convergence proofs stand on (Gorbunov,
 * Burlachenko, Li, Richtarik, ICML 2021; Horvath et al., arXiv 1904.05115).
 */
import { describe, expect, it } from "vitest";
import type { DrawStreams } from "../compressors/compressor.ts";
import { type CompressorSpec, createCompressor, type UnbiasedSpec } from "../compressors/registry.ts";
import { varianceOf } from "../compressors/testing/reference.ts";
import type { Stream } from "../math/streams.ts";
import { normSquared } from "../math/vectors.ts";
import { rowImportance } from "../problems/linear/row-importance.ts";
import type { Vectors } from "./method.ts";
import { type AlgorithmSpec, createMethod, METHOD_KINDS, methodOf } from "./registry.ts";
import {
  type BatchSizes,
  type Choose,
  choosing,
  chosenDraws,
  equallyLikely,
  expectation,
} from "./testing/enumerate.ts";
import { leastSquares, mean, minus, THREE_WORKERS } from "./testing/least-squares.ts";
import { oneRound, type RoundSetting } from "./testing/one-round.ts";
import { specOf } from "./testing/specs.ts";

const problem = leastSquares(THREE_WORKERS, 0.1);
const { n, d, rows } = problem;
const GAMMA = 0.25;
const P = 0.3;

const x = Float64Array.of(0.7, -1.3, 0.4);
const w = Float64Array.of(1.1, -0.9, -0.2);
const g = Float64Array.of(-0.5, 2, 1.25);
const workers = Array.from({ length: n }, (_, i) => i);

const e = minus(g, problem.gradient(w));
const D = workers.map((i) => minus(problem.local(i, x), problem.local(i, w)));
const meanSquare = (vectors: readonly Float64Array[]) =>
  vectors.reduce((sum, v) => sum + normSquared(v), 0) / vectors.length;

/** Mean square over the rows of worker i about their mean. */
function spread(vectors: readonly Float64Array[]): number {
  return meanSquare(vectors.map((vector) => minus(vector, mean(vectors))));
}

/** V_i of the row differences at x and w. */
const V = workers.map((i) => {
  const atW = problem.rowGradients(i, w);
  return spread(problem.rowGradients(i, x).map((row, l) => minus(row, atW[l]!)));
});

function near(actual: number, expected: number): void {
  expect(Math.abs(actual - expected), `${actual} against ${expected}`).toBeLessThan(
    1e-12 * Math.abs(expected),
  );
}

function nearVector(actual: Float64Array, expected: Float64Array, scale: number): void {
  for (const [j, value] of actual.entries()) {
    expect(Math.abs(value - expected[j]!), `entry ${j}`).toBeLessThan(1e-12 * scale);
  }
}

interface Start {
  readonly spec: AlgorithmSpec;
  readonly compressor: CompressorSpec;
  readonly state: Vectors;
  readonly workerStates?: readonly Vectors[];
  readonly sizes?: BatchSizes;
  readonly shiftStep?: number;
  /** By which clients are drawn. */
  readonly Li?: readonly number[];
}

/** The expectation of what `look` sees in the next state, over all draws of message round 5. */
function afterOneRound<Name extends string>(
  { spec, compressor, state, workerStates, sizes, shiftStep = 1, Li }: Start,
  look: (
    state: Vectors,
    workerStates: readonly (Vectors | undefined)[],
    bits: number,
  ) => Readonly<Record<Name, number | Float64Array>>,
) {
  const numbers = { workers: n, stepSize: GAMMA, probability: P, shiftStep, ...(Li && { Li }) };
  const method = createMethod(spec, numbers);
  const inner = createCompressor(compressor, d, "float64");
  const dense = createCompressor({ kind: "identity" }, d, "float64");
  const found = expectation((choose) => {
    const setting: RoundSetting = {
      spec,
      method,
      objectives: problem.objectives,
      compressor: choosing(inner, compressor, choose),
      dense,
      shiftStep,
      ...(sizes?.importance && { importance: sizes.importance }),
    };
    const next = oneRound(
      setting,
      { state, workerStates: workerStates ?? workers.map(() => undefined) },
      5,
      chosenDraws(choose, sizes),
    );
    return look(next.state, next.workerStates, next.bits);
  });
  expect(found.total).toBeCloseTo(1, 12);
  return found;
}

/** Mean and second moment of the error of the estimate of the MARINA family. */
function marinaError(
  spec: AlgorithmSpec,
  compressor: CompressorSpec,
  sizes?: BatchSizes,
  Li?: readonly number[],
) {
  const start = {
    spec,
    compressor,
    state: { iterate: x, previous: w, estimate: g },
    ...(sizes ? { sizes } : {}),
    ...(Li ? { Li } : {}),
  };
  return afterOneRound(start, (state, _workerStates, bits) => {
    const error = minus(state.estimate!, problem.gradient(x));
    return { error, square: normSquared(error), bits };
  });
}

const common = { stepSize: GAMMA, probability: P } as const;
const compressors: readonly UnbiasedSpec[] = [
  { kind: "identity" },
  { kind: "rand-k", k: 1 },
  { kind: "rand-k", k: 2 },
  { kind: "rand-k", k: 3 },
  { kind: "l2-quantization" },
  { kind: "qsgd", levels: 2 },
  { kind: "natural" },
];

describe.each(compressors)("MARINA's error with $kind $k$levels", (compressor) => {
  const { error, square } = marinaError({ kind: "marina", compressor, ...common }, compressor);

  it("has the mean (1-p) e", () => {
    nearVector(
      error,
      e.map((value) => (1 - P) * value),
      1,
    );
  });

  it("has the second moment (1-p)(|e|^2 + (1/n^2) sum of the variances of Q(D_i))", () => {
    const noise = D.reduce((sum, Di) => sum + varianceOf(compressor, Di), 0);
    near(square[0]!, (1 - P) * (normSquared(e) + noise / n ** 2));
  });

  it("has at most the second moment (1-p)(|e|^2 + (omega/n^2) sum |D_i|^2)", () => {
    const { omega } = createCompressor(compressor, d, "float64");
    const bound = (1 - P) * (normSquared(e) + (omega * n * meanSquare(D)) / n ** 2);
    expect(square[0]!).toBeLessThanOrEqual(bound * (1 + 1e-12));
  });
});

/** The shared stream of a round, each of its numbers chosen: whichever slot asks first. */
function choosingDeal(choose: Choose): DrawStreams {
  const nextBelow = (bound: number): number =>
    choose(equallyLikely(Array.from({ length: bound }, (_, value) => value)));
  const own = () => {
    throw new Error("a joint draw comes of the shared stream");
  };
  return { seed: 0, own, shared: () => ({ nextBelow }) as Stream };
}

describe.each([
  ["MARINA", { kind: "marina", compressor: { kind: "perm-k" }, ...common }],
  [
    "VR-MARINA",
    { kind: "vr-marina", compressor: { kind: "perm-k" }, batchSize: 1, replacement: true, ...common },
  ],
] as const)("%s's error with PermK", (name, spec: AlgorithmSpec) => {
  const numbers = { workers: n, stepSize: GAMMA, probability: P, shiftStep: 1 };
  const found = expectation((choose) => {
    const compressor = createCompressor({ kind: "perm-k" }, d, "float64", { workers: n });
    const streams = choosingDeal(choose);
    const drawn = chosenDraws(choose, { rows, batch: 1, replacement: true });
    const setting: RoundSetting = {
      ...{ spec, compressor, shiftStep: 1, objectives: problem.objectives },
      method: createMethod(spec, numbers),
      dense: createCompressor({ kind: "identity" }, d, "float64"),
    };
    const next = oneRound(
      setting,
      { state: { iterate: x, previous: w, estimate: g }, workerStates: workers.map(() => undefined) },
      5,
      {
        server: drawn.server,
        worker: (slot) => ({
          ...drawn.worker(slot),
          compressor: () => compressor.draw(streams, { round: 5, slot, slots: n }),
        }),
      },
    );
    const error = minus(next.state.estimate!, problem.gradient(x));
    return { error, square: normSquared(error) };
  });
  // n = d = 3: every worker has one coordinate, A = B = 1.
  const [A, B] = [1, 1];
  const ofBatches = name === "MARINA" ? 0 : V.reduce((sum, Vi) => sum + Vi, 0) / n;

  it("has the mean (1-p) e", () => {
    expect(found.total).toBeCloseTo(1, 12);
    nearVector(
      found.error,
      e.map((value) => (1 - P) * value),
      1,
    );
  });

  it("has the second moment (1-p)(|e|^2 + A mean |D_i|^2 - B |Dbar|^2 + (A + (1-B)/n) mean V_i/b)", () => {
    const noise = A * meanSquare(D) - B * normSquared(mean(D)) + (A + (1 - B) / n) * ofBatches;
    near(found.square[0]!, (1 - P) * (normSquared(e) + noise));
  });
});

const K = 2;
const randK = { kind: "rand-k", k: K } as const;
const OMEGA = d / K - 1;

describe.each([1, 2, 4])("PP-MARINA's error with r = %d", (r) => {
  const pp = (replacement: boolean) =>
    marinaError({ kind: "pp-marina", participants: r, replacement, compressor: randK, ...common }, randK);

  it("drawn with replacement: (1-p) e and (1-p)(|e|^2 + (1/r)[(1+omega) mean|D_i|^2 - |Dbar|^2])", () => {
    const { error, square } = pp(true);
    nearVector(
      error,
      e.map((value) => (1 - P) * value),
      1,
    );
    const noise = ((1 + OMEGA) * meanSquare(D) - normSquared(mean(D))) / r;
    near(square[0]!, (1 - P) * (normSquared(e) + noise));
  });

  it("drawn by importance: (1-p) e and (1-p)(|e|^2 + (1/r)[(1+omega) sum |D_i|^2/(n^2 q_i) - |Dbar|^2])", () => {
    const Li = [0.5, 3, 1.5];
    const spec: AlgorithmSpec = {
      ...{ kind: "pp-marina", participants: r, replacement: true, sampling: "importance" },
      ...{ compressor: randK, ...common },
    };
    const { error, square } = marinaError(spec, randK, undefined, Li);
    nearVector(
      error,
      e.map((value) => (1 - P) * value),
      1,
    );
    const spread = D.reduce((sum, Di, i) => sum + normSquared(Di) / (n ** 2 * (Li[i]! / 5)), 0);
    const noise = ((1 + OMEGA) * spread - normSquared(mean(D))) / r;
    near(square[0]!, (1 - P) * (normSquared(e) + noise));
  });

  it("sends 32 d p + (1-p) b_Q r/n bits a worker in expectation", () => {
    near(pp(true).bits[0]! / n, 32 * d * P + (1 - P) * 32 * K * (r / n));
  });

  if (r > n) return;
  it("drawn without replacement: the spread between workers shrinks by (n-r)/(n-1)", () => {
    const { error, square } = pp(false);
    nearVector(
      error,
      e.map((value) => (1 - P) * value),
      1,
    );
    const between = meanSquare(D) - normSquared(mean(D));
    const noise = (OMEGA * meanSquare(D) + ((n - r) / (n - 1)) * between) / r;
    near(square[0]!, (1 - P) * (normSquared(e) + noise));
  });
});

describe.each([
  { b: 1, replacement: true },
  { b: 2, replacement: true },
  { b: 1, replacement: false },
  { b: 2, replacement: false },
])("VR-MARINA's error with b = $b, replacement $replacement", ({ b, replacement }) => {
  const batched = { batchSize: b, replacement, compressor: randK, ...common } as const;
  /** (1/n^2) sum_i [ omega |D_i|^2 + (1+omega) phi_i V_i / b ] */
  const noise =
    workers.reduce((sum, i) => {
      const phi = replacement ? 1 : (rows[i]! - b) / (rows[i]! - 1);
      return sum + OMEGA * normSquared(D[i]!) + ((1 + OMEGA) * phi * V[i]!) / b;
    }, 0) /
    n ** 2;

  it("finite sum: (1-p) e and (1-p)(|e|^2 + (1/n^2) sum [omega|D_i|^2 + (1+omega) phi V_i/b])", () => {
    const { error, square } = marinaError({ kind: "vr-marina", ...batched }, randK, {
      rows,
      batch: b,
      replacement,
    });
    nearVector(
      error,
      e.map((value) => (1 - P) * value),
      1,
    );
    near(square[0]!, (1 - P) * (normSquared(e) + noise));
  });

  it("online: a dense round adds p (1/n^2) sum W_i/B, W_i the spread of worker i's row gradients", () => {
    const B = 2;
    const spec = { kind: "vr-marina-online", largeBatchSize: B, ...batched } as const;
    const { error, square } = marinaError(spec, randK, { rows, batch: b, largeBatch: B, replacement });
    nearVector(
      error,
      e.map((value) => (1 - P) * value),
      1,
    );
    const W = workers.reduce((sum, i) => sum + spread(problem.rowGradients(i, x)), 0);
    near(square[0]!, (P * W) / (B * n ** 2) + (1 - P) * (normSquared(e) + noise));
  });
});

describe.each([1, 2])("VR-MARINA's error with b = %d rows drawn by importance", (b) => {
  // Row l of worker i with probability |a_il|^2 over the sum of its shard; the regulariser has no part in it.
  const importance = problem.shards.map(rowImportance);
  const norms = THREE_WORKERS.map((part) => part.map(([a]) => a.reduce((sum, value) => sum + value ** 2, 0)));
  const lambda = 0.1;
  const spec: AlgorithmSpec = {
    ...{ kind: "vr-marina", batchSize: b, replacement: true, sampling: "importance" },
    ...{ compressor: randK, ...common },
  };
  const { error, square, bits } = marinaError(spec, randK, { rows, batch: b, replacement: true, importance });

  it("is (1-p) e in the mean: the estimates are unbiased", () => {
    nearVector(
      error,
      e.map((value) => (1 - P) * value),
      1,
    );
  });

  it("has (1-p)(|e|^2 + (1/n^2) sum [omega |D_i|^2 + (1+omega) V_i/b]), V_i of the losses' differences over m q_il", () => {
    const Vq = workers.map((i) => {
      const total = norms[i]!.reduce((sum, norm) => sum + norm, 0);
      const m = rows[i]!;
      // The losses' part of each row's difference, scaled so that their plain mean is that of D_i.
      const scale = (n * m) / rows.reduce((sum, each) => sum + each, 0);
      const at = problem.rowGradients(i, w);
      const parts = problem
        .rowGradients(i, x)
        .map((row, l) => row.map((value, j) => value - at[l]![j]! - scale * lambda * (x[j]! - w[j]!)));
      const second = parts.reduce((sum, part, l) => {
        const q = norms[i]![l]! / total;
        return sum + q * normSquared(part.map((value) => value / (m * q)));
      }, 0);
      return second - normSquared(mean(parts));
    });
    const noise =
      workers.reduce((sum, i) => sum + OMEGA * normSquared(D[i]!) + ((1 + OMEGA) * Vq[i]!) / b, 0) / n ** 2;
    near(square[0]!, (1 - P) * (normSquared(e) + noise));
  });

  it("sends 32 d p + (1-p) b_Q bits a worker in expectation", () => {
    near(bits[0]! / n, 32 * d * P + (1 - P) * 32 * K);
  });
});

describe("QGD", () => {
  it("has an unbiased estimate with the variance (omega/n^2) sum |grad f_i|^2", () => {
    const start = {
      spec: { kind: "qgd", compressor: randK, stepSize: GAMMA },
      compressor: randK,
      state: { iterate: x },
    } as const;
    const { error, square } = afterOneRound(start, estimateError);
    nearVector(error, new Float64Array(d), 1);
    near(square[0]!, (OMEGA * n * meanSquare(workers.map((i) => problem.local(i, x)))) / n ** 2);
  });
});

/** g^t = (x^t - x^{t+1}) / gamma, and its error. */
function estimateError(state: Vectors) {
  const estimate = minus(x, state.iterate!).map((value) => value / GAMMA);
  const error = minus(estimate, problem.gradient(x));
  return { error, square: normSquared(error) };
}

const h = [Float64Array.of(0.4, -0.2, 1), Float64Array.of(-1.5, 0.3, 0), Float64Array.of(0.9, 2, -0.6)];
const hbar = mean(h);
const ALPHA = 1 / (1 + OMEGA);

describe("DIANA", () => {
  const start = {
    spec: { kind: "diana", compressor: randK, stepSize: GAMMA },
    compressor: randK,
    state: { iterate: x, shift: hbar },
    workerStates: h.map((shift) => ({ shift })),
    shiftStep: ALPHA,
  } as const;
  const gaps = workers.map((i) => minus(problem.local(i, x), h[i]!));
  const found = afterOneRound(start, (state, workerStates) => ({
    ...estimateError(state),
    gap: workerStates.reduce(
      (sum, own, i) => sum + normSquared(minus(own!["shift"]!, problem.local(i, x))),
      0,
    ),
    drift: normSquared(minus(state.shift!, mean(workerStates.map((own) => own!["shift"]!)))),
  }));

  it("has an unbiased estimate with the variance (omega/n^2) sum |grad f_i - h_i|^2", () => {
    nearVector(found.error, new Float64Array(d), 1);
    near(found.square[0]!, (OMEGA * n * meanSquare(gaps)) / n ** 2);
  });

  it("brings the shifts nearer: E sum |h_i^+ - grad f_i|^2 = (1 - alpha) sum |h_i - grad f_i|^2", () => {
    near(found.gap[0]!, (1 - ALPHA) * n * meanSquare(gaps));
  });

  it("keeps hbar = mean h_i whatever is drawn", () => {
    expect(found.drift[0]!).toBeLessThan(1e-30);
  });
});

describe.each([
  { b: 1, replacement: true },
  { b: 2, replacement: false },
])("VR-DIANA with b = $b, replacement $replacement", ({ b, replacement }) => {
  const start = {
    spec: { kind: "vr-diana", batchSize: b, replacement, compressor: randK, ...common },
    compressor: randK,
    state: { iterate: x, shift: hbar, reference: w },
    workerStates: h.map((shift) => ({ shift })),
    sizes: { rows, batch: b, replacement },
    shiftStep: ALPHA,
  } as const;
  const found = afterOneRound(start, (state, workerStates) => ({
    ...estimateError(state),
    gap: workerStates.reduce(
      (sum, own, i) => sum + normSquared(minus(own!["shift"]!, problem.local(i, x))),
      0,
    ),
    reference: state.reference!,
  }));
  const phi = (i: number) => (replacement ? 1 : (rows[i]! - b) / (rows[i]! - 1));
  const gaps = workers.map((i) => normSquared(minus(problem.local(i, x), h[i]!)));

  it("has an unbiased estimate, its variance (1/n^2) sum [omega|grad f_i - h_i|^2 + (1+omega) phi V_i/b]", () => {
    nearVector(found.error, new Float64Array(d), 1);
    const noise = workers.reduce((sum, i) => sum + OMEGA * gaps[i]! + ((1 + OMEGA) * phi(i) * V[i]!) / b, 0);
    near(found.square[0]!, noise / n ** 2);
  });

  it("brings the shifts nearer to the gradients but for the noise of the batch, alpha phi V_i/b", () => {
    // h + alpha Q(u), E u = grad f_i - h: (1 - alpha)|grad f_i - h|^2 + alpha^2 (1 + omega) Var u, alpha (1 + omega) = 1
    const expected = workers.reduce(
      (sum, i) => sum + (1 - ALPHA) * gaps[i]! + (ALPHA * phi(i) * V[i]!) / b,
      0,
    );
    near(found.gap[0]!, expected);
  });

  it("moves the reference point to x, the point before the step, with probability q", () => {
    nearVector(
      found.reference,
      x.map((value, j) => P * value + (1 - P) * w[j]!),
      1,
    );
  });
});

describe.each<[CompressorSpec, number]>([
  [{ kind: "top-k", k: 1 }, 1],
  [{ kind: "top-k", k: 2 }, 1],
  [randK, ALPHA],
])("EF21 with %o", (compressor, shiftStep) => {
  const spec: AlgorithmSpec = { kind: "ef21", compressor, stepSize: GAMMA };
  const state = { iterate: x, shift: hbar };
  const found = afterOneRound(
    { spec, compressor, state, workerStates: h.map((shift) => ({ shift })), shiftStep },
    (next, workerStates) => ({
      gaps: Float64Array.from(workerStates, (own, i) =>
        normSquared(minus(own!["shift"]!, problem.local(i, x))),
      ),
      drift: normSquared(minus(next.shift!, mean(workerStates.map((own) => own!["shift"]!)))),
      descent: normSquared(
        minus(
          minus(x, next.iterate!),
          next.shift!.map((entry) => GAMMA * entry),
        ),
      ),
    }),
  );

  it("brings each estimate nearer: E |g_i^+ - grad f_i|^2 = |grad f_i - g_i|^2 less what C keeps, at most 1 - alpha of it", () => {
    for (const [i, gap] of found.gaps.entries()) {
      const before = minus(problem.local(i, x), h[i]!);
      const alpha = (compressor as { readonly k: number }).k / d;
      expect(gap).toBeLessThanOrEqual((1 - alpha) * normSquared(before) * (1 + 1e-12));
      // Top-K loses what it does not keep; RandK over 1 + omega the same share of any vector.
      if (compressor.kind === "top-k") near(gap, varianceOf(compressor, before));
      else near(gap, (1 - alpha) * normSquared(before));
    }
  });

  it("keeps g = mean g_i, and steps along it", () => {
    expect(found.drift[0]!).toBeLessThan(1e-30);
    expect(found.descent[0]!).toBeLessThan(1e-30);
  });

  it("begins with the gradients themselves, whatever was there", () => {
    const numbers = { workers: n, stepSize: GAMMA, probability: 1, shiftStep };
    const method = createMethod(spec, numbers);
    const { request } = method.plan(state, 0, chosenDraws(() => expect.fail("nothing is drawn")).server);
    expect(request.dense).toBe(true);
    const gradient = problem.gradient(x);
    const plan = { request, workers: Uint32Array.from(workers), refresh: false };
    expect(method.step(state, plan, gradient).shift).toEqual(gradient);
    const { workerState } = methodOf(spec);
    const step = { request, decoded: gradient, computed: null };
    expect(workerState!.next({ shift: h[0]! }, step, numbers)).toEqual({ shift: gradient });
  });
});

describe("DASHA", () => {
  /** e_i = g_i - grad f_i at the previous point, and what a worker compresses, D_i - a e_i. */
  const gaps = workers.map((i) => minus(h[i]!, problem.local(i, w)));
  const compressedOf = (a: number) => workers.map((i) => D[i]!.map((value, j) => value - a * gaps[i]![j]!));
  const before = {
    state: { iterate: x, previous: w, shift: hbar },
    workerStates: h.map((shift) => ({ shift })),
  };
  const look = (state: Vectors, workerStates: readonly (Vectors | undefined)[]) => {
    const error = minus(state.shift!, problem.gradient(x));
    const drift = minus(state.shift!, mean(workerStates.map((own) => own!["shift"]!)));
    return {
      error,
      square: normSquared(error),
      drift: normSquared(drift),
      gaps: meanSquare(workers.map((i) => minus(workerStates[i]!["shift"]!, problem.local(i, x)))),
    };
  };

  it.each(compressors)(
    "has the error (1-a) e and (1-a)^2 |e|^2 + (1/n^2) sum of the variances of Q(D_i - a e_i), with $kind $k$levels",
    (compressor) => {
      const { omega } = createCompressor(compressor, d, "float64");
      const a = 1 / (2 * omega + 1);
      const spec: AlgorithmSpec = { kind: "dasha", compressor, stepSize: GAMMA };
      const shiftStep = 1 / (1 + omega);
      const found = afterOneRound({ spec, compressor, shiftStep, ...before }, look);
      const middle = mean(gaps);
      nearVector(
        found.error,
        middle.map((value) => (1 - a) * value),
        1,
      );
      const sent = compressedOf(a);
      const variances = sent.map((vector) => varianceOf(compressor, vector));
      const noise = variances.reduce((sum, variance) => sum + variance, 0);
      nearVector(found.square, Float64Array.of((1 - a) ** 2 * normSquared(middle) + noise / n ** 2), 10);
      nearVector(found.gaps, Float64Array.of((1 - a) ** 2 * meanSquare(gaps) + noise / n), 10);
      if (compressor.kind === "rand-k") {
        nearVector(Float64Array.of(noise), Float64Array.of(omega * n * meanSquare(sent)), 10);
      }
      expect(found.drift[0]!).toBeLessThan(1e-30);
    },
  );

  it("has the error (1-a) e and (1-a)^2 |e|^2 + A mean |D_i - a e_i|^2 - B |mean|^2, with PermK", () => {
    const spec: AlgorithmSpec = { kind: "dasha", compressor: { kind: "perm-k" }, stepSize: GAMMA };
    // n = d = 3: omega = 2 for one worker alone, A = B = 1 jointly.
    const shiftStep = 1 / 3;
    const a = 1 / 5;
    const found = expectation((choose) => {
      const compressor = createCompressor({ kind: "perm-k" }, d, "float64", { workers: n });
      const streams = choosingDeal(choose);
      const setting: RoundSetting = {
        ...{ spec, compressor, shiftStep, objectives: problem.objectives },
        method: createMethod(spec, { workers: n, stepSize: GAMMA, probability: 1, shiftStep }),
        dense: createCompressor({ kind: "identity" }, d, "float64"),
      };
      const drawn = chosenDraws(choose);
      const next = oneRound(setting, before, 5, {
        server: drawn.server,
        worker: (slot) => ({
          ...drawn.worker(slot),
          compressor: () => compressor.draw(streams, { round: 5, slot, slots: n }),
        }),
      });
      return look(next.state, next.workerStates);
    });
    expect(found.total).toBeCloseTo(1, 12);
    const middle = mean(gaps);
    nearVector(
      found.error,
      middle.map((value) => (1 - a) * value),
      1,
    );
    const sent = compressedOf(a);
    const noise = meanSquare(sent) - normSquared(mean(sent));
    near(found.square[0]!, (1 - a) ** 2 * normSquared(middle) + noise);
  });
});

describe("every method", () => {
  /** A state without error, by the names of its vectors: g^{t-1} = grad f(x^{t-1}), and any shifts. */
  const vectors: Readonly<Record<string, Float64Array>> = {
    iterate: x,
    previous: w,
    reference: w,
    estimate: problem.gradient(w),
    shift: hbar,
  };
  const own: Readonly<Record<string, readonly Float64Array[]>> = { shift: h };
  /** DASHA's shifts are estimates of the gradients at the point before. */
  const estimates: typeof own = { shift: workers.map((i) => problem.local(i, w)) };
  const named = <T>(from: Readonly<Record<string, T>>, name: string): T => {
    const found = from[name];
    if (found === undefined)
      throw new Error(`this test has no ${name}: say what it is in a state without error`);
    return found;
  };

  // EF21's never is: error feedback makes up for it in later rounds.
  it.each(METHOD_KINDS.filter((kind) => kind !== "ef21"))(
    "%s has an unbiased estimate in a state without error",
    (kind) => {
      const spec = specOf(kind, { compressor: randK, probability: P, largeBatchSize: 2, participants: 2 });
      const names = Object.keys(
        createMethod(spec, { workers: n, stepSize: GAMMA, probability: P, shiftStep: 1 }).start(x),
      );
      const { workerState } = methodOf(spec);
      const owned = kind === "dasha" ? estimates : own;
      const held = kind === "dasha" ? { ...vectors, shift: problem.gradient(w) } : vectors;
      const { error } = afterOneRound(
        {
          spec,
          compressor: randK,
          state: Object.fromEntries(names.map((name) => [name, named(held, name)])),
          sizes: { rows, batch: 1, largeBatch: 2, replacement: true },
          shiftStep: ALPHA,
          ...(workerState === null
            ? {}
            : {
                workerStates: workers.map((i) =>
                  Object.fromEntries(workerState.vectors.map((name) => [name, named(owned, name)[i]!])),
                ),
              }),
        },
        estimateError,
      );
      nearVector(error, new Float64Array(d), 1);
    },
  );
});
