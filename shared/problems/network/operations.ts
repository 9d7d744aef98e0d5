/**
 * The operations of row programs: for each its attributes, its shape, its floating-point operations, and its
 * vector-Jacobian product written in operations of the same set. So the set is closed under differentiation.
 *
 * With c the cotangent of the result (d loss / d result), an operation gives each input its own: c^T d result / d input.
 * For a parameter that is a sum over rows, hence no node but an `Accumulation`.
 */
import * as z from "zod";
import type { Attributes, RowProgram } from "./program.ts";
import { type Shape, sameShape, shapeText, sizeOf } from "./shape.ts";
import { geometryOf, type WindowAttributes } from "./window.ts";

/** Where nodes are added to while a program is written. */
export interface NodeWriter {
  add(op: string, inputs: readonly number[], attributes?: Attributes): number;
  shapeOf(node: number): Shape;
}

/**
 * How the gradient with respect to one use of a parameter is summed over rows (and, within a row, over positions in order):
 *
 * | kind | the sum | of |
 * | --- | --- | --- |
 * | matmul | W[i, o] += left[., i] right[., o] | left [..., in], right [..., out] |
 * | positions | b[c] += right[., c] | right [..., c] |
 * | conv2d | W[i, j, q, o] += patch(left)[., (i, j, q)] right[., o] | left an image, right the output's cotangent |
 */
export type AccumulationForm =
  | { readonly kind: "matmul"; readonly left: number; readonly right: number }
  | { readonly kind: "positions"; readonly right: number }
  | {
      readonly kind: "conv2d";
      readonly left: number;
      readonly right: number;
      readonly attributes: WindowAttributes;
    };

/** What an input gets back. Undefined: nothing (its derivative is zero). */
export type Pulled = { readonly node: number } | { readonly accumulate: AccumulationForm } | undefined;

export interface PullContext<A> {
  readonly inputs: readonly number[];
  readonly output: number;
  readonly attributes: A;
  readonly cotangent: number;
}

export interface Operation<A = never> {
  readonly attributes: z.ZodType;
  /** Which inputs are parameters and which are values of the row. */
  readonly inputs: readonly ("value" | "parameter")[];
  /** Set for nodes that compute nothing. */
  readonly leaf?: "row" | "label" | "parameter" | "constant";
  /** A text says what is wrong. */
  shape(
    inputs: readonly Shape[],
    attributes: A,
    program: Pick<RowProgram, "row" | "parameters">,
  ): Shape | string;
  /** For one row; an elementary function counts as 20. */
  flop(inputs: readonly Shape[], output: Shape): number;
  /** Absent: the derivative is zero everywhere (or taken as zero). */
  pull?(graph: NodeWriter, context: PullContext<A>): readonly Pulled[];
}

const none = z.strictObject({});
const pair = z.tuple([z.int().min(1).max(4096), z.int().min(1).max(4096)]);
const border = z.tuple([z.int().min(0).max(4096), z.int().min(0).max(4096)]);
const windowSchema = z.strictObject({ window: pair, stride: pair, padding: z.tuple([border, border]) });
const imageSchema = z.tuple([z.int().min(1), z.int().min(1), z.int().min(1)]);

const ELEMENTARY = 20;

function value(node: number): Pulled {
  return { node };
}

/** One input, one result of the same shape. `slope` writes d result / d input, times the cotangent. */
function unary(
  cost: number,
  slope?: (graph: NodeWriter, context: PullContext<Record<never, never>>) => number,
): Operation {
  return {
    attributes: none,
    inputs: ["value"],
    shape: ([a]) => a!,
    flop: (_, output) => cost * sizeOf(output),
    ...(slope === undefined ? {} : { pull: (graph, context) => [value(slope(graph, context))] }),
  };
}

function binary(
  pull: (graph: NodeWriter, context: PullContext<Record<never, never>>) => Pulled[],
): Operation {
  return {
    attributes: none,
    inputs: ["value", "value"],
    shape: ([a, b]) => (sameShape(a!, b!) ? a! : `shapes ${shapeText(a!)} and ${shapeText(b!)} differ`),
    flop: (_, output) => sizeOf(output),
    pull,
  };
}

/** An operation whose attributes have a type of their own. */
function define<A>(operation: Operation<A>): Operation {
  return operation as unknown as Operation;
}

function times(graph: NodeWriter, a: number, b: number): number {
  return graph.add("multiply", [a, b]);
}

/** a scale + offset */
function affine(graph: NodeWriter, a: number, scale: number, offset = 0): number {
  return graph.add("affine", [a], { scale, offset });
}

/** c s (1 - s) for s = sigmoid(z). */
function sigmoidSlope(graph: NodeWriter, s: number, cotangent: number): number {
  return times(graph, times(graph, cotangent, s), affine(graph, s, -1, 1));
}

function parameterLeaf(): Operation {
  return define<{ readonly parameter: number }>({
    attributes: z.strictObject({ parameter: z.int().min(0) }),
    inputs: [],
    leaf: "parameter",
    shape: (_, { parameter }, { parameters }) =>
      parameters[parameter]?.shape ?? `parameter ${parameter} of ${parameters.length}`,
    flop: () => 0,
  });
}

/** Vectors [..., in] times W [in, out]. */
function vectorsTimes(a: Shape, w: Shape, axis: 0 | 1): Shape | string {
  if (a.length === 0 || w.length !== 2 || a.at(-1) !== w[axis]) {
    return `a value of shape ${shapeText(a)} does not fit a matrix ${shapeText(w)}`;
  }
  return [...a.slice(0, -1), w[1 - axis]!];
}

/** A vector of parameters beside the last axis. */
function channels([a, p]: readonly Shape[]): Shape | string {
  return p!.length === 1 && a!.at(-1) === p![0]
    ? a!
    : `a value of shape ${shapeText(a!)} does not fit one parameter a channel, ${shapeText(p!)}`;
}

function convolved(image: Shape, kernel: Shape, attributes: WindowAttributes): Shape | string {
  if (image.length !== 3) return `expected an image [height, width, channels], got ${shapeText(image)}`;
  const [height, width] = attributes.window;
  if (kernel.length !== 4 || kernel[0] !== height || kernel[1] !== width || kernel[2] !== image[2]) {
    return `a kernel of shape ${shapeText(kernel)} does not fit an image ${shapeText(image)} and a window ${shapeText(attributes.window)}`;
  }
  const { outHeight, outWidth } = geometryOf(image, attributes);
  return windowsFit(outHeight, outWidth, image, attributes) ?? [outHeight, outWidth, kernel[3]!];
}

function pooled(image: Shape, attributes: WindowAttributes): Shape | string {
  if (image.length !== 3) return `expected an image [height, width, channels], got ${shapeText(image)}`;
  if (attributes.padding.flat().some((zeros) => zeros !== 0)) return "pools have no padding";
  const { outHeight, outWidth } = geometryOf(image, attributes);
  return windowsFit(outHeight, outWidth, image, attributes) ?? [outHeight, outWidth, image[2]!];
}

function windowsFit(
  outHeight: number,
  outWidth: number,
  image: Shape,
  { window, padding }: WindowAttributes,
): string | undefined {
  if (outHeight >= 1 && outWidth >= 1) return undefined;
  const padded = [image[0]! + padding[0][0] + padding[0][1], image[1]! + padding[1][0] + padding[1][1]];
  return `a window ${shapeText(window)} does not fit an image ${shapeText(image)} (with padding ${shapeText(padded)})`;
}

/** Attributes of a transposed window operation: those of the operation itself, and the shape of its image. */
interface Transposed extends WindowAttributes {
  readonly image: readonly [number, number, number];
}
const transposedSchema = z.strictObject({ ...windowSchema.shape, image: imageSchema });

function onlyWindow({ window, stride, padding }: WindowAttributes): WindowAttributes {
  return { window, stride, padding };
}

/** The image that a transposed window operation gives, if what it is given is of the shape that the image would make. */
function spread(given: Shape, { image, ...attributes }: Transposed): Shape | string {
  const { outHeight, outWidth } = geometryOf(image, attributes);
  return sameShape(given.slice(0, 2), [outHeight, outWidth]) && given.length === 3
    ? image
    : `a value of shape ${shapeText(given)} is not what windows over ${shapeText(image)} give`;
}

/** A tensor seen as [positions, groups, size]. */
interface Grouping {
  readonly positions: number;
  readonly groups: number;
  readonly size: number;
}
const groupingSchema = z.strictObject({
  positions: z.int().min(1),
  groups: z.int().min(1),
  size: z.int().min(1),
});

/** Entries of a tensor, row-major, and the shape of the result. */
interface Entries {
  readonly indices: readonly number[];
  readonly shape: Shape;
}
/** Of one operation: they are written out in the program. */
export const MAX_INDICES = 65_536;
const entriesSchema = z.strictObject({
  indices: z.array(z.int().min(0)).min(1).max(MAX_INDICES),
  shape: z.array(z.int().min(1)).max(4),
});

/** What is wrong with indices, one for each entry of a shape, of `size` entries. */
function chosen(indices: readonly number[], shape: Shape, size: number): string | undefined {
  if (indices.length !== sizeOf(shape))
    return `${indices.length} indices for ${sizeOf(shape)} entries, ${shapeText(shape)}`;
  const wrong = indices.find((index) => index >= size);
  return wrong === undefined ? undefined : `index ${wrong} of ${size} entries`;
}

/** All operations by name. */
export const operations: Readonly<Record<string, Operation>> = {
  // --- leaves ---
  row: {
    attributes: none,
    inputs: [],
    leaf: "row",
    shape: (_inputs, _attributes, { row }) => row,
    flop: () => 0,
  },
  label: { attributes: none, inputs: [], leaf: "label", shape: () => [], flop: () => 0 },
  parameter: parameterLeaf(),
  /** A second vector of the parameters' shapes, which derivatives are not taken of: the v of a Hessian-vector product. */
  direction: parameterLeaf(),
  constant: {
    attributes: z.strictObject({ value: z.number() }),
    inputs: [],
    leaf: "constant",
    shape: () => [],
    flop: () => 0,
  },

  // --- one value ---
  affine: define<{ readonly scale: number; readonly offset: number }>({
    attributes: z.strictObject({ scale: z.number(), offset: z.number() }),
    inputs: ["value"],
    shape: ([a]) => a!,
    flop: (_, output) => 2 * sizeOf(output),
    pull: (graph, { cotangent, attributes: { scale } }) => [value(affine(graph, cotangent, scale))],
  }),
  /** max(z, 0), derivative 0 at 0. */
  relu: unary(1, (graph, { inputs, cotangent }) => times(graph, cotangent, graph.add("step", [inputs[0]!]))),
  /** 1 where z > 0, else 0. */
  step: unary(1),
  tanh: unary(ELEMENTARY, (graph, { output, cotangent }) =>
    times(graph, cotangent, affine(graph, times(graph, output, output), -1, 1)),
  ),
  sigmoid: unary(ELEMENTARY, (graph, { output, cotangent }) => sigmoidSlope(graph, output, cotangent)),
  /** log(1 + e^z) */
  softplus: unary(2 * ELEMENTARY, (graph, { inputs, cotangent }) =>
    times(graph, cotangent, graph.add("sigmoid", inputs)),
  ),
  exp: unary(ELEMENTARY, (graph, { output, cotangent }) => times(graph, cotangent, output)),
  log: unary(ELEMENTARY, (graph, { inputs, cotangent }) => graph.add("divide", [cotangent, inputs[0]!])),
  sqrt: unary(1, (graph, { output, cotangent }) =>
    affine(graph, graph.add("divide", [cotangent, output]), 0.5),
  ),
  /** The nearest number to z within [-limit, limit]. */
  clip: define<{ readonly limit: number }>({
    attributes: z.strictObject({ limit: z.number().positive() }),
    inputs: ["value"],
    shape: ([a]) => a!,
    flop: (_, output) => 2 * sizeOf(output),
    pull: (graph, { inputs, cotangent, attributes }) => [
      value(times(graph, cotangent, graph.add("within", [inputs[0]!], attributes))),
    ],
  }),
  /** 1 where |z| <= limit, else 0. */
  within: define<{ readonly limit: number }>({
    attributes: z.strictObject({ limit: z.number().positive() }),
    inputs: ["value"],
    shape: ([a]) => a!,
    flop: (_, output) => 2 * sizeOf(output),
  }),
  reshape: define<{ readonly shape: Shape }>({
    attributes: z.strictObject({ shape: z.array(z.int().min(1)).max(4) }),
    inputs: ["value"],
    shape: ([a], { shape }) =>
      sizeOf(a!) === sizeOf(shape)
        ? shape
        : `${shapeText(a!)} has ${sizeOf(a!)} entries, ${shapeText(shape)} ${sizeOf(shape)}`,
    flop: () => 0,
    pull: (graph, { inputs, cotangent }) => [
      value(graph.add("reshape", [cotangent], { shape: graph.shapeOf(inputs[0]!) })),
    ],
  }),

  // --- entries taken out and put in ---
  /** out[i] = a[indices[i]], both row-major: slices, transposes, and any other choice of entries. */
  gather: define<Entries>({
    attributes: entriesSchema,
    inputs: ["value"],
    shape: ([a], { indices, shape }) => chosen(indices, shape, sizeOf(a!)) ?? shape,
    flop: (_, output) => sizeOf(output),
    pull: (graph, { inputs: [a], cotangent, attributes: { indices } }) => [
      value(graph.add("scatter", [cotangent], { indices, shape: graph.shapeOf(a!) })),
    ],
  }),
  /** The transpose of `gather`: out[indices[i]] += a[i], onto +0, in order of i. */
  scatter: define<Entries>({
    attributes: entriesSchema,
    inputs: ["value"],
    shape: ([a], { indices, shape }) => chosen(indices, a!, sizeOf(shape)) ?? shape,
    flop: ([a]) => sizeOf(a!),
    pull: (graph, { inputs: [a], cotangent, attributes: { indices } }) => [
      value(graph.add("gather", [cotangent], { indices, shape: graph.shapeOf(a!) })),
    ],
  }),

  // --- two values of one shape ---
  add: binary((_, { cotangent }) => [value(cotangent), value(cotangent)]),
  subtract: binary((graph, { cotangent }) => [value(cotangent), value(affine(graph, cotangent, -1))]),
  multiply: binary((graph, { inputs: [a, b], cotangent }) => [
    value(times(graph, cotangent, b!)),
    value(times(graph, cotangent, a!)),
  ]),
  divide: binary((graph, { inputs, output, cotangent }) => {
    const quotient = graph.add("divide", [cotangent, inputs[1]!]);
    return [value(quotient), value(affine(graph, times(graph, quotient, output), -1))];
  }),

  // --- a value and a parameter ---
  /** a W, for a of shape [..., in] and W [in, out]. */
  matmul: {
    attributes: none,
    inputs: ["value", "parameter"],
    shape: ([a, w]) => vectorsTimes(a!, w!, 0),
    flop: ([a, w]) => 2 * sizeOf(a!) * w![1]!,
    pull: (graph, { inputs: [a, w], cotangent }) => [
      value(graph.add("matmulTransposed", [cotangent, w!])),
      { accumulate: { kind: "matmul", left: a!, right: cotangent } },
    ],
  },
  /** a W^T, for a of shape [..., out] and W [in, out]. */
  matmulTransposed: {
    attributes: none,
    inputs: ["value", "parameter"],
    shape: ([a, w]) => vectorsTimes(a!, w!, 1),
    flop: ([a, w]) => 2 * sizeOf(a!) * w![0]!,
    pull: (graph, { inputs: [a, w], cotangent }) => [
      value(graph.add("matmul", [cotangent, w!])),
      { accumulate: { kind: "matmul", left: cotangent, right: a! } },
    ],
  },
  addChannels: {
    attributes: none,
    inputs: ["value", "parameter"],
    shape: channels,
    flop: (_, output) => sizeOf(output),
    pull: (_, { cotangent }) => [value(cotangent), { accumulate: { kind: "positions", right: cotangent } }],
  },
  multiplyChannels: {
    attributes: none,
    inputs: ["value", "parameter"],
    shape: channels,
    flop: (_, output) => sizeOf(output),
    pull: (graph, { inputs: [a, p], cotangent }) => [
      value(graph.add("multiplyChannels", [cotangent, p!])),
      { accumulate: { kind: "positions", right: times(graph, cotangent, a!) } },
    ],
  },
  /** out[y, x, c] = sum over taps (i, j) and channels q of a[y s + i - top, x s + j - left, q] W[i, j, q, c]. */
  conv2d: define<WindowAttributes>({
    attributes: windowSchema,
    inputs: ["value", "parameter"],
    shape: ([a, w], attributes) => convolved(a!, w!, attributes),
    flop: ([, w], output) => 2 * sizeOf(output) * w![0]! * w![1]! * w![2]!,
    pull: (graph, { inputs: [a, w], cotangent, attributes }) => [
      value(graph.add("conv2dTransposed", [cotangent, w!], { ...attributes, image: graph.shapeOf(a!) })),
      { accumulate: { kind: "conv2d", left: a!, right: cotangent, attributes } },
    ],
  }),
  /** The image that gives each tap its share: conv2d's transpose as a linear map of a. */
  conv2dTransposed: define<Transposed>({
    attributes: transposedSchema,
    inputs: ["value", "parameter"],
    shape: ([c, w], { image, ...attributes }) => {
      const output = convolved(image, w!, attributes);
      if (typeof output === "string") return output;
      return sameShape(output, c!)
        ? image
        : `a value of shape ${shapeText(c!)} is not what a convolution of ${shapeText(image)} gives, ${shapeText(output)}`;
    },
    flop: ([c, w]) => 2 * sizeOf(c!) * w![0]! * w![1]! * w![2]!,
    pull: (graph, { inputs: [c, w], cotangent, attributes }) => [
      value(graph.add("conv2d", [cotangent, w!], onlyWindow(attributes) as unknown as Attributes)),
      { accumulate: { kind: "conv2d", left: cotangent, right: c!, attributes: onlyWindow(attributes) } },
    ],
  }),

  // --- windows without parameters ---
  /** Of each window the entries of `a` where `by` is largest; of equal ones the first in row-major order. */
  maxPoolPick: define<WindowAttributes>({
    attributes: windowSchema,
    inputs: ["value", "value"],
    shape: ([a, by], attributes) =>
      sameShape(a!, by!) ? pooled(a!, attributes) : `shapes ${shapeText(a!)} and ${shapeText(by!)} differ`,
    flop: ([a]) => sizeOf(a!),
    pull: (graph, { inputs: [, by], cotangent, attributes }) => [
      value(graph.add("maxPoolPlace", [cotangent, by!], attributes as unknown as Attributes)),
      undefined,
    ],
  }),
  /** The transpose of `maxPoolPick` as a linear map of a. */
  maxPoolPlace: define<WindowAttributes>({
    attributes: windowSchema,
    inputs: ["value", "value"],
    shape: ([c, by], attributes) => {
      const output = pooled(by!, attributes);
      if (typeof output === "string") return output;
      return sameShape(output, c!) ? by! : `shapes ${shapeText(c!)} and ${shapeText(output)} differ`;
    },
    flop: ([, by]) => sizeOf(by!),
    pull: (graph, { inputs: [, by], cotangent, attributes }) => [
      value(graph.add("maxPoolPick", [cotangent, by!], attributes as unknown as Attributes)),
      undefined,
    ],
  }),
  /** The largest of each window; of equal ones the first in row-major order has the whole derivative. */
  maxPool2d: define<WindowAttributes>({
    attributes: windowSchema,
    inputs: ["value"],
    shape: ([a], attributes) => pooled(a!, attributes),
    flop: ([a]) => sizeOf(a!),
    pull: (graph, { inputs: [a], cotangent, attributes }) => [
      value(graph.add("maxPoolPlace", [cotangent, a!], attributes as unknown as Attributes)),
    ],
  }),
  /** The sum of each window. */
  sumPool2d: define<WindowAttributes>({
    attributes: windowSchema,
    inputs: ["value"],
    shape: ([a], attributes) => pooled(a!, attributes),
    flop: (_, output) => 4 * sizeOf(output),
    pull: (graph, { inputs: [a], cotangent, attributes }) => [
      value(graph.add("sumPoolTransposed", [cotangent], { ...attributes, image: graph.shapeOf(a!) })),
    ],
  }),
  sumPoolTransposed: define<Transposed>({
    attributes: transposedSchema,
    inputs: ["value"],
    shape: ([c], attributes) => spread(c!, attributes),
    flop: ([c], _output) => 4 * sizeOf(c!),
    pull: (graph, { cotangent, attributes }) => [
      value(graph.add("sumPool2d", [cotangent], onlyWindow(attributes) as unknown as Attributes)),
    ],
  }),

  // --- sums and their transposes ---
  /** [positions, groups, size] -> [groups]: over positions, then over the entries of the group, in order. */
  sumGroups: define<Grouping>({
    attributes: groupingSchema,
    inputs: ["value"],
    shape: ([a], grouping) => fits(a!, grouping) ?? groupsShape(grouping),
    flop: ([a]) => sizeOf(a!),
    pull: (graph, { inputs: [a], cotangent, attributes }) => [
      value(graph.add("spreadGroups", [cotangent], { ...attributes, shape: graph.shapeOf(a!) })),
    ],
  }),
  /** Every entry its group's value. */
  spreadGroups: define<Grouping & { readonly shape: Shape }>({
    attributes: z.strictObject({ ...groupingSchema.shape, shape: z.array(z.int().min(1)).max(4) }),
    inputs: ["value"],
    shape: ([a], { shape, ...grouping }) =>
      sameShape(a!, groupsShape(grouping))
        ? (fits(shape, grouping) ?? shape)
        : `expected ${grouping.groups} groups, got ${shapeText(a!)}`,
    flop: () => 0,
    pull: (graph, { cotangent, attributes: { positions, groups, size } }) => [
      value(graph.add("sumGroups", [cotangent], { positions, groups, size })),
    ],
  }),
  /** The largest entry; its derivative is taken as zero (for the shift of a softmax, which changes nothing). */
  largest: {
    attributes: none,
    inputs: ["value"],
    shape: ([a]) => (a!.length === 1 ? [] : `expected a vector, got ${shapeText(a!)}`),
    flop: ([a]) => sizeOf(a!),
  },
  /** The entry that the label names. */
  pick: {
    attributes: none,
    inputs: ["value", "value"],
    shape: ([a, label]) =>
      a!.length === 1 && label!.length === 0
        ? []
        : `expected a vector and a label, got ${shapeText(a!)} and ${shapeText(label!)}`,
    flop: () => 0,
    pull: (graph, { inputs: [a, label], cotangent }) => [
      value(graph.add("place", [cotangent, label!], { size: sizeOf(graph.shapeOf(a!)) })),
      undefined,
    ],
  },
  /** A vector of zeros but for the entry that the label names. */
  place: define<{ readonly size: number }>({
    attributes: z.strictObject({ size: z.int().min(1) }),
    inputs: ["value", "value"],
    shape: ([a, label], { size }) =>
      a!.length === 0 && label!.length === 0
        ? [size]
        : `expected two scalars, got ${shapeText(a!)} and ${shapeText(label!)}`,
    flop: () => 0,
    pull: (graph, { inputs: [, label], cotangent }) => [
      value(graph.add("pick", [cotangent, label!])),
      undefined,
    ],
  }),
};

function groupsShape({ groups }: Grouping): Shape {
  return groups === 1 ? [] : [groups];
}

function fits(shape: Shape, { positions, groups, size }: Grouping): string | undefined {
  return sizeOf(shape) === positions * groups * size
    ? undefined
    : `${shapeText(shape)} is not ${positions} x ${groups} x ${size} entries`;
}

export function isOperation(name: string): boolean {
  return Object.hasOwn(operations, name);
}
