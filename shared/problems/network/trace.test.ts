/** Models that are traced: the same programs as from layers, the same numbers as by formula, and what is refused. */
import { describe, expect, it } from "vitest";
import { MarinaError } from "../../base/index.ts";
import { plainRows } from "./dense-rows.ts";
import type { Kernels } from "./kernels.ts";
import { networkProgram } from "./layers.ts";
import { Network } from "./network.ts";
import { networkObjective } from "./objective.ts";
import { canonicalProgram, dimensionOf, type LabelForm, type RowProgram } from "./program.ts";
import { ReferenceKernels } from "./reference-kernels.ts";
import { loadDigits } from "./testing/digits.ts";
import { type ModelContext, type ModelFunction, traceModel } from "./trace.ts";
import type { Traced } from "./traced.ts";
import { WasmKernels } from "./wasm/wasm-kernels.ts";

const kernels = new WasmKernels("float64");
const { pixels, digits } = loadDigits();
const classes: LabelForm = { kind: "classes", count: 10 };
const weights = { rowWeight: 1 / 50, regularizerWeight: 1 };
const pointOf = (d: number) => Float64Array.from({ length: d }, (_, j) => 0.3 * Math.sin((j + 1) ** 2));

const trace = (model: ModelFunction, row: readonly number[] = [3], label: LabelForm = { kind: "real" }) =>
  traceModel(model, { row, label }, "model.ts");

/** f and its gradient over the first 50 digits. */
function evaluated(program: RowProgram, shape: readonly number[]) {
  const rows = plainRows(shape, pixels.subarray(0, 64 * 50), digits.subarray(0, 50));
  const objective = networkObjective(new Network(program, kernels), rows, weights);
  const gradient = new Float64Array(objective.dimension);
  return { loss: objective.gradient(pointOf(objective.dimension), gradient), gradient };
}

const mlp: ModelFunction = ({ row, label, parameter, ops, zeros, glorot }) => {
  const hidden = ops.tanh(
    ops.add(ops.matmul(row, parameter("W", [64, 12], glorot())), parameter("b", [12], zeros())),
  );
  const z = ops.add(ops.matmul(hidden, parameter("V", [12, 10])), parameter("c", [10]));
  return { loss: ops.softmaxCrossEntropy(z, label), outputs: z };
};

const image: ModelFunction = ({ row, label, parameter, ops, he }) => {
  const filtered = ops.conv2d(row, parameter("K", [3, 3, 1, 4], he()), {
    padding: [
      [1, 1],
      [1, 1],
    ],
  });
  const pooled = ops.maxPool2d(ops.relu(ops.add(filtered, parameter("k", [4]))), {
    window: [2, 2],
    stride: [2, 2],
  });
  const z = ops.add(ops.matmul(ops.flatten(pooled), parameter("V", [64, 10])), parameter("c", [10]));
  return { loss: ops.softmaxCrossEntropy(z, label), outputs: z };
};

describe("a model and the same network by layers have the same loss and gradient, bit for bit:", () => {
  it("dense layers", () => {
    const layers = [{ dense: 12 }, { activation: "tanh" as const }, { dense: 10 }];
    const same = networkProgram({ layers, loss: "softmax-cross-entropy" }, { shape: [64], label: classes });
    expect(evaluated(trace(mlp, [64], classes), [64])).toEqual(evaluated(same, [64]));
  });

  it("a convolution and a pool", () => {
    const same = networkProgram(
      {
        layers: [
          { conv2d: { filters: 4, kernel: [3, 3], padding: "same" } },
          { activation: "relu" },
          { maxPool2d: { window: [2, 2], stride: [2, 2] } },
          { flatten: true },
          { dense: 10 },
        ],
        loss: "softmax-cross-entropy",
      },
      { shape: [8, 8, 1], label: classes },
    );
    expect(evaluated(trace(image, [8, 8, 1], classes), [8, 8, 1])).toEqual(evaluated(same, [8, 8, 1]));
  });
});

/** The loss of one row [a_0, a_1, a_2] with label y at w, of a model with the parameter w [3]. */
function lossAt(loss: (context: ModelContext, a: Traced) => Traced, a: readonly number[], y: number): number {
  const program = trace((context) => {
    // The parameter is used, and is 0: what counts is the row.
    const zero = context.ops.matmul(context.row, context.parameter("w", [3, 1]));
    const value = context.ops.sum(loss(context, context.row));
    return { loss: context.ops.add(value, context.ops.sum(zero)), outputs: zero };
  });
  const objective = networkObjective(
    new Network(program, kernels),
    plainRows([3], Float64Array.from(a), [y]),
    {
      rowWeight: 1,
      regularizerWeight: 0,
    },
  );
  return objective.gradient(new Float64Array(3), new Float64Array(3));
}

describe("each operation is what its description says:", () => {
  const a = [1.5, -2.25, 0.5] as const;
  const y = -0.75;
  const sum = (f: (value: number, j: number) => number) =>
    a.reduce((total, value, j) => total + f(value, j), 0);
  it.each<[string, (context: ModelContext, a: Traced) => Traced, number]>([
    ["add a number", ({ ops }, v) => ops.add(v, 2), sum((t) => t + 2)],
    ["add to a number", ({ ops }, v) => ops.add(2, v), sum((t) => t + 2)],
    ["subtract a number", ({ ops }, v) => ops.square(ops.subtract(v, 2)), sum((t) => (t - 2) ** 2)],
    ["subtract from a number", ({ ops }, v) => ops.square(ops.subtract(2, v)), sum((t) => (2 - t) ** 2)],
    [
      "subtract a scalar",
      ({ ops, label }, v) => ops.square(ops.subtract(v, label)),
      sum((t) => (t - y) ** 2),
    ],
    [
      "subtract from a scalar",
      ({ ops, label }, v) => ops.square(ops.subtract(label, v)),
      sum((t) => (y - t) ** 2),
    ],
    ["multiply by a scalar", ({ ops, label }, v) => ops.multiply(label, v), sum((t) => t * y)],
    ["divide by a number", ({ ops }, v) => ops.divide(v, 4), sum((t) => t / 4)],
    ["divide a number", ({ ops }, v) => ops.divide(4, v), sum((t) => 4 / t)],
    ["divide by a scalar", ({ ops, label }, v) => ops.divide(v, label), sum((t) => t / y)],
    ["negate", ({ ops }, v) => ops.negate(v), -sum((t) => t)],
    ["relu", ({ ops }, v) => ops.relu(v), sum((t) => Math.max(t, 0))],
    ["step", ({ ops }, v) => ops.step(v), 2],
    ["tanh", ({ ops }, v) => ops.tanh(v), sum(Math.tanh)],
    ["sigmoid", ({ ops }, v) => ops.sigmoid(v), sum((t) => 1 / (1 + Math.exp(-t)))],
    ["softplus", ({ ops }, v) => ops.softplus(v), sum((t) => Math.log1p(Math.exp(t)))],
    ["exp", ({ ops }, v) => ops.exp(v), sum(Math.exp)],
    ["log and square", ({ ops }, v) => ops.log(ops.square(v)), sum((t) => Math.log(t * t))],
    ["sqrt and abs", ({ ops }, v) => ops.sqrt(ops.abs(v)), sum((t) => Math.sqrt(Math.abs(t)))],
    ["maximum", ({ ops, label }, v) => ops.maximum(v, label), sum((t) => Math.max(t, y))],
    ["minimum", ({ ops }, v) => ops.minimum(v, 1), sum((t) => Math.min(t, 1))],
    ["clip", ({ ops }, v) => ops.clip(v, 1), sum((t) => Math.max(-1, Math.min(1, t)))],
    ["mean", ({ ops }, v) => ops.mean(v), sum((t) => t / 3)],
    ["dot", ({ ops }, v) => ops.dot(v, v), sum((t) => t * t)],
    ["largest", ({ ops }, v) => ops.largest(v), 1.5],
    ["logSumExp", ({ ops }, v) => ops.logSumExp(v), Math.log(sum(Math.exp))],
    ["softmax", ({ ops }, v) => ops.square(ops.softmax(v)), sum((t) => (Math.exp(t) / sum(Math.exp)) ** 2)],
    ["squaredError", ({ ops, label }, v) => ops.squaredError(v, label), sum((t) => (t - y) ** 2 / 2)],
    [
      "sum over the last axis",
      ({ ops }, v) => ops.square(ops.sum(ops.reshape(v, [1, 3]), "last")),
      sum((t) => t) ** 2,
    ],
    [
      "sum over positions",
      ({ ops }, v) => ops.square(ops.sum(ops.reshape(v, [3, 1]), "positions")),
      sum((t) => t) ** 2,
    ],
    ["slice", ({ ops }, v) => ops.square(ops.slice(v, 0, 1, 3)), sum((t) => t ** 2) - a[0] ** 2],
    [
      "gather, an entry twice",
      ({ ops }, v) => ops.square(ops.sum(ops.gather(v, 0, [2, 0, 2]))),
      (2 * a[2] + a[0]) ** 2,
    ],
    [
      "transpose",
      // [[a0, a1, a2]] turned: column by column the same numbers.
      ({ ops }, v) => ops.multiply(ops.reshape(ops.transpose(ops.reshape(v, [1, 3])), [3]), v),
      sum((t) => t * t),
    ],
    [
      "concat",
      ({ ops }, v) => ops.multiply(ops.concat([ops.slice(v, 0, 2, 3), ops.slice(v, 0, 0, 2)], 0), v),
      a[2] * a[0] + a[0] * a[1] + a[1] * a[2],
    ],
    [
      "last axes repeated",
      ({ ops }, v) => ops.multiply(ops.reshape(v, [3, 1]), ops.reshape(ops.mean(v), [1])),
      sum((t) => t) ** 2 / 3,
    ],
  ])("%s", (_name, loss, expected) => {
    expect(lossAt(loss, a, y)).toBeCloseTo(expected, 12);
  });
});

describe("slices, transposes and concatenations", () => {
  /** [2, 3, 2] as nested lists, from the row's first 12 entries. */
  type Cube = readonly (readonly (readonly number[])[])[];
  const cube = (flat: ArrayLike<number>): Cube =>
    [0, 1].map((i) => [0, 1, 2].map((j) => [0, 1].map((k) => flat[6 * i + 2 * j + k]!)));
  const outputsOf = (shaped: (context: ModelContext, value: Traced) => Traced) => {
    const flat = Float64Array.from({ length: 12 }, (_, i) => Math.sin(i + 1));
    const program = trace(
      (context) => {
        const { ops, row, parameter } = context;
        const outputs = ops.flatten(shaped(context, ops.reshape(row, [2, 3, 2])));
        const zero = ops.sum(ops.matmul(row, parameter("w", [12, 1])));
        return { loss: ops.add(ops.sum(outputs), zero), outputs };
      },
      [12],
      { kind: "real" },
    );
    const rows = plainRows([12], flat, [0]);
    const objective = networkObjective(new Network(program, kernels), rows, weights);
    return { seen: [...objective.outputs(new Float64Array(12))], values: cube(flat) };
  };

  it("of an inner axis", () => {
    const { seen, values } = outputsOf(({ ops }, v) => ops.slice(v, 1, 1, 3));
    expect(seen).toEqual(values.flatMap((plane) => plane.slice(1, 3).flat()));
  });

  it("of all axes", () => {
    const { seen, values } = outputsOf(({ ops }, v) => ops.transpose(v, [2, 0, 1]));
    expect(seen).toEqual([0, 1].flatMap((k) => values.flatMap((plane) => plane.map((line) => line[k]))));
    const turned = outputsOf(({ ops }, v) => ops.transpose(ops.transpose(v)));
    expect(turned.seen).toEqual(turned.values.flat(2));
  });

  it("along an inner axis", () => {
    const { seen, values } = outputsOf(({ ops }, v) =>
      ops.concat([ops.slice(v, 1, 2, 3), v, ops.slice(v, 1, 0, 1)], 1),
    );
    expect(seen).toEqual(values.flatMap((plane) => [plane[2]!, ...plane, plane[0]!].flat()));
  });

  it("have the same bits by both sets of kernels, and whatever the blocks are", () => {
    const model: ModelFunction = ({ row, label, parameter, ops }) => {
      const mixed = ops.concat([ops.slice(row, 0, 10, 40), ops.gather(row, 0, [63, 5, 5, 0])], 0);
      const hidden = ops.tanh(ops.matmul(mixed, parameter("W", [34, 12])));
      const turned = ops.flatten(ops.transpose(ops.reshape(hidden, [3, 4])));
      const z = ops.matmul(ops.add(turned, hidden), parameter("V", [12, 10]));
      return { loss: ops.softmaxCrossEntropy(z, label), outputs: z };
    };
    const program = trace(model, [64], classes);
    const rows = plainRows([64], pixels.subarray(0, 64 * 131), digits.subarray(0, 131));
    const outcome = (set: Kernels, blockRows?: number) => {
      const objective = networkObjective(new Network(program, set, blockRows), rows, weights);
      const g = new Float64Array(objective.dimension);
      return { loss: objective.gradient(pointOf(objective.dimension), g), g };
    };
    for (const precision of ["float64", "float32"] as const) {
      const expected = outcome(new WasmKernels(precision));
      expect(outcome(new ReferenceKernels(precision))).toEqual(expected);
      for (const blockRows of [1, 7])
        expect(outcome(new WasmKernels(precision), blockRows)).toEqual(expected);
    }
  });
});

describe("a model that is no program is refused:", () => {
  const w = ({ parameter }: ModelContext) => parameter("w", [3, 1]);
  const z = (context: ModelContext) => context.ops.matmul(context.row, w(context));
  const refusals: [string, (context: ModelContext) => unknown, RegExp][] = [
    [
      "a choice by a value",
      (c) => ((c.label as unknown as number) > 0 ? z(c) : w(c)),
      /^the number or text of a traced value \[\]: it has no numbers while a model is built; .*ops\.relu/,
    ],
    ["a number made of one", (c) => Number(z(c)), /the number or text of a traced value \[1\]/],
    ["text made of one", (c) => `${String(z(c))}`, /the number or text of a traced value/],
    [
      "a sum in JavaScript",
      (c) => (c.label as unknown as number) + 1,
      /the number or text of a traced value/,
    ],
    [
      "a loop over entries",
      (c) => [...(c.row as unknown as number[])],
      /the entries of a traced value \[3\]/,
    ],
    ["an entry", (c) => (c.row as unknown as number[])[0], /entry 0 of a traced value \[3\]/],
    ["its length", (c) => (c.row as unknown as number[]).length, /the entries of a traced value/],
    ["JSON of one", (c) => JSON.stringify({ w: w(c) }), /the number or text of a traced parameter \[3, 1\]/],
    ["a change to one", (c) => Object.assign(c.row, { shape: [9] }), /the change of a traced value/],
    ["nothing returned", () => undefined, /expected the model to return \{ loss, outputs \}, got undefined/],
    ["a promise", async (c) => ({ loss: z(c) }), /got a promise: a model is no async function/],
    [
      "a number as loss",
      (c) => ({ loss: 1, outputs: z(c) }),
      /loss: expected a value of this model, got the number 1/,
    ],
    [
      "no outputs",
      (c) => ({ loss: c.ops.sum(z(c)) }),
      /outputs: expected a value of this model, got undefined/,
    ],
    ["a parameter twice", (c) => ({ loss: z(c), outputs: z(c) }), /parameter "w": is there already/],
    [
      "a vector as loss",
      (c) => ({ loss: c.row, outputs: z(c) }),
      /loss: expected the shape \[\] \(sum it: ops\.sum\), got \[3\]/,
    ],
    ["shapes that do not fit", (c) => c.ops.add(c.row, z(c)), /^ops\.add: shapes \[1\] and \[3\] do not fit/],
    [
      "a matrix that does not fit",
      (c) => c.ops.matmul(c.row, c.parameter("V", [4, 2])),
      /^ops\.matmul: a value of shape \[3\] does not fit a matrix \[4, 2\]/,
    ],
    [
      "a parameter as a value",
      (c) => c.ops.tanh(w(c) as never),
      /^ops\.tanh: expected a value of the row, got a parameter \[3, 1\]: parameters come in by ops\.matmul/,
    ],
    [
      "a value as a parameter",
      (c) => c.ops.matmul(c.row, c.row as never),
      /^ops\.matmul: expected a parameter, got a value \[3\]/,
    ],
    [
      "an array as a value",
      (c) => c.ops.tanh([1, 2] as never),
      /^ops\.tanh: expected a value of this model, got an array/,
    ],
    ["NaN", (c) => c.ops.add(c.row, Number.NaN), /^ops\.add: expected a finite number, got NaN/],
    [
      "an axis that is not there",
      (c) => c.ops.slice(c.row, 1, 0, 1),
      /^ops\.slice: expected an axis of \[3\], 0 to 0, got 1/,
    ],
    [
      "a slice beyond the end",
      (c) => c.ops.slice(c.row, 0, 1, 4),
      /expected 0 <= from < to <= 3, whole numbers, got 1 and 4/,
    ],
    [
      "an entry beyond the end",
      (c) => c.ops.gather(c.row, 0, [3]),
      /^ops\.gather: expected indices of 0 to 2, got 3/,
    ],
    [
      "an axis twice",
      (c) => c.ops.transpose(c.row, [0, 0]),
      /expected each of the 1 axes of \[3\] once, got \[0, 0\]/,
    ],
    [
      "parts of other shapes",
      (c) => c.ops.concat([c.ops.reshape(c.row, [1, 3]), c.ops.reshape(c.row, [3, 1])], 0),
      /^ops\.concat: shapes \[1, 3\] and \[3, 1\] differ beside axis 0/,
    ],
    [
      "more entries than a program is written out with",
      (c) => c.ops.gather(c.row, 0, new Array<number>(65_537).fill(0)),
      /^ops\.gather: 65537 entries, expected at most 65536/,
    ],
    ["division by 0", (c) => c.ops.divide(c.row, 0), /another divisor than 0/],
    ["a bad shape", (c) => c.parameter("V", [0, 2]), /^parameter "V": expected a shape of 1 to 4 sizes/],
    [
      "a parameter that is too large",
      (c) => c.parameter("V", [100_000, 100_000]),
      /10000000000 parameters, expected at most 67108864/,
    ],
    ["no parameter", (c) => ({ loss: c.label, outputs: c.label }), /at least one parameter/],
    [
      "a parameter without use",
      (c) => ({ loss: c.ops.sum(c.row), outputs: z(c) }),
      /parameter "w" does not go into the loss: it would never change/,
    ],
  ];
  it.each(refusals)("%s", (_name, model, message) => {
    let error: unknown;
    try {
      trace(model as ModelFunction);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(MarinaError);
    expect((error as MarinaError).message).toMatch(message);
  });

  it("a value of another model", () => {
    let other: Traced | undefined;
    trace((c) => {
      const outputs = z(c);
      other = outputs;
      return { loss: c.ops.sum(outputs), outputs };
    });
    expect(() => trace((c) => ({ loss: c.ops.sum(other!), outputs: z(c) }))).toThrow(
      /none of this model's values/,
    );
  });
});

it("what neither loss nor outputs need is left out, and the parameters keep their order", () => {
  const program = trace((c) => {
    const b = c.parameter("b", [1]);
    const unused = c.ops.exp(c.row);
    const outputs = c.ops.add(c.ops.matmul(c.row, c.parameter("w", [3, 1])), b);
    expect(unused.shape).toEqual([3]);
    return { loss: c.ops.sum(c.ops.square(outputs)), outputs };
  });
  expect(program.nodes.map(({ op }) => op)).toEqual([
    "row",
    "parameter",
    "parameter",
    "matmul",
    "addChannels",
    "multiply",
    "sumGroups",
  ]);
  expect(program.parameters.map(({ name, offset, start }) => [name, offset, start])).toEqual([
    ["b", 0, "zeros"],
    ["w", 1, "glorot"],
  ]);
  expect(dimensionOf(program)).toBe(4);
  expect(canonicalProgram(program)).toBe(canonicalProgram(structuredClone(program)));
});
