import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dot, normSquared, sub } from "../../math/vectors.ts";
import type { Shard } from "../problem.ts";
import type { RegularizerSpec } from "../regularizers.ts";
import type { LinearSpec } from "./losses.ts";
import { createObjective } from "./objective.ts";
import { smoothness } from "./smoothness.ts";
import { applyGram, shardSpectrum } from "./spectrum.ts";

const regularizers: readonly (RegularizerSpec | undefined)[] = [
  undefined,
  { kind: "l2", lambda: 0.3 },
  { kind: "nonconvex", lambda: 0.3 },
];
const problems: readonly LinearSpec[] = (["nonconvex-binary", "logistic", "least-squares"] as const).flatMap(
  (kind) => regularizers.map((regularizer) => (regularizer === undefined ? { kind } : { kind, regularizer })),
);

/** How values and indices are stored: every kernel has its turn. */
const storages = ["ones", "float32", "float64"].flatMap((values) =>
  ["uint16", "uint32"].map((indices) => `${values} ${indices}`),
);

const DIMENSION = 7;

interface DenseRow {
  readonly label: number;
  readonly entries: readonly (readonly [index: number, value: number])[];
}

/** Rows of a pattern with empty rows, full rows and everything between; more than one block of them. */
function rowsOf(count: number, ones: boolean): DenseRow[] {
  return Array.from({ length: count }, (_, l) => ({
    label: (l * l + l) % 3 === 0 ? 1 : -1,
    entries: Array.from({ length: DIMENSION }, (_, j) => j)
      .filter((j) => ((l % 11) * (j + 3) * (l + 5)) % 7 < 3)
      .map((j) => [j, ones ? 1 : Math.fround(Math.sin(1 + 3 * l + j))] as const),
  }));
}

function shardOf(rows: readonly DenseRow[], storage: string): Shard {
  const [valueType, indexType] = storage.split(" ");
  const indices = rows.flatMap((row) => row.entries.map(([j]) => j));
  const values = rows.flatMap((row) => row.entries.map(([, value]) => value));
  // Offsets of a shard in the middle of a data set do not begin at 0.
  let offset = 1000;
  const offsets = [offset, ...rows.map((row) => (offset += row.entries.length))];
  return {
    rows: rows.length,
    features: DIMENSION,
    offsets: Uint32Array.from(offsets),
    indices: indexType === "uint16" ? Uint16Array.from(indices) : Uint32Array.from(indices),
    values:
      valueType === "ones"
        ? null
        : valueType === "float32"
          ? Float32Array.from(values)
          : Float64Array.from(values),
    labels: Float64Array.from(rows, (row) => row.label),
  };
}

/** The loss straight from the formula, of dense rows. */
function naiveValue(
  problem: LinearSpec,
  rows: readonly DenseRow[],
  weights: readonly number[],
  x: Float64Array,
): number {
  const lossOf = (z: number, y: number): number => {
    switch (problem.kind) {
      case "nonconvex-binary":
        return (1 - 1 / (1 + Math.exp(-y * z))) ** 2;
      case "logistic":
        return Math.log(1 + Math.exp(-y * z));
      case "least-squares":
        return (z - y) ** 2 / 2;
    }
  };
  const losses = rows.map(({ label, entries }) =>
    lossOf(
      entries.reduce((z, [j, a]) => z + a * x[j]!, 0),
      label,
    ),
  );
  const { regularizer } = problem;
  const reg =
    regularizer === undefined
      ? 0
      : regularizer.kind === "l2"
        ? (regularizer.lambda / 2) * x.reduce((sum, v) => sum + v * v, 0)
        : regularizer.lambda * x.reduce((sum, v) => sum + v ** 2 / (1 + v ** 2), 0);
  return weights[0]! * losses.reduce((sum, loss) => sum + loss, 0) + weights[1]! * reg;
}

const points = [
  Float64Array.of(0.3, -1, 0, 2, -0.4, 1.5, 0.01),
  Float64Array.of(-0.2, 0.7, 1.1, -2, 0.5, 0.25, -3),
] as const;
const weights = { rowWeight: 0.003, regularizerWeight: 1.2 };

describe.each(storages)("an objective over rows stored as %s", (storage) => {
  const rows = rowsOf(600, storage.startsWith("ones"));
  const shard = shardOf(rows, storage);

  it.each(problems)(
    "$kind $regularizer.kind: the value is that of the formula, the gradient its central difference",
    (problem) => {
      const objective = createObjective(problem, shard, weights);
      const naive = (x: Float64Array) =>
        naiveValue(problem, rows, [weights.rowWeight, weights.regularizerWeight], x);
      const h = 1e-6;
      for (const x of points) {
        const out = new Float64Array(DIMENSION).fill(7);
        const value = objective.gradient(x, out);
        expect(value).toBeCloseTo(naive(x), 12);
        for (let j = 0; j < DIMENSION; j++) {
          const up = naive(x.map((v, k) => (k === j ? v + h : v)));
          const down = naive(x.map((v, k) => (k === j ? v - h : v)));
          expect(Math.abs(out[j]! - (up - down) / (2 * h))).toBeLessThan(1e-8 * Math.max(1, value));
        }
      }
    },
  );

  it.each(problems)("$kind $regularizer.kind: a pair is two gradients bit for bit", (problem) => {
    const objective = createObjective(problem, shard, weights);
    const [x, w] = points;
    const [out, outOther, single, singleOther] = [0, 1, 2, 3].map((v) =>
      new Float64Array(DIMENSION).fill(v),
    ) as [Float64Array, Float64Array, Float64Array, Float64Array];
    const value = objective.gradientPair(x, w, out, outOther);
    expect(objective.gradient(x, single)).toBe(value);
    objective.gradient(w, singleOther);
    expect(new Uint8Array(out.buffer)).toEqual(new Uint8Array(single.buffer));
    expect(new Uint8Array(outOther.buffer)).toEqual(new Uint8Array(singleOther.buffer));
  });

  it("a batch of all rows, in any order, is the full gradient to rounding", () => {
    for (const problem of problems) {
      const objective = createObjective(problem, shard, weights);
      const batch = Uint32Array.from({ length: rows.length }, (_, l) => (l * 7) % rows.length);
      const [out, full] = [new Float64Array(DIMENSION), new Float64Array(DIMENSION)];
      const value = objective.batchGradient(points[0], batch, out);
      expect(value).toBeCloseTo(objective.gradient(points[0], full), 13);
      for (let j = 0; j < DIMENSION; j++) expect(out[j]).toBeCloseTo(full[j]!, 13);
    }
  });

  it("a batch is the objective of its rows alone, repeated rows counting twice", () => {
    const batch = [3, 599, 3, 258];
    const problem = problems[1]!;
    const objective = createObjective(problem, shard, weights);
    const alone = createObjective(
      problem,
      shardOf(
        batch.map((l) => rows[l]!),
        storage,
      ),
      {
        rowWeight: (weights.rowWeight * rows.length) / batch.length,
        regularizerWeight: weights.regularizerWeight,
      },
    );
    const [out, expected] = [new Float64Array(DIMENSION), new Float64Array(DIMENSION)];
    const value = objective.batchGradient(points[0], Uint32Array.from(batch), out);
    expect(value).toBeCloseTo(alone.gradient(points[0], expected), 14);
    for (let j = 0; j < DIMENSION; j++) expect(out[j]).toBeCloseTo(expected[j]!, 14);
  });

  it("scaled objectives of unequal shards average to the objective of the union", () => {
    const sizes = [1, 255, 256, 88];
    for (const problem of problems) {
      const total = new Float64Array(DIMENSION);
      let value = 0;
      let first = 0;
      for (const size of sizes) {
        const part = createObjective(problem, shardOf(rows.slice(first, first + size), storage), {
          rowWeight: sizes.length / rows.length,
          regularizerWeight: (sizes.length * size) / rows.length,
        });
        const out = new Float64Array(DIMENSION);
        value += part.gradient(points[1], out) / sizes.length;
        for (let j = 0; j < DIMENSION; j++) total[j] = total[j]! + out[j]! / sizes.length;
        first += size;
      }
      const union = createObjective(problem, shard, { rowWeight: 1 / rows.length, regularizerWeight: 1 });
      const out = new Float64Array(DIMENSION);
      expect(value).toBeCloseTo(union.gradient(points[1], out), 13);
      for (let j = 0; j < DIMENSION; j++) expect(total[j]).toBeCloseTo(out[j]!, 13);
    }
  });

  it("the spectrum holds the norms of the rows and the largest eigenvalue of A^T A", () => {
    const norms = rows.map((row) => row.entries.reduce((sum, [, a]) => sum + a * a, 0));
    const spectrum = shardSpectrum(shard);
    expect(spectrum.rows).toBe(600);
    expect(spectrum.nonZeros).toBe(rows.reduce((sum, row) => sum + row.entries.length, 0));
    expect(spectrum.sumSquaredNorms).toBeCloseTo(
      norms.reduce((sum, v) => sum + v, 0),
      9,
    );
    expect(spectrum.sumFourthNorms).toBeCloseTo(
      norms.reduce((sum, v) => sum + v * v, 0),
      9,
    );
    expect(spectrum.maxSquaredNorm).toBeCloseTo(Math.max(...norms), 12);
    // A^T A column by column, from the dense rows.
    for (let k = 0; k < DIMENSION; k++) {
      const column = new Float64Array(DIMENSION).fill(0.5);
      applyGram(
        shard,
        Float64Array.from({ length: DIMENSION }, (_, j) => (j === k ? 1 : 0)),
        column,
      );
      for (let j = 0; j < DIMENSION; j++) {
        const of = (row: DenseRow, index: number) => row.entries.find(([at]) => at === index)?.[1] ?? 0;
        expect(column[j]! - 0.5).toBeCloseTo(
          rows.reduce((sum, row) => sum + of(row, j) * of(row, k), 0),
          10,
        );
      }
    }
  });
});

describe("an objective", () => {
  const rows = rowsOf(600, false);
  const shard = shardOf(rows, "float64 uint16");

  it("is finite at margins of 800", () => {
    const far = shardOf(
      [
        { label: 1, entries: [[0, 800]] },
        { label: -1, entries: [[0, 800]] },
      ],
      "float64 uint16",
    );
    for (const problem of problems) {
      const objective = createObjective(problem, far, weights);
      for (const t of [1, -1]) {
        const out = new Float64Array(DIMENSION);
        expect(Number.isFinite(objective.gradient(new Float64Array(DIMENSION).fill(t), out))).toBe(true);
        expect(out.every(Number.isFinite)).toBe(true);
      }
    }
  });

  it("has gradients that are Lipschitz with its constant, and lies below its quadratic bound", () => {
    const coordinate = fc.double({ min: -20, max: 20, noNaN: true });
    const vector = fc
      .array(coordinate, { minLength: DIMENSION, maxLength: DIMENSION })
      .map((v) => Float64Array.from(v));
    const spectrum = shardSpectrum(shard);
    const cases = problems.map((problem) => ({
      objective: createObjective(problem, shard, { rowWeight: 1 / rows.length, regularizerWeight: 1 }),
      L: smoothness(problem, [spectrum]).L * (1 + 1e-10),
    }));
    fc.assert(
      fc.property(fc.constantFrom(...cases), vector, vector, ({ objective, L }, x, y) => {
        const [gx, gy, dg, step] = [0, 0, 0, 0].map(() => new Float64Array(DIMENSION)) as [
          Float64Array,
          Float64Array,
          Float64Array,
          Float64Array,
        ];
        const fx = objective.gradient(x, gx);
        const fy = objective.gradient(y, gy);
        sub(gx, gy, dg);
        sub(y, x, step);
        const distance = normSquared(step);
        const rounding = 1e-9 * (1 + Math.abs(fx) + Math.abs(fy));
        expect(Math.sqrt(normSquared(dg))).toBeLessThanOrEqual(L * Math.sqrt(distance) + rounding);
        expect(fy).toBeLessThanOrEqual(fx + dot(gx, step) + (L / 2) * distance + rounding);
      }),
      { numRuns: 300 },
    );
  });

  it("refuses vectors of another length, empty batches and rows that it has not", () => {
    const objective = createObjective(problems[0]!, shard, weights);
    const x = new Float64Array(DIMENSION);
    expect(() => objective.gradient(new Float64Array(3), x)).toThrow("expected a vector of length 7");
    expect(() => objective.gradientPair(x, x, x, new Float64Array(8))).toThrow("got 8");
    expect(() => objective.batchGradient(x, new Uint32Array(0), x)).toThrow("at least one row");
    expect(() => objective.batchGradient(x, Uint32Array.of(0, 600), x)).toThrow("batch entry 1 is row 600");
  });
});
