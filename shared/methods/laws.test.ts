/** One table of laws over all methods: where two of them must be the same method, they are. */
import { describe, expect, it } from "vitest";
import { createCompressor, type UnbiasedSpec } from "../compressors/registry.ts";
import { Purpose, Stream } from "../math/streams.ts";
import type { LinearSpec } from "../problems/linear/losses.ts";
import { createObjective } from "../problems/linear/objective.ts";
import type { Objective } from "../problems/problem.ts";
import { type Quadratic, quadraticObjective } from "../problems/quadratic.ts";
import { vectorSha256 } from "../protocol/digest.ts";
import { type AlgorithmKind, type AlgorithmSpec, compressorOf, METHOD_KINDS, methodOf } from "./registry.ts";
import { full } from "./requests.ts";
import { keyedDraws } from "./testing/keyed-draws.ts";
import { mean, type Row, shardOf, weightsOf } from "./testing/least-squares.ts";
import { fullGradient, type PrescribedDraws, simulate } from "./testing/simulate.ts";
import { specOf } from "./testing/specs.ts";
import { workerNumbers } from "./theory.ts";

const SEED = 11;
const identity: UnbiasedSpec = { kind: "identity" };

/** Every method but GD, which is the others' measure. */
const kinds = METHOD_KINDS.filter((kind) => kind !== "gd");
/** Those that keep a state at their workers. */
const stateful = METHOD_KINDS.filter((kind) => methodOf({ kind }).workerState !== null);
/** Those whose dense rounds ask all workers for their exact gradients, so that p = 1 makes them GD. */
const denseRounds = kinds.filter((kind) => methodOf({ kind }).requests.includes(full));

function drawsLargeBatches(kind: AlgorithmKind): boolean {
  const { requests } = methodOf({ kind });
  return requests.some(({ gradients }) => gradients.some(({ rows }) => rows === "large-batch"));
}

interface Setting {
  readonly objectives: readonly Objective[];
  readonly x0: Float64Array;
  readonly stepSize: number;
  readonly rounds: number;
}

/** The method with its real keyed draws. */
function run(setting: Setting, spec: AlgorithmSpec, draws: Partial<PrescribedDraws> = {}) {
  const { objectives, x0, stepSize, rounds } = setting;
  const compressor = createCompressor(compressorOf(spec), x0.length, "float64", {
    workers: objectives.length,
  });
  const probability = "probability" in spec && spec.probability !== "theory" ? spec.probability : 1;
  const rows = objectives.map((objective) => objective.rows);
  const numbers = {
    workers: objectives.length,
    stepSize,
    probability,
    ...workerNumbers(compressor),
  };
  const keyed = keyedDraws(SEED, spec, compressor, rows);
  return simulate({ spec, numbers, objectives, x0, rounds, draws: { ...keyed, ...draws } });
}

/** An online method samples with replacement; given all rows instead, its batch is the shard. */
function wholeBatches({ objectives }: Setting): Pick<PrescribedDraws, "batch"> {
  return { batch: (_round, slot) => Uint32Array.from({ length: objectives[slot]!.rows }, (_, row) => row) };
}

function gradientDescent(setting: Setting) {
  return run(setting, { kind: "gd", stepSize: 1 });
}

function digests({ points }: ReturnType<typeof simulate>): string[] {
  return points.map(({ x }) => vectorSha256(x));
}

/** Three workers with six rows each of a problem without any regularity, from a point that is no one's minimum. */
const curved: Setting = (() => {
  const d = 5;
  const rows = 6;
  const stream = new Stream({ seed: 5, purpose: Purpose.start, round: 0, index: 0 });
  const shards = Array.from({ length: 3 }, (_, worker) =>
    shardOf(
      Array.from({ length: rows }, (): Row => {
        const features = Array.from({ length: d }, () => 4 * stream.nextUniform() - 2 + 0.3 * worker);
        return [features, stream.nextUniform() < 0.5 ? 1 : -1];
      }),
    ),
  );
  const problem: LinearSpec = { kind: "nonconvex-binary", regularizer: { kind: "nonconvex", lambda: 0.05 } };
  const weights = weightsOf(shards);
  return {
    objectives: shards.map((shard, i) => createObjective(problem, shard, weights[i]!)),
    x0: Float64Array.of(0.5, -1, 0.25, 2, -0.75),
    stepSize: 0.4,
    rounds: 60,
  };
})();

/** x^0 .. x^T of gradient descent as the formula says. */
function plainDescent({ objectives, x0, stepSize, rounds }: Setting): Float64Array[] {
  const iterates = [x0];
  for (let t = 0; t < rounds; t++) {
    const { gradient } = fullGradient(objectives, iterates[t]!);
    iterates.push(iterates[t]!.map((value, j) => value - stepSize * gradient[j]!));
  }
  return iterates;
}

function expectTrajectory({ points }: ReturnType<typeof simulate>, expected: readonly Float64Array[]): void {
  expect(points).toHaveLength(expected.length);
  for (const [t, { x }] of points.entries()) {
    const size = Math.hypot(...expected[t]!);
    for (const [j, value] of x.entries()) {
      expect(Math.abs(value - expected[t]![j]!), `round ${t}, entry ${j}`).toBeLessThan(1e-9 * size);
    }
  }
}

describe("without compression, sampling of rows or of workers", () => {
  const reference = plainDescent(curved);
  const choice = { compressor: identity, batchSize: 6, replacement: false, participants: 3 } as const;

  it("GD is gradient descent, and it moves", () => {
    expectTrajectory(gradientDescent(curved), reference);
    expect(Math.hypot(...reference[60]!.map((value, j) => value - curved.x0[j]!))).toBeGreaterThan(0.5);
  });

  it.each(kinds)("%s is gradient descent to 1e-9 over 60 rounds, for every probability", (kind) => {
    for (const probability of [0.05, 0.5, 1]) {
      const whole = drawsLargeBatches(kind) ? wholeBatches(curved) : {};
      expectTrajectory(run(curved, specOf(kind, { ...choice, probability }), whole), reference);
    }
  });
});

/**
 * Problems whose iterates are fractions with a power of two below: gradient descent in integers is the oracle. With
 * G = sum of the (unscaled) Hessians and c = sum of the linear parts, x^+ = x - (G x - c)/2^bits.
 */
interface ExactCase {
  readonly name: string;
  readonly setting: Setting;
  readonly G: readonly (readonly number[])[];
  readonly c: readonly number[];
  readonly bits: number;
}

const hessians = [
  [
    [3, -1, 0, 1],
    [-1, 2, 1, 0],
    [0, 1, 4, -2],
    [1, 0, -2, 1],
  ],
  [
    [1, 0, 2, 0],
    [0, 5, -1, 1],
    [2, -1, 2, 0],
    [0, 1, 0, 3],
  ],
  [
    [2, 1, -1, 0],
    [1, 1, 0, -1],
    [-1, 0, 3, 1],
    [0, -1, 1, 2],
  ],
  [
    [4, 0, 0, -1],
    [0, 2, 1, 0],
    [0, 1, 1, 0],
    [-1, 0, 0, 5],
  ],
] as const;
const linears = [
  [1, -2, 3, 0],
  [-3, 1, 0, 2],
  [2, 2, -1, -1],
  [0, 3, 1, -2],
] as const;

const quadratics: Quadratic[] = hessians.map((hessian, i) => ({
  hessian: Float64Array.from(hessian.flat()),
  linear: Float64Array.from(linears[i]!),
}));

/** Four workers with four rows of integers each. */
const integerRows: readonly (readonly Row[])[] = Array.from({ length: 4 }, (_, i) =>
  Array.from({ length: 4 }, (_, l): Row => {
    const features = [0, 1, 2, 3].map((j) => ((5 * i + 3 * l + 7 * j + i * l * j) % 4) - 1);
    return [features, ((3 * i + 2 * l) % 5) - 2];
  }),
);

const exactCases: readonly ExactCase[] = [
  {
    name: "four quadratics of integers, one row each",
    setting: {
      objectives: quadratics.map(quadraticObjective),
      x0: Float64Array.of(2, -1, 0, 3),
      stepSize: 1 / 8,
      rounds: 8,
    },
    G: [0, 1, 2, 3].map((j) => [0, 1, 2, 3].map((k) => hessians.reduce((sum, H) => sum + H[j]![k]!, 0))),
    c: [0, 1, 2, 3].map((j) => linears.reduce((sum, b) => sum + b[j]!, 0)),
    bits: 5,
  },
  {
    name: "least squares over four workers with four rows of integers",
    setting: {
      objectives: (() => {
        const shards = integerRows.map(shardOf);
        const weights = weightsOf(shards);
        return shards.map((shard, i) => createObjective({ kind: "least-squares" }, shard, weights[i]!));
      })(),
      x0: Float64Array.of(1, -2, 0, 1),
      stepSize: 1 / 4,
      rounds: 6,
    },
    G: [0, 1, 2, 3].map((j) =>
      [0, 1, 2, 3].map((k) => integerRows.flat().reduce((sum, [a]) => sum + a[j]! * a[k]!, 0)),
    ),
    c: [0, 1, 2, 3].map((j) => integerRows.flat().reduce((sum, [a, y]) => sum + a[j]! * y, 0)),
    bits: 6,
  },
];

/** The iterates in integers: numerators over 2^(bits t). */
function integerDescent({ setting, G, c, bits }: ExactCase): Float64Array[] {
  let numerators = [...setting.x0].map(BigInt);
  const iterates = [setting.x0];
  for (let t = 0; t < setting.rounds; t++) {
    const scale = 1n << BigInt(bits * t);
    const next = numerators.map(
      (x, j) =>
        (x << BigInt(bits)) -
        (numerators.reduce((sum, other, k) => sum + BigInt(G[j]![k]!) * other, 0n) - BigInt(c[j]!) * scale),
    );
    numerators = next;
    // Room for the sums on the way: nothing was rounded.
    for (const value of numerators) expect(value < 1n << 49n && -value < 1n << 49n).toBe(true);
    iterates.push(Float64Array.from(numerators, (value) => Number(value) / 2 ** (bits * (t + 1))));
  }
  return iterates;
}

describe.each(exactCases)("where floating point is exact ($name)", (exact) => {
  const { setting } = exact;
  const m = setting.objectives[0]!.rows;
  const expected = integerDescent(exact).map(vectorSha256);
  const choice = { compressor: identity, batchSize: m, replacement: false, participants: 4 } as const;

  it("GD is the descent in integers, bit for bit", () => {
    expect(digests(gradientDescent(setting))).toEqual(expected);
    expect(new Set(expected).size).toBe(expected.length);
  });

  it.each(kinds)("%s without compression is the descent in integers, bit for bit", (kind) => {
    for (const probability of [0.1, 0.5, 1]) {
      const whole = drawsLargeBatches(kind) ? wholeBatches(setting) : {};
      const found = run(setting, specOf(kind, { ...choice, probability }), whole);
      expect(digests(found)).toEqual(expected);
    }
  });

  it.each(stateful)("%s has hbar = mean h_i to the bit under RandK with K = d/2", (kind) => {
    // omega = 1, alpha = 1/2: exact as well, for as many rounds as there are bits.
    const spec = specOf(kind, { ...choice, compressor: { kind: "rand-k", k: 2 }, probability: 0.5 });
    const { points, workerStates } = run({ ...setting, rounds: 3 }, spec);
    const shift = points.at(-1)!.state.shift!;
    expect(vectorSha256(shift)).toBe(vectorSha256(mean(workerStates.map((own) => own!["shift"]!))));
    expect(Math.hypot(...shift)).toBeGreaterThan(0);
  });
});

const lossy: readonly UnbiasedSpec[] = [
  { kind: "rand-k", k: 1 },
  { kind: "l2-quantization" },
  { kind: "qsgd", levels: 3 },
  { kind: "natural" },
];

describe("p = 1 is GD bit for bit", () => {
  const expected = digests(gradientDescent(curved));

  it.each(denseRounds)("%s, whatever the compressor, b and r", (kind) => {
    for (const compressor of lossy) {
      for (const replacement of [true, false]) {
        const spec = specOf(kind, {
          compressor,
          probability: 1,
          batchSize: 1,
          replacement,
          participants: 1,
        });
        expect(digests(run(curved, spec))).toEqual(expected);
      }
    }
  });

  it.each(denseRounds)("%s with p < 1 and a lossy compressor is not", (kind) => {
    const choice = { compressor: lossy[0]!, batchSize: 1, replacement: true, participants: 1 };
    expect(digests(run(curved, specOf(kind, { ...choice, probability: 0.5 })))).not.toEqual(expected);
  });

  it("online VR-MARINA with p = 1 and batches of all rows, whatever the compressor and b", () => {
    for (const compressor of lossy) {
      const spec = specOf("vr-marina-online", {
        compressor,
        probability: 1,
        batchSize: 1,
        replacement: true,
        participants: 1,
      });
      expectTrajectory(run(curved, spec, wholeBatches(curved)), plainDescent(curved));
    }
  });
});

describe("PP-MARINA with r = n", () => {
  const choice = { batchSize: 1, participants: 3, probability: 0.3 } as const;

  it.each(lossy)("is MARINA bit for bit when drawn without replacement, under $kind", (compressor) => {
    const marina = digests(run(curved, specOf("marina", { ...choice, compressor, replacement: false })));
    expect(digests(run(curved, specOf("pp-marina", { ...choice, compressor, replacement: false })))).toEqual(
      marina,
    );
  });

  it.each(lossy)("is not MARINA when drawn with replacement, under $kind", (compressor) => {
    const marina = digests(run(curved, specOf("marina", { ...choice, compressor, replacement: true })));
    const pp = digests(run(curved, specOf("pp-marina", { ...choice, compressor, replacement: true })));
    // Nothing has been compressed yet at x^1.
    expect(pp.slice(0, 2)).toEqual(marina.slice(0, 2));
    expect(pp.at(-1)).not.toBe(marina.at(-1));
  });
});

describe("mini-batches of all rows, drawn without replacement", () => {
  const choice = { batchSize: 6, participants: 3, replacement: false } as const;

  it.each(lossy)("make VR-MARINA MARINA, under $kind", (compressor) => {
    const marina = run(curved, specOf("marina", { ...choice, compressor, probability: 0.3 }));
    const iterates = marina.points.map(({ x }) => x);
    expectTrajectory(run(curved, specOf("vr-marina", { ...choice, compressor, probability: 0.3 })), iterates);
  });

  // RandK does not look at the vector: a rounding error can't change what is drawn.
  it("make VR-DIANA DIANA for every q", () => {
    const compressor = lossy[0]!;
    const iterates = run(
      { ...curved, stepSize: 0.05 },
      specOf("diana", { ...choice, compressor }),
    ).points.map(({ x }) => x);
    for (const probability of [0.1, 1]) {
      const spec = specOf("vr-diana", { ...choice, compressor, probability });
      expectTrajectory(run({ ...curved, stepSize: 0.05 }, spec), iterates);
    }
  });
});

describe("the server's shift is the mean of the workers' shifts", () => {
  it.each(stateful)("%s, after every number of rounds, for every compressor", (kind) => {
    for (const compressor of [identity, ...lossy]) {
      for (const rounds of [1, 7, 60]) {
        const spec = specOf(kind, {
          compressor,
          batchSize: 2,
          replacement: true,
          participants: 3,
          probability: 0.3,
        });
        const { points, workerStates } = run({ ...curved, stepSize: 0.02, rounds }, spec);
        const shift = points.at(-1)!.state.shift!;
        const average = mean(workerStates.map((own) => own!["shift"]!));
        const size = Math.max(...workerStates.map((own) => Math.hypot(...own!["shift"]!)));
        expect(size).toBeGreaterThan(0);
        for (const [j, value] of shift.entries()) {
          expect(Math.abs(value - average[j]!)).toBeLessThan(1e-14 * Math.max(1, size));
        }
      }
    }
  });
});
