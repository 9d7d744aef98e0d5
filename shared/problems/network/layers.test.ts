import { describe, expect, test } from "vitest";
import { parseProgram } from "./check.ts";
import { type DataForm, networkProgram } from "./layers.ts";
import { canonicalProgram, dimensionOf, type RowProgram } from "./program.ts";
import { type NetworkSpec, networkSchema } from "./spec.ts";
import { caseOf, reference } from "./testing/reference-values.ts";
import { workOf } from "./work.ts";

const classes: DataForm = { shape: [64], label: { kind: "classes", count: 10 } };

function build(spec: object, data: DataForm = classes): RowProgram {
  return networkProgram(networkSchema.parse(spec), data);
}

describe("parameters", () => {
  const program = build({
    input: [8, 8, 1],
    layers: [
      { conv2d: { filters: 4, kernel: [3, 3], padding: "same" } },
      { residual: { layers: [{ groupNorm: { groups: 2 } }, { activation: "relu" }] } },
      { globalAveragePool: true },
      { dense: 10 },
    ],
    loss: "softmax-cross-entropy",
  });

  test("are declared in order, row-major, weight before bias, gain before bias", () => {
    expect(program.parameters.map(({ name, shape, offset }) => [name, shape, offset])).toEqual([
      ["0.conv2d.weight", [3, 3, 1, 4], 0],
      ["0.conv2d.bias", [4], 36],
      ["1.residual.0.groupNorm.gain", [4], 40],
      ["1.residual.0.groupNorm.bias", [4], 44],
      ["3.dense.weight", [4, 10], 48],
      ["3.dense.bias", [10], 88],
    ]);
    expect(dimensionOf(program)).toBe(98);
  });

  test("begin larger before an activation that cuts off one side, gains at one, biases at zero", () => {
    const starts = (layers: object[]) =>
      build({ layers, loss: "softmax-cross-entropy" }).parameters.map(({ start }) => start);
    expect(starts([{ dense: 4 }, { layerNorm: {} }, { activation: "relu" }, { dense: 10 }])).toEqual([
      "he",
      "zeros",
      "ones",
      "zeros",
      "glorot",
      "zeros",
    ]);
    expect(starts([{ dense: 4 }, { activation: "tanh" }, { dense: 10 }])).toEqual([
      "glorot",
      "zeros",
      "glorot",
      "zeros",
    ]);
  });
});

test.each(reference.cases)("the stored form of a program is checked and is the program: $name", (each) => {
  const { program } = caseOf(each, 1);
  const text = canonicalProgram(program);
  const back = parseProgram(JSON.parse(text), "models/1.json");
  expect(back).toEqual(program);
  expect(canonicalProgram(back)).toBe(text);
});

describe("a stored program is refused", () => {
  const program = build({ layers: [{ dense: 10 }], loss: "softmax-cross-entropy" });
  const broken = (change: (copy: ReturnType<typeof mutable>) => void) => {
    const copy = mutable(program);
    change(copy);
    return () => parseProgram(copy, "models/1.json");
  };

  test("where a shape is not what the operation gives", () => {
    const at = program.nodes.findIndex(({ op }) => op === "matmul");
    expect(
      broken(({ nodes }) => {
        nodes[at]!.shape = [11];
      }),
    ).toThrow(`models/1.json: nodes[${at}] (matmul): expected the shape [10], got [11]`);
  });

  test("where a node reads a later one, or one of the wrong kind", () => {
    expect(
      broken(({ nodes }) => {
        nodes[1]!.inputs = [7];
      }),
    ).toThrow(/nodes\[1\]/);
    const at = program.nodes.findIndex(({ op }) => op === "matmul");
    expect(
      broken(({ nodes }) => {
        nodes[at]!.inputs = [0, 0];
      }),
    ).toThrow(`nodes[${at}] (matmul): input 1 must be a parameter, got the result of "row"`);
  });

  test("where it has an operation that there is not, and for another set of kernels", () => {
    expect(
      broken(({ nodes }) => {
        nodes[3]!.op = "dropout";
      }),
    ).toThrow(/nodes\[3\] \(dropout\): unknown operation/);
    expect(
      broken((copy) => {
        copy.kernelSet = 2;
      }),
    ).toThrow(/kernelSet/);
  });

  test("where parameters overlap, or attributes are wrong", () => {
    expect(
      broken(({ parameters }) => {
        parameters[1]!.offset = 0;
      }),
    ).toThrow("parameters[1] (0.dense.bias): expected the offset 640, got 0");
    const at = program.nodes.findIndex(({ op }) => op === "sumGroups");
    expect(
      broken(({ nodes }) => {
        nodes[at]!.attributes = { positions: 0, groups: 1, size: 10 };
      }),
    ).toThrow(`nodes[${at}] (sumGroups): attributes.positions`);
  });
});

function mutable(program: RowProgram) {
  return JSON.parse(canonicalProgram(program)) as {
    kernelSet: number;
    parameters: { offset: number }[];
    nodes: { op: string; inputs: number[]; shape: number[]; attributes: object }[];
  };
}

describe("a network is refused, naming the layer and the shapes", () => {
  const loss = "softmax-cross-entropy";
  const image = { input: [8, 8, 1], loss };
  test.each<[string, object, DataForm, string]>([
    [
      "dense on an image",
      { ...image, layers: [{ dense: 10 }] },
      classes,
      'problem.layers[0].dense: takes a vector, but its input has the shape [8, 8, 1]; put { "flatten": true } before it',
    ],
    [
      "conv2d on a vector",
      { loss, layers: [{ conv2d: { filters: 1, kernel: [3, 3] } }] },
      classes,
      'problem.layers[0].conv2d: takes an image [height, width, channels], but its input has the shape [64]; give rows such a shape by "input"',
    ],
    [
      "a window too large",
      { ...image, layers: [{ flatten: true }, { dense: 4 }, { activation: "relu" }], input: [8, 8, 1] },
      classes,
      'problem.loss: "softmax-cross-entropy" needs one output a class, [10], the last layer gives [4]',
    ],
    [
      "a pool too large",
      {
        ...image,
        layers: [{ maxPool2d: { window: [9, 2], stride: [1, 1] } }, { flatten: true }, { dense: 10 }],
      },
      classes,
      "problem.layers[0].maxPool2d: a window [9, 2] does not fit an image [8, 8, 1]",
    ],
    [
      "groups that don't divide",
      { loss, layers: [{ dense: 6 }, { groupNorm: { groups: 4 } }, { dense: 10 }] },
      classes,
      "problem.layers[1].groupNorm.groups: 6 channels (shape [6]) can't be cut into 4 equal groups",
    ],
    [
      "a residual that changes the shape",
      { loss, layers: [{ residual: { layers: [{ dense: 5 }] } }, { dense: 10 }] },
      classes,
      "problem.layers[0].residual: a residual block adds its input to its result, but they have the shapes [64] and [5]",
    ],
    [
      "an inner layer",
      { loss, layers: [{ residual: { layers: [{ layerNorm: {} }, { globalAveragePool: true }] } }] },
      classes,
      "problem.layers[0].residual.layers[1].globalAveragePool: takes an image",
    ],
    [
      "same with a stride",
      { ...image, layers: [{ conv2d: { filters: 1, kernel: [3, 3], stride: [2, 2], padding: "same" } }] },
      classes,
      'problem.layers[0].conv2d.padding: "same" has more than one meaning with the stride [2, 2]',
    ],
    [
      "no parameter",
      { loss, layers: [{ activation: "tanh" }] },
      { shape: [10], label: { kind: "classes", count: 10 } },
      "problem.layers: there is no parameter to train",
    ],
    [
      "an input of another size",
      { ...image, input: [8, 9, 1], layers: [{ flatten: true }, { dense: 10 }] },
      classes,
      "problem.input: [8, 9, 1] has 72 entries, a row of the data 64, shape [64]",
    ],
    [
      "huber without delta",
      { layers: [{ dense: 10 }], loss: "huber" },
      classes,
      'problem.delta: missing; the loss "huber" needs',
    ],
    [
      "two deltas",
      { layers: [{ dense: 10 }], loss: { kind: "huber", delta: 1 }, delta: 2 },
      classes,
      "problem.delta: the loss has its delta, 1, already",
    ],
    [
      "delta of another loss",
      { layers: [{ dense: 10 }], loss: "squared", delta: 2 },
      classes,
      'problem.delta: only the loss "huber" has a delta',
    ],
    [
      "logistic of classes",
      { layers: [{ dense: 1 }], loss: "logistic" },
      classes,
      '"logistic" needs labels +1 and -1, the data\'s are classes',
    ],
    [
      "two outputs of logistic",
      { layers: [{ dense: 2 }], loss: "logistic" },
      { shape: [64], label: { kind: "binary" } },
      '"logistic" needs one output, the last layer gives [2]',
    ],
    [
      "squared of classes with one output",
      { layers: [{ dense: 1 }], loss: "squared" },
      classes,
      '"squared" of classes needs one output a class, [10], the last layer gives [1]; for the label as one number import the labels as real',
    ],
    [
      "reconstruction of another size",
      { layers: [{ dense: 3 }], loss: "reconstruction" },
      classes,
      '"reconstruction" needs as many outputs as a row has entries, 64, the last layer gives [3]',
    ],
    [
      "softmax of real labels",
      { layers: [{ dense: 10 }], loss },
      { shape: [64], label: { kind: "real" } },
      '"softmax-cross-entropy" needs labels that are classes, the data\'s are real',
    ],
    [
      "too many parameters",
      { layers: [{ dense: 1_000_000 }, { dense: 100 }, { dense: 10 }], loss },
      classes,
      "problem.layers[1].dense: 165000000 parameters, expected at most 67108864",
    ],
  ])("%s", (_, spec, data, message) => {
    expect(() => build(spec, data)).toThrow(message);
  });

  test.each<[object, string]>([
    [{ layers: [{ dropout: 0.5 }, { dense: 10 }], loss }, "draws new numbers in every evaluation"],
    [{ layers: [{ dense: 10 }, { batchNorm: {} }], loss }, "mixes the rows of a batch"],
    [{ layers: [{ dense: 10, units: 3 }], loss }, "units"],
    [{ layers: [{ dense: 10, activation: "relu" }], loss }, "expected exactly one of dense, activation"],
    [{ layers: [{}], loss }, "got none of them"],
    [{ layers: [{ activation: "relu", bias: false }], loss }, "belongs to a dense layer"],
    [{ layers: [{ lstm: {} }], loss }, "lstm"],
    [{ layers: [{ dense: 0 }], loss }, ">=1"],
    [{ layers: [], loss }, ">=1"],
  ])("already by the schema: %j", (spec, message) => {
    const { success, error } = networkSchema.safeParse(spec);
    expect(success).toBe(false);
    expect(error!.message).toContain(message);
  });
});

describe("what it costs is known before it runs", () => {
  const mlp: NetworkSpec = {
    layers: [{ dense: 128 }, { activation: "tanh" }, { dense: 10 }],
    loss: "softmax-cross-entropy",
  };
  const work = workOf(
    networkProgram(mlp, { shape: [784], label: { kind: "classes", count: 10 } }),
    "float64",
  );

  test("0.41 MFLOP a row for the MLP 784-128-10: no derivative with respect to the data", () => {
    const products = 2 * (784 * 128 + 128 * 10) + 2 * (784 * 128 + 128 * 10) + 2 * 128 * 10;
    expect(work.dimension).toBe(101_770);
    expect(work.gradientFlop).toBeGreaterThan(products);
    expect(work.gradientFlop).toBeLessThan(1.02 * products);
    expect(work.lossFlop).toBeLessThan(0.52 * products);
  });

  test("memory follows d and the block, not the number of rows", () => {
    const parameters = 8 * work.dimension;
    // x, x packed, W^T packed, sums; of both points. And 64 rows with some values of 128 beside them.
    expect(work.kernelBytes).toBeGreaterThan(2 * 3 * parameters);
    expect(work.kernelBytes).toBeLessThan(2 * 3.3 * parameters + 8 * 64 * (784 + 8 * 128));
  });

  test("buffers are shared: a deep network holds what its derivative needs, not every node", () => {
    const block = [{ dense: 100 }, { activation: "gelu-tanh" as const }];
    const { activationEntries } = workOf(
      networkProgram(
        { layers: [...block, ...block, ...block, { dense: 10 }], loss: "squared" },
        { shape: [100], label: { kind: "classes", count: 10 } },
      ),
      "float64",
    );
    expect(activationEntries).toBeLessThan(112 * 26);
  });
});
