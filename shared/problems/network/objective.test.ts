import { describe, expect, test } from "vitest";
import type { LinearSpec } from "../linear/losses.ts";
import { createObjective } from "../linear/objective.ts";
import type { DenseRows } from "../problem.ts";
import type { RegularizerSpec } from "../regularizers.ts";
import { plainRows } from "./dense-rows.ts";
import { networkProgram } from "./layers.ts";
import { Network } from "./network.ts";
import { networkObjective } from "./objective.ts";
import { predictionOf } from "./predictions.ts";
import type { LabelForm } from "./program.ts";
import type { NetworkSpec } from "./spec.ts";
import { loadDigits } from "./testing/digits.ts";
import { WasmKernels } from "./wasm/wasm-kernels.ts";

const kernels = { float64: new WasmKernels("float64"), float32: new WasmKernels("float32") };
const { pixels, digits } = loadDigits();
const softmax: NetworkSpec = {
  layers: [{ dense: 12 }, { activation: "tanh" }, { dense: 10 }],
  loss: "softmax-cross-entropy",
};
const classes: LabelForm = { kind: "classes", count: 10 };

function over(rows: DenseRows, precision: "float64" | "float32" = "float64", regularizer?: RegularizerSpec) {
  const network = new Network(networkProgram(softmax, { shape: [64], label: classes }), kernels[precision]);
  return networkObjective(network, rows, { rowWeight: 0.5, regularizerWeight: 0.75 }, regularizer);
}

function pointOf(dimension: number): Float64Array {
  return Float64Array.from({ length: dimension }, (_, j) => 0.4 * Math.sin((j + 1) ** 2));
}

const few = plainRows([64], pixels.subarray(0, 64 * 70), digits.subarray(0, 70));

describe("a network with one output and no hidden layer is a linear problem", () => {
  // The linear problems are an implementation of its own, with other kernels.
  test.each<[NetworkSpec["loss"], LinearSpec["kind"]]>([
    ["logistic", "logistic"],
    ["nonconvex-binary", "nonconvex-binary"],
    ["squared", "least-squares"],
  ])("%s", (loss, kind) => {
    const label: LabelForm = { kind: kind === "least-squares" ? "real" : "binary" };
    const labels = digits
      .subarray(0, 70)
      .map((digit) => (kind === "least-squares" ? digit : digit >= 5 ? 1 : -1));
    const regularizer = { kind: "nonconvex", lambda: 0.1 } as const;
    const weights = { rowWeight: 1 / 70, regularizerWeight: 1 };
    const program = networkProgram({ layers: [{ dense: 1, bias: false }], loss }, { shape: [64], label });
    const rows = plainRows([64], few.values, labels);
    const mine = networkObjective(new Network(program, kernels.float64), rows, weights, regularizer);
    const linear = createObjective(
      { kind, regularizer },
      {
        rows: 70,
        features: 64,
        offsets: Uint32Array.from({ length: 71 }, (_, l) => 64 * l),
        indices: Uint16Array.from({ length: 64 * 70 }, (_, i) => i % 64),
        values: pixels.slice(0, 64 * 70),
        labels,
      },
      weights,
    );
    const x = pointOf(64);
    const [a, b] = [new Float64Array(64), new Float64Array(64)];
    expect(mine.gradient(x, a)).toBeCloseTo(linear.gradient(x, b), 12);
    for (const [j, value] of b.entries()) expect(a[j]).toBeCloseTo(value, 12);
    const batch = Uint32Array.of(3, 69, 3, 12);
    expect(mine.batchGradient(x, batch, a)).toBeCloseTo(linear.batchGradient(x, batch, b), 12);
    for (const [j, value] of b.entries()) expect(a[j]).toBeCloseTo(value, 12);
  });
});

describe("rows", () => {
  const bytes = Uint8Array.from(pixels.subarray(0, 64 * 70), (value) => 16 * value);
  const stored: DenseRows = { ...few, values: bytes, scale: 1 / 16, offset: 0 };

  test.each(["float64", "float32"] as const)(
    "of bytes with a scale are the rows that they stand for, in %s",
    (precision) => {
      const [a, b] = [over(few, precision), over(stored, precision)];
      const x = pointOf(a.dimension);
      const [g, h] = [x.slice(), x.slice()];
      expect(b.gradient(x, h)).toBe(a.gradient(x, g));
      expect(h).toEqual(g);
      const batch = Uint32Array.of(5, 69, 5);
      expect(b.batchGradient(x, batch, h)).toBe(a.batchGradient(x, batch, g));
      expect(h).toEqual(g);
    },
  );

  test("of float32 with scale and offset are decoded in float64", () => {
    const values = Float32Array.from(pixels.subarray(0, 64 * 70), (value) => 3 * value - 1);
    const decoded = Float64Array.from(values, (value) => 0.37 * value + 0.1);
    const a = over({ ...few, values, scale: 0.37, offset: 0.1 });
    const b = over({ ...few, values: decoded });
    const x = pointOf(a.dimension);
    expect(a.gradient(x, x.slice())).toBe(b.gradient(x, x.slice()));
  });

  test.each<[string, Partial<DenseRows>, string]>([
    [
      "labels beyond the classes",
      { labels: few.rows === 70 ? Array.from({ length: 70 }, (_, l) => l % 11) : [] },
      "row 10: expected a class, 0 to 9, got 10",
    ],
    ["too few labels", { labels: [1, 2] }, "2 labels, expected one for each of 70 rows"],
    [
      "another shape",
      { shape: [8, 9] },
      "rows of shape [8, 9] for a network that reads [64]: expected 64 entries a row, got 72",
    ],
    ["too few entries", { values: pixels.subarray(0, 640) }, "640 entries, expected 70 rows of 64: 4480"],
  ])("are refused: %s", (_, change, message) => {
    expect(() => over({ ...few, ...change })).toThrow(message);
  });

  test.each<[LabelForm, number, string]>([
    [{ kind: "binary" }, 0, "row 1: expected the label +1 or -1, got 0"],
    [{ kind: "real" }, Number.NaN, "row 1: expected a finite number as label, got NaN"],
  ])("labels are checked: %j", (label, bad, message) => {
    const program = networkProgram(
      { layers: [{ dense: 1 }], loss: label.kind === "binary" ? "logistic" : "squared" },
      { shape: [1], label },
    );
    const rows = plainRows([1], Float64Array.of(1, 2), [1, bad]);
    expect(() =>
      networkObjective(new Network(program, kernels.float64), rows, { rowWeight: 1, regularizerWeight: 1 }),
    ).toThrow(message);
  });
});

describe("the regulariser", () => {
  test.each<RegularizerSpec["kind"]>(["l2", "nonconvex"])(
    "%s enters value, gradient and Hessian once",
    (kind) => {
      const regularizer = { kind, lambda: 0.3 };
      const [plain, regular] = [over(few), over(few, "float64", regularizer)];
      const x = pointOf(plain.dimension);
      const v = x.map(Math.cos);
      const [g, h, a, b] = [x.slice(), x.slice(), x.slice(), x.slice()];
      const difference = regular.gradient(x, g) - plain.gradient(x, h);
      const term = (t: number) => (kind === "l2" ? 0.15 * t * t : (0.3 * t * t) / (1 + t * t));
      expect(difference).toBeCloseTo(0.75 * x.reduce((sum, t) => sum + term(t), 0), 10);
      regular.hessianVector(x, v, a);
      plain.hessianVector(x, v, b);
      for (let j = 0; j < x.length; j += 101) {
        const slope = (t: number) => (term(t + 1e-5) - term(t - 1e-5)) / 2e-5;
        expect(g[j]! - h[j]!).toBeCloseTo(0.75 * slope(x[j]!), 7);
        const curvature = (slope(x[j]! + 1e-4) - slope(x[j]! - 1e-4)) / 2e-4;
        expect(a[j]! - b[j]!).toBeCloseTo(0.75 * curvature * v[j]!, 4);
      }
    },
  );
});

test("evaluate counts exactly the rows whose prediction is their label, and sums the losses", () => {
  const objective = over(few);
  const x = pointOf(objective.dimension);
  const outputs = objective.outputs(x);
  let correct = 0;
  for (let row = 0; row < 70; row++) {
    const z = [...outputs.subarray(10 * row, 10 * row + 10)];
    if (z.indexOf(Math.max(...z)) === digits[row]) correct++;
  }
  const { loss, correct: counted } = objective.evaluate(x);
  expect(counted).toBe(correct);
  expect(correct).toBeGreaterThan(0);
  expect(loss).toBeCloseTo(objective.gradient(x, x.slice()) / 0.5, 10);
});

test("predictions: the first of equal outputs, the sign, or the output", () => {
  expect(predictionOf([9, 1, 3, 3, 2], 1, 4, { kind: "classes", count: 4 })).toBe(1);
  expect(predictionOf([-0.1], 0, 1, { kind: "binary" })).toBe(-1);
  expect(predictionOf([0.25], 0, 1, { kind: "real" })).toBe(0.25);
});

test("points that diverge give results that are not finite, not errors", () => {
  const objective = over(few);
  const x = pointOf(objective.dimension).fill(Number.NaN);
  const g = x.slice();
  expect(objective.gradient(x, g)).toBeNaN();
  expect(Number.isFinite(objective.gradient(x.fill(1e308), g))).toBe(false);
  expect(() => objective.gradient(x.subarray(1), g)).toThrow(/expected a vector of length 910/);
  expect(() => objective.batchGradient(x, Uint32Array.of(70), g)).toThrow(
    /batch entry 0 is row 70, expected less than 70/,
  );
  expect(() => objective.batchGradient(x, new Uint32Array(0), g)).toThrow(/at least one row/);
});

test("objectives of two networks take turns on the same kernels without a bit of difference", () => {
  const small = over(few);
  const program = networkProgram(
    { layers: [{ dense: 70 }, { activation: "relu" }, { dense: 10 }], loss: "squared" },
    { shape: [64], label: classes },
  );
  const large = networkObjective(new Network(program, kernels.float64), few, {
    rowWeight: 1,
    regularizerWeight: 1,
  });
  const [x, y] = [pointOf(small.dimension), pointOf(large.dimension)];
  const [g, h, g2, h2] = [x.slice(), y.slice(), x.slice(), y.slice()];
  const first = [small.gradient(x, g), large.gradient(y, h)];
  expect([small.gradient(x, g2), large.gradient(y, h2)]).toEqual(first);
  expect([g2, h2]).toEqual([g, h]);
});
