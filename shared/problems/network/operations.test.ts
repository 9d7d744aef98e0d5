/** Each operation's vector-Jacobian product against central differences. */
import { expect, test } from "vitest";
import { plainRows } from "./dense-rows.ts";
import { Network } from "./network.ts";
import { networkObjective } from "./objective.ts";
import { operations } from "./operations.ts";
import { type Attributes, dimensionOf, KERNEL_SET, type LabelForm, type RowProgram } from "./program.ts";
import { type Shape, sizeOf } from "./shape.ts";
import { WasmKernels } from "./wasm/wasm-kernels.ts";
import { GraphWriter } from "./writer.ts";

interface Example {
  /** Shapes of the inputs: values come from the row by an affine layer of parameters, parameters are themselves. */
  readonly values: readonly Shape[];
  readonly parameters?: readonly Shape[];
  readonly attributes?: Attributes;
  /** Makes the values positive, where the operation needs it. */
  readonly positive?: true;
  readonly label?: true;
}

const window = {
  window: [2, 3],
  stride: [1, 2],
  padding: [
    [0, 0],
    [0, 0],
  ],
};
const padded = {
  window: [2, 3],
  stride: [2, 1],
  padding: [
    [1, 0],
    [1, 2],
  ],
};
const grouping = { positions: 3, groups: 2, size: 2 };

const examples: Readonly<Record<string, Example>> = {
  affine: { values: [[3]], attributes: { scale: -1.5, offset: 0.25 } },
  relu: { values: [[7]] },
  tanh: { values: [[4]] },
  sigmoid: { values: [[4]] },
  softplus: { values: [[4]] },
  exp: { values: [[4]] },
  log: { values: [[4]], positive: true },
  sqrt: { values: [[4]], positive: true },
  clip: { values: [[9]], attributes: { limit: 0.4 } },
  reshape: { values: [[2, 3]], attributes: { shape: [6] } },
  gather: { values: [[2, 3]], attributes: { indices: [5, 0, 0, 2], shape: [2, 2] } },
  scatter: { values: [[4]], attributes: { indices: [5, 0, 0, 2], shape: [2, 3] } },
  add: { values: [[5], [5]] },
  subtract: { values: [[5], [5]] },
  multiply: { values: [[5], [5]] },
  divide: { values: [[5], [5]], positive: true },
  matmul: { values: [[3, 4]], parameters: [[4, 5]] },
  matmulTransposed: { values: [[3, 4]], parameters: [[5, 4]] },
  addChannels: { values: [[3, 4]], parameters: [[4]] },
  multiplyChannels: { values: [[3, 4]], parameters: [[4]] },
  conv2d: { values: [[5, 4, 2]], parameters: [[2, 3, 2, 3]], attributes: padded },
  conv2dTransposed: {
    values: [[3, 5, 3]],
    parameters: [[2, 3, 2, 3]],
    attributes: { ...padded, image: [5, 4, 2] },
  },
  maxPool2d: { values: [[4, 5, 2]], attributes: window },
  maxPoolPick: {
    values: [
      [4, 5, 2],
      [4, 5, 2],
    ],
    attributes: window,
  },
  maxPoolPlace: {
    values: [
      [3, 2, 2],
      [4, 5, 2],
    ],
    attributes: window,
  },
  sumPool2d: { values: [[4, 5, 2]], attributes: window },
  sumPoolTransposed: { values: [[3, 2, 2]], attributes: { ...window, image: [4, 5, 2] } },
  sumGroups: { values: [[3, 4]], attributes: grouping },
  spreadGroups: { values: [[2]], attributes: { ...grouping, shape: [3, 4] } },
  pick: { values: [[4]], label: true },
  place: { values: [[]], attributes: { size: 4 }, label: true },
};

/** Operations whose derivative is zero (or taken as zero). */
const flat = ["step", "within", "largest"];
const leaves = ["row", "label", "parameter", "direction", "constant"];

const ROW = 3;

/** loss = sum of sin-like weights times tanh of the operation's result, so that every entry of it has its own slope. */
function programOf(name: string, example: Example): RowProgram {
  const writer = new GraphWriter([ROW], name);
  const parameter = (shape: Shape) => {
    writer.parameters.push({
      name: `p${writer.parameters.length}`,
      shape,
      offset: dimensionOf(writer),
      start: "zeros",
    });
    return writer.add("parameter", [], { parameter: writer.parameters.length - 1 });
  };
  const values = example.values.map((shape) => {
    const flatValue = writer.add("matmul", [writer.add("row", []), parameter([ROW, sizeOf(shape)])]);
    const signed = writer.add("reshape", [flatValue], { shape });
    return example.positive === true
      ? writer.add("affine", [writer.add("sigmoid", [signed])], { scale: 1, offset: 0.5 })
      : signed;
  });
  const inputs = [...values, ...(example.parameters ?? []).map(parameter)];
  if (example.label === true) inputs.push(writer.add("label", []));
  const result = writer.add(name, inputs, example.attributes);
  const size = sizeOf(writer.shapeOf(result));
  const flatResult = writer.add("reshape", [result], { shape: [size] });
  const weighted = writer.add("multiplyChannels", [writer.add("tanh", [flatResult]), parameter([size])]);
  const loss = writer.add("sumGroups", [weighted], { positions: 1, groups: 1, size });
  const label: LabelForm = example.label === true ? { kind: "classes", count: 4 } : { kind: "none" };
  const { parameters, nodes } = writer;
  return { kernelSet: KERNEL_SET, row: [ROW], label, parameters, nodes, loss, outputs: flatResult };
}

test("every operation has an example here, or no derivative", () => {
  expect([...Object.keys(examples), ...flat, ...leaves].sort()).toEqual(Object.keys(operations).sort());
  for (const name of flat) expect(operations[name]!.pull).toBeUndefined();
});

const kernels = new WasmKernels("float64");

test.each(Object.entries(examples))("%s", (name, example) => {
  const program = programOf(name, example);
  const rows = plainRows([ROW], Float64Array.of(0.3, -0.7, 1.1, -0.4, 0.9, 0.2), [2, 0]);
  const objective = networkObjective(new Network(program, kernels), rows, {
    rowWeight: 1,
    regularizerWeight: 0,
  });
  const d = objective.dimension;
  const x = Float64Array.from({ length: d }, (_, j) => 0.7 * Math.sin((j + 1) ** 2));
  const [g, scratch, plus, minus, hv] = Array.from({ length: 5 }, () => new Float64Array(d)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  objective.gradient(x, g);
  expect(g.some((value) => value !== 0)).toBe(true);
  const h = 1e-5;
  const moved = (v: Float64Array, step: number) => x.map((value, j) => value + step * v[j]!);
  for (let j = 0; j < d; j++) {
    const unit = new Float64Array(d);
    unit[j] = 1;
    const slope =
      (objective.gradient(moved(unit, h), scratch) - objective.gradient(moved(unit, -h), scratch)) / (2 * h);
    expect(Math.abs(g[j]! - slope)).toBeLessThan(1e-8);
  }
  // The products' own products: the Hessian against differences of gradients.
  const v = Float64Array.from({ length: d }, (_, j) => Math.cos(j + 1));
  objective.hessianVector(x, v, hv);
  objective.gradient(moved(v, h), plus);
  objective.gradient(moved(v, -h), minus);
  for (let j = 0; j < d; j++) {
    expect(Math.abs(hv[j]! - (plus[j]! - minus[j]!) / (2 * h))).toBeLessThan(1e-7);
  }
});
