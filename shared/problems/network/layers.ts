/** From a spec's layers to a row program. */
import { MarinaError } from "../../base/index.ts";
import { tooManyParameters } from "./check.ts";
import { type Loss, writeLoss } from "./loss.ts";
import {
  dimensionOf,
  KERNEL_SET,
  type LabelForm,
  MAX_DIMENSION,
  type RowProgram,
  type StartKind,
} from "./program.ts";
import { type Shape, sameShape, shapeText, sizeOf } from "./shape.ts";
import { type Activation, type Layer, type LayerSpec, type NetworkSpec, narrowLayer } from "./spec.ts";
import type { WindowAttributes } from "./window.ts";
import { GraphWriter } from "./writer.ts";

/** What a program must know of its data. */
export interface DataForm {
  /** A row's own shape. */
  readonly shape: Shape;
  readonly label: LabelForm;
}

/**
 * The program of a spec's network over such data. `where` is the field path of the problem, for errors.
 * @throws MarinaError `spec` naming the layer and the shapes; `limit` where there is too much of something.
 */
export function networkProgram(spec: NetworkSpec, data: DataForm, where = "problem"): RowProgram {
  const row = rowShape(spec.input, data.shape, where);
  const writer = new GraphWriter(row, where);
  const loss = lossOf(spec, where);
  const outputs = writeLayers(writer, spec.layers, writer.add("row", []), `${where}.layers`, "");
  writer.where = `${where}.loss`;
  const lossNode = writeLoss(writer, loss, outputs, data.label, `${where}.loss`);
  const { parameters, nodes } = writer;
  if (parameters.length === 0) {
    throw new MarinaError(
      "spec",
      `${where}.layers: there is no parameter to train; add a dense or conv2d layer`,
    );
  }
  const label: LabelForm = loss.kind === "reconstruction" ? { kind: "none" } : data.label;
  return { kernelSet: KERNEL_SET, row, label, parameters, nodes, loss: lossNode, outputs };
}

function rowShape(input: Shape | undefined, data: Shape, where: string): Shape {
  if (input === undefined || sizeOf(input) === sizeOf(data)) return input ?? data;
  throw new MarinaError(
    "spec",
    `${where}.input: ${shapeText(input)} has ${sizeOf(input)} entries, a row of the data ${sizeOf(data)}, shape ${shapeText(data)}`,
  );
}

function lossOf({ loss, delta }: NetworkSpec, where: string): Loss {
  const kind = typeof loss === "string" ? loss : loss.kind;
  if (kind !== "huber") {
    if (delta === undefined) return { kind };
    throw new MarinaError("spec", `${where}.delta: only the loss "huber" has a delta, the loss is "${kind}"`);
  }
  const inner = typeof loss === "string" ? undefined : loss.delta;
  if (delta !== undefined && inner !== undefined) {
    throw new MarinaError(
      "spec",
      `${where}.delta: the loss has its delta, ${inner}, already; remove one of them`,
    );
  }
  const value = delta ?? inner;
  if (value === undefined) {
    throw new MarinaError(
      "spec",
      `${where}.delta: missing; the loss "huber" needs where it turns linear, as "delta": 1`,
    );
  }
  return { kind, delta: value };
}

/** Adds the layers after the node `a`; returns the last one's node. Names are numbered as in "1.residual.0.dense.weight". */
function writeLayers(
  writer: GraphWriter,
  layers: readonly LayerSpec[],
  a: number,
  where: string,
  prefix: string,
): number {
  const narrowed = layers.map(narrowLayer);
  let at = a;
  for (const [number, layer] of narrowed.entries()) {
    writer.where = `${where}[${number}].${layer.kind}`;
    const start = startBefore(narrowed, number);
    at = writeLayer(
      { writer, a: at, name: `${prefix}${number}.${layer.kind}`, where: writer.where, start },
      layer,
    );
  }
  return at;
}

interface Place {
  readonly writer: GraphWriter;
  readonly a: number;
  readonly name: string;
  readonly where: string;
  /** How weights begin. */
  readonly start: StartKind;
}

function writeLayer(place: Place, layer: Layer): number {
  switch (layer.kind) {
    case "dense":
      return dense(place, layer.outputs, layer.bias);
    case "activation":
      return activation(place.writer, place.a, layer.activation);
    case "conv2d":
      return convolution(place, layer);
    case "maxPool2d":
      return place.writer.add("maxPool2d", [image(place)], { ...windowOf(layer) });
    case "avgPool2d": {
      const attributes = windowOf(layer);
      const sum = place.writer.add("sumPool2d", [image(place)], { ...attributes });
      return scaled(place.writer, sum, 1 / (attributes.window[0] * attributes.window[1]));
    }
    case "globalAveragePool":
      return globalAverage(place);
    case "flatten": {
      const shape = place.writer.shapeOf(place.a);
      return shape.length === 1
        ? place.a
        : place.writer.add("reshape", [place.a], { shape: [sizeOf(shape)] });
    }
    case "layerNorm":
      vector(place, "normalises");
      return normalised(place, 1, layer.epsilon);
    case "groupNorm":
      return normalised(place, layer.groups, layer.epsilon);
    case "residual":
      return residual(place, layer.layers);
  }
}

function dense(place: Place, outputs: number, bias: boolean): number {
  const { writer, name } = place;
  const inputs = vector(place, "takes");
  const weight = parameter(place, `${name}.weight`, [inputs, outputs], place.start);
  const z = writer.add("matmul", [place.a, weight]);
  return bias ? writer.add("addChannels", [z, parameter(place, `${name}.bias`, [outputs], "zeros")]) : z;
}

function convolution(place: Place, layer: Extract<Layer, { kind: "conv2d" }>): number {
  const { writer, name, where } = place;
  const a = image(place);
  const channels = writer.shapeOf(a)[2]!;
  const stride = layer.stride ?? [1, 1];
  const attributes = { window: layer.kernel, stride, padding: paddingOf(layer, stride, where) };
  const shape = [...layer.kernel, channels, layer.filters];
  const weight = parameter(place, `${name}.weight`, shape, place.start);
  const z = writer.add("conv2d", [a, weight], attributes);
  if (layer.bias === false) return z;
  return writer.add("addChannels", [z, parameter(place, `${name}.bias`, [layer.filters], "zeros")]);
}

function paddingOf(
  { kernel, padding = "valid" }: Extract<Layer, { kind: "conv2d" }>,
  stride: readonly [number, number],
  where: string,
): WindowAttributes["padding"] {
  if (padding === "valid") {
    return [
      [0, 0],
      [0, 0],
    ];
  }
  if (padding !== "same") return padding;
  if (stride[0] !== 1 || stride[1] !== 1) {
    throw new MarinaError(
      "spec",
      `${where}.padding: "same" has more than one meaning with the stride ${shapeText(stride)}; write [[top, bottom], [left, right]]`,
    );
  }
  return kernel.map((size) => {
    const before = Math.floor((size - 1) / 2);
    return [before, size - 1 - before] as [number, number];
  }) as [[number, number], [number, number]];
}

function windowOf({
  window,
  stride,
}: {
  window: [number, number];
  stride: [number, number];
}): WindowAttributes {
  return {
    window,
    stride,
    padding: [
      [0, 0],
      [0, 0],
    ],
  };
}

function globalAverage(place: Place): number {
  const { writer } = place;
  const a = image(place);
  const [height, width, channels] = writer.shapeOf(a) as [number, number, number];
  const sums = writer.add("sumGroups", [a], { positions: height * width, groups: channels, size: 1 });
  return scaled(writer, reshaped(writer, sums, [channels]), 1 / (height * width));
}

/** (a - mean)/sqrt(var + epsilon) * gain + bias, mean and var over each group of channels and all positions. */
function normalised(place: Place, groups: number, epsilon: number): number {
  const { writer, a, name, where } = place;
  const shape = writer.shapeOf(a);
  const channels = shape.at(-1)!;
  if (channels % groups !== 0) {
    throw new MarinaError(
      "spec",
      `${where}.groups: ${channels} channels (shape ${shapeText(shape)}) can't be cut into ${groups} equal groups`,
    );
  }
  const grouping = { positions: sizeOf(shape) / channels, groups, size: channels / groups };
  const share = 1 / (grouping.positions * grouping.size);
  const mean = scaled(writer, writer.add("sumGroups", [a], grouping), share);
  const centred = writer.add("subtract", [a, writer.add("spreadGroups", [mean], { ...grouping, shape })]);
  const squares = writer.add("sumGroups", [writer.add("multiply", [centred, centred])], grouping);
  const deviation = writer.add("sqrt", [writer.add("affine", [squares], { scale: share, offset: epsilon })]);
  const unit = writer.add("divide", [
    centred,
    writer.add("spreadGroups", [deviation], { ...grouping, shape }),
  ]);
  const gained = writer.add("multiplyChannels", [unit, parameter(place, `${name}.gain`, [channels], "ones")]);
  return writer.add("addChannels", [gained, parameter(place, `${name}.bias`, [channels], "zeros")]);
}

function residual(place: Place, layers: readonly LayerSpec[]): number {
  const { writer, a, name, where } = place;
  const inner = writeLayers(writer, layers, a, `${where}.layers`, `${name}.`);
  writer.where = where;
  const [before, after] = [writer.shapeOf(a), writer.shapeOf(inner)];
  if (!sameShape(before, after)) {
    throw new MarinaError(
      "spec",
      `${where}: a residual block adds its input to its result, but they have the shapes ${shapeText(before)} and ${shapeText(after)}`,
    );
  }
  return writer.add("add", [a, inner]);
}

function activation(writer: GraphWriter, z: number, name: Activation): number {
  switch (name) {
    case "relu":
    case "tanh":
    case "sigmoid":
    case "softplus":
      return writer.add(name, [z]);
    case "silu":
      return writer.add("multiply", [z, writer.add("sigmoid", [z])]);
    case "gelu-tanh": {
      // (z/2)(1 + tanh(sqrt(2/pi) (z + 0.044715 z^3))) = (z/2) + (z/2) tanh(sqrt(2/pi) z (1 + 0.044715 z^2))
      const square = writer.add("multiply", [z, z]);
      const factor = writer.add("affine", [square], {
        scale: 0.044715 * SQRT_2_OVER_PI,
        offset: SQRT_2_OVER_PI,
      });
      const t = writer.add("tanh", [writer.add("multiply", [z, factor])]);
      return writer.add("multiply", [
        scaled(writer, z, 0.5),
        writer.add("affine", [t], { scale: 1, offset: 1 }),
      ]);
    }
  }
}

/** sqrt(2/pi) */
const SQRT_2_OVER_PI = 0.7978845608028654;

/** Weights before an activation that cuts off one side begin larger (He and others, 2015); before all others as glorot. */
function startBefore(layers: readonly Layer[], number: number): StartKind {
  for (const layer of layers.slice(number + 1)) {
    if (layer.kind === "activation") {
      return layer.activation === "relu" || layer.activation === "silu" || layer.activation === "gelu-tanh"
        ? "he"
        : "glorot";
    }
    if (layer.kind === "dense" || layer.kind === "conv2d" || layer.kind === "residual") return "glorot";
  }
  return "glorot";
}

function parameter(place: Place, name: string, shape: Shape, start: StartKind): number {
  const { writer, where } = place;
  const offset = dimensionOf(writer);
  if (offset + sizeOf(shape) > MAX_DIMENSION) throw tooManyParameters(offset + sizeOf(shape), where);
  writer.parameters.push({ name, shape, offset, start });
  return writer.add("parameter", [], { parameter: writer.parameters.length - 1 });
}

/** The input's length, if it is a vector. */
function vector({ writer, a, where }: Place, verb: string): number {
  const shape = writer.shapeOf(a);
  if (shape.length === 1) return shape[0]!;
  throw new MarinaError(
    "spec",
    `${where}: ${verb} a vector, but its input has the shape ${shapeText(shape)}; put { "flatten": true } before it`,
  );
}

/** The input's node, if it is an image. */
function image({ writer, a, where }: Place): number {
  const shape = writer.shapeOf(a);
  if (shape.length === 3) return a;
  throw new MarinaError(
    "spec",
    `${where}: takes an image [height, width, channels], but its input has the shape ${shapeText(shape)}; give rows such a shape by "input"`,
  );
}

function scaled(writer: GraphWriter, node: number, scale: number): number {
  return writer.add("affine", [node], { scale, offset: 0 });
}

function reshaped(writer: GraphWriter, node: number, shape: Shape): number {
  return sameShape(writer.shapeOf(node), shape) ? node : writer.add("reshape", [node], { shape });
}
