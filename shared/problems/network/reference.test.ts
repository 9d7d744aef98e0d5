import { describe, expect, test } from "vitest";
import { normSquared } from "../../math/index.ts";
import type { DenseRows } from "../problem.ts";
import { plainRows } from "./dense-rows.ts";
import { networkProgram } from "./layers.ts";
import { Network } from "./network.ts";
import { networkObjective } from "./objective.ts";
import type { Precision } from "./spec.ts";
import { caseOf, dotSin, reference, referencePoint } from "./testing/reference-values.ts";
import { WasmKernels } from "./wasm/wasm-kernels.ts";

const kernels = { float64: new WasmKernels("float64"), float32: new WasmKernels("float32") };

function objectiveOf(each: (typeof reference.cases)[number], precision: Precision) {
  const { program, rows } = caseOf(each, each.rows);
  const network = new Network(program, kernels[precision]);
  const weights = { rowWeight: 1 / each.rows, regularizerWeight: 1 };
  return {
    program,
    objective: networkObjective(network, rows, weights, { kind: "l2", lambda: each.network.lambda }),
  };
}

/** Within tolerance relative to max(1, |expected|). */
function near(value: number, expected: number, tolerance: number): void {
  expect(Math.abs(value - expected)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(expected)));
}

describe.each(reference.cases)("$name", (each) => {
  const x = referencePoint(each);

  test("has the parameters of the reference", () => {
    const { program, objective } = objectiveOf(each, "float64");
    expect(objective.dimension).toBe(each.d);
    expect(program.parameters.map(({ name, shape, offset }) => ({ name, shape, offset }))).toEqual(
      each.parameters,
    );
    near(normSquared(x), each.pointNormSquared, 1e-12);
  });

  test("has the loss, the gradient and the outputs of the reference in float64", () => {
    const { program, objective } = objectiveOf(each, "float64");
    const g = new Float64Array(each.d);
    near(objective.gradient(x, g), each.loss, 1e-10);
    near(normSquared(g), each.gradientNormSquared, 1e-10);
    near(dotSin(g), each.gradientDotSin, 1e-10);
    for (const [j, value] of each.gradientEntries) {
      expect(Math.abs(g[j]! - value)).toBeLessThanOrEqual(1e-10 * each.gradientMaxAbs);
    }
    for (const [i, { offset, shape }] of program.parameters.entries()) {
      const size = shape.reduce((product, n) => product * n, 1);
      near(normSquared(g.subarray(offset, offset + size)), each.gradientNormSquaredByParameter[i]!, 1e-10);
    }
    const outputs = objective.outputs(x);
    for (const [i, value] of each.firstRowOutputs.entries()) near(outputs[i]!, value, 1e-10);
    const { correct } = objective.evaluate(x);
    if (each.correctRows !== undefined) expect(correct).toBe(each.correctRows);
  });

  test.runIf(each.hessianVector !== undefined)("has the Hessian-vector product of the reference", () => {
    const expected = each.hessianVector!;
    const { objective } = objectiveOf(each, "float64");
    const v = Float64Array.from({ length: each.d }, (_, j) => Math.cos(j + 1));
    const hv = new Float64Array(each.d);
    objective.hessianVector(x, v, hv);
    near(normSquared(hv), expected.normSquared, 1e-10);
    near(
      hv.reduce((sum, value, j) => sum + value * v[j]!, 0),
      expected.vHv,
      1e-10,
    );
    near(dotSin(hv), expected.dotSin, 1e-10);
    for (const [j, value] of expected.entries) {
      expect(Math.abs(hv[j]! - value)).toBeLessThanOrEqual(1e-10 * Math.sqrt(expected.normSquared));
    }
  });

  test("is near the reference in float32", () => {
    const { objective } = objectiveOf(each, "float32");
    const g = new Float64Array(each.d);
    near(objective.gradient(x, g), each.loss, 1e-5);
    near(normSquared(g), each.gradientNormSquared, 2e-5);
  });
});

/** f, its derivative and its second derivative where all rows are this one and x is its only factor. */
function derivativesAt(rows: DenseRows, spec: Parameters<typeof networkProgram>[0], x: Float64Array) {
  const program = networkProgram(spec, { shape: rows.shape, label: { kind: "real" } });
  const objective = networkObjective(new Network(program, kernels.float64), rows, {
    rowWeight: 1,
    regularizerWeight: 1,
  });
  const [g, hv] = [new Float64Array(x.length), new Float64Array(x.length)];
  objective.gradient(x, g);
  objective.hessianVector(x, Float64Array.of(1), hv);
  return { value: objective.outputs(x)[0]!, slope: g[0]!, curvature: hv[0]! };
}

describe.each(Object.entries(reference.activations))("activation %s", (name, table) => {
  // x = z, the row is 1, and the loss a(x w) - y is linear far outside of huber's delta: f' = delta a'.
  test.each(table)("has the value and the derivatives of the reference at %d", (z, value, first, second) => {
    const spec = {
      layers: [{ dense: 1, bias: false }, { activation: name as "tanh" }],
      loss: "huber" as const,
      delta: 1,
    };
    const {
      value: a,
      slope,
      curvature,
    } = derivativesAt(plainRows([1], Float64Array.of(1), [-1e4]), spec, Float64Array.of(z));
    const scale = 1e-12 * Math.max(1, Math.abs(z));
    expect(Math.abs(a - value)).toBeLessThanOrEqual(scale);
    expect(Math.abs(slope - first)).toBeLessThanOrEqual(scale);
    expect(Math.abs(curvature - second)).toBeLessThanOrEqual(scale);
  });
});

test.each(reference.softmaxCrossEntropy)("softmax cross-entropy of $logits, class $label", (each) => {
  // The biases are the logits: the row is zero.
  const { logits, label } = each;
  const n = logits.length;
  const program = networkProgram(
    { layers: [{ dense: n }], loss: "softmax-cross-entropy" },
    { shape: [1], label: { kind: "classes", count: n } },
  );
  const rows = plainRows([1], Float64Array.of(0), [label]);
  const objective = networkObjective(new Network(program, kernels.float64), rows, {
    rowWeight: 1,
    regularizerWeight: 1,
  });
  const g = new Float64Array(2 * n);
  near(objective.gradient(Float64Array.of(...new Array(n).fill(0), ...logits), g), each.loss, 1e-12);
  for (const [c, value] of each.gradient.entries()) near(g[n + c]!, value, 1e-12);
});
