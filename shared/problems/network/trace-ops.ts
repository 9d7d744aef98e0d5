/** What a model may do to its values: each call is one operation of row programs, or a few. */
import { MarinaError } from "../../base/index.ts";
import { MAX_INDICES } from "./operations.ts";
import { type Shape, sameShape, shapeText, sizeOf } from "./shape.ts";
import { describe, type Traced, type TracedParameter, type Tracer } from "./traced.ts";
import type { WindowAttributes } from "./window.ts";

/** A value of the row or a number that is known now. */
export type Operand = Traced | number;

type Pair = readonly [number, number];

export interface ConvolutionOptions {
  /** Vertical and horizontal step; [1, 1] if left out. */
  readonly stride?: Pair;
  /** Zeros around the image: [[top, bottom], [left, right]]; none if left out. */
  readonly padding?: readonly [Pair, Pair];
}

export interface PoolOptions {
  readonly window: Pair;
  readonly stride: Pair;
}

/** Which entries a sum goes over: all, those of the last axis, or all positions (every axis but the last). */
export type SumOver = "all" | "last" | "positions";

const NO_PADDING = [
  [0, 0],
  [0, 0],
] as const;

/**
 * Shapes are those of one row. In `add`, `subtract`, `multiply`, `divide`, `maximum` and `minimum` both sides have one shape, or
 * one is a number, a scalar (shape []), or has the other's last axes, which is then repeated. A parameter of one axis may stand on the
 * right of `add` and `multiply`: one number for each entry of the last axis.
 */
export class TracedOps {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  add(a: Operand, b: Operand | TracedParameter): Traced {
    if (this.#tracer.isParameter(b)) return this.#channels("addChannels", a, b, "ops.add");
    const [number, value] = numberAnd(a, b);
    if (number !== undefined) return this.#affine(value, 1, number, "ops.add");
    return this.#pair("add", a, b);
  }

  subtract(a: Operand, b: Operand): Traced {
    if (typeof b === "number") return this.#affine(a, 1, -finite(b, "ops.subtract"), "ops.subtract");
    if (typeof a === "number") return this.#affine(b, -1, finite(a, "ops.subtract"), "ops.subtract");
    return this.#pair("subtract", a, b);
  }

  multiply(a: Operand, b: Operand | TracedParameter): Traced {
    if (this.#tracer.isParameter(b)) return this.#channels("multiplyChannels", a, b, "ops.multiply");
    const [number, value] = numberAnd(a, b);
    if (number !== undefined) return this.#affine(value, number, 0, "ops.multiply");
    return this.#pair("multiply", a, b);
  }

  divide(a: Operand, b: Operand): Traced {
    if (typeof b === "number") {
      if (b === 0) throw new MarinaError("spec", "ops.divide: expected another divisor than 0");
      return this.#affine(a, 1 / finite(b, "ops.divide"), 0, "ops.divide");
    }
    if (typeof a === "number") return this.#pair("divide", this.constant(a), b);
    return this.#pair("divide", a, b);
  }

  /** -a */
  negate(a: Traced): Traced {
    return this.#affine(a, -1, 0, "ops.negate");
  }

  /** A number as a value of shape []. */
  constant(value: number): Traced {
    return this.#tracer.value("constant", [], { value: finite(value, "ops.constant") });
  }

  /** max(a, 0), with derivative 0 at 0. */
  relu(a: Traced): Traced {
    return this.#unary("relu", a);
  }

  /** 1 where a > 0, else 0; its derivative is 0. */
  step(a: Traced): Traced {
    return this.#unary("step", a);
  }

  tanh(a: Traced): Traced {
    return this.#unary("tanh", a);
  }

  /** 1/(1 + exp(-a)) */
  sigmoid(a: Traced): Traced {
    return this.#unary("sigmoid", a);
  }

  /** log(1 + exp(a)) */
  softplus(a: Traced): Traced {
    return this.#unary("softplus", a);
  }

  exp(a: Traced): Traced {
    return this.#unary("exp", a);
  }

  log(a: Traced): Traced {
    return this.#unary("log", a);
  }

  sqrt(a: Traced): Traced {
    return this.#unary("sqrt", a);
  }

  /** a^2 */
  square(a: Traced): Traced {
    const node = this.#node(a, "ops.square");
    return this.#tracer.value("multiply", [node, node], {}, "ops.square");
  }

  /** |a|, with derivative 0 at 0. */
  abs(a: Traced): Traced {
    return this.add(this.relu(a), this.relu(this.negate(a)));
  }

  /** The larger one, entry by entry: b + max(a - b, 0). */
  maximum(a: Operand, b: Operand): Traced {
    return this.add(this.relu(this.subtract(a, b)), b);
  }

  /** The smaller one, entry by entry: a - max(a - b, 0). */
  minimum(a: Operand, b: Operand): Traced {
    return this.subtract(a, this.relu(this.subtract(a, b)));
  }

  /** The nearest number within [-limit, limit]. */
  clip(a: Traced, limit: number): Traced {
    if (!(limit > 0 && limit < Infinity))
      throw new MarinaError("spec", `ops.clip: expected a positive limit, got ${limit}`);
    return this.#tracer.value("clip", [this.#node(a, "ops.clip")], { limit });
  }

  /** a W, for a [..., in] and W [in, out]. */
  matmul(a: Traced, w: TracedParameter): Traced {
    return this.#tracer.value("matmul", [this.#node(a, "ops.matmul"), this.#parameter(w, "ops.matmul")]);
  }

  /** a W^T, for a [..., out] and W [in, out]. */
  matmulTransposed(a: Traced, w: TracedParameter): Traced {
    const where = "ops.matmulTransposed";
    return this.#tracer.value("matmulTransposed", [this.#node(a, where), this.#parameter(w, where)]);
  }

  /** A correlation of an image [height, width, in] with W [height, width, in, out]. */
  conv2d(
    a: Traced,
    w: TracedParameter,
    { stride = [1, 1], padding = NO_PADDING }: ConvolutionOptions = {},
  ): Traced {
    const inputs = [this.#node(a, "ops.conv2d"), this.#parameter(w, "ops.conv2d")];
    const [height, width] = w.shape;
    return this.#tracer.value("conv2d", inputs, { window: [height, width], stride, padding });
  }

  /** The largest entry of each window, channel by channel; what is left over at the end is dropped. */
  maxPool2d(a: Traced, options: PoolOptions): Traced {
    return this.#tracer.value("maxPool2d", [this.#node(a, "ops.maxPool2d")], windowOf(options));
  }

  /** The mean of each window. */
  avgPool2d(a: Traced, options: PoolOptions): Traced {
    const sums = this.#tracer.value(
      "sumPool2d",
      [this.#node(a, "ops.avgPool2d")],
      windowOf(options),
      "ops.avgPool2d",
    );
    return this.#affine(sums, 1 / (options.window[0] * options.window[1]), 0, "ops.avgPool2d");
  }

  reshape(a: Traced, shape: Shape): Traced {
    return this.#tracer.value("reshape", [this.#node(a, "ops.reshape")], { shape: [...shape] });
  }

  /** As a vector, row-major. */
  flatten(a: Traced): Traced {
    return this.#reshaped(a, [sizeOf(a.shape)]);
  }

  /** Entries `from` to `to` (not included) of an axis, counted from 0. */
  slice(a: Traced, axis: number, from: number, to: number): Traced {
    const size = sizeOfAxis(a, axis, "ops.slice");
    if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to <= from || to > size) {
      const expected = `0 <= from < to <= ${size}, whole numbers`;
      throw new MarinaError("spec", `ops.slice: expected ${expected}, got ${from} and ${to}`);
    }
    const indices = Array.from({ length: to - from }, (_, i) => from + i);
    return this.#along(a, axis, indices, "ops.slice");
  }

  /** These entries of an axis, in this order; some may come several times. They are the same for every row. */
  gather(a: Traced, axis: number, indices: readonly number[]): Traced {
    const size = sizeOfAxis(a, axis, "ops.gather");
    const wrong = indices.find((index) => !Number.isInteger(index) || index < 0 || index >= size);
    if (wrong !== undefined || indices.length === 0) {
      const got = wrong === undefined ? "none" : String(wrong);
      throw new MarinaError("spec", `ops.gather: expected indices of 0 to ${size - 1}, got ${got}`);
    }
    return this.#along(a, axis, indices, "ops.gather");
  }

  /** The axes in another order; left out, the last one first. */
  transpose(
    a: Traced,
    axes: readonly number[] = a.shape.map((_, axis) => a.shape.length - 1 - axis),
  ): Traced {
    const node = this.#node(a, "ops.transpose");
    const { shape } = a;
    if (
      !sameShape(
        [...axes].sort(),
        shape.map((_, axis) => axis),
      )
    ) {
      throw new MarinaError(
        "spec",
        `ops.transpose: expected each of the ${shape.length} axes of ${shapeText(shape)} once, got ${shapeText(axes)}`,
      );
    }
    const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
    const turned = axes.map((axis) => shape[axis]!);
    const indices = Array.from({ length: sizeOf(shape) }, (_, at) => {
      let index = 0;
      let rest = at;
      for (let axis = turned.length - 1; axis >= 0; axis--) {
        index += (rest % turned[axis]!) * strides[axes[axis]!]!;
        rest = Math.floor(rest / turned[axis]!);
      }
      return index;
    });
    return this.#entries("gather", node, indices, turned, "ops.transpose");
  }

  /** Values one behind the other along an axis; all other axes are the same. */
  concat(values: readonly Traced[], axis: number): Traced {
    const nodes = values.map((value) => this.#node(value, "ops.concat"));
    const [first] = values;
    if (first === undefined) throw new MarinaError("spec", "ops.concat: expected a value, got none");
    const without = (shape: Shape) => shape.filter((_, at) => at !== axis);
    const sizes = values.map((value) => sizeOfAxis(value, axis, "ops.concat"));
    const other = values.find(({ shape }) => !sameShape(without(shape), without(first.shape)));
    if (other !== undefined) {
      throw new MarinaError(
        "spec",
        `ops.concat: shapes ${shapeText(first.shape)} and ${shapeText(other.shape)} differ beside axis ${axis}`,
      );
    }
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const shape = first.shape.map((size, at) => (at === axis ? total : size));
    let from = 0;
    const parts = nodes.map((node, i) => {
      const places = Array.from({ length: sizes[i]! }, (_, at) => from + at);
      from += sizes[i]!;
      return this.#entries("scatter", node, alongAxis(shape, axis, places), shape, "ops.concat");
    });
    return parts.reduce((sum, part) => this.#pair("add", sum, part));
  }

  sum(a: Traced, over: SumOver = "all"): Traced {
    const node = this.#node(a, "ops.sum");
    const { shape } = a;
    const size = sizeOf(shape);
    const last = shape.at(-1) ?? 1;
    const grouping =
      over === "all"
        ? { positions: 1, groups: 1, size }
        : over === "last"
          ? { positions: 1, groups: size / last, size: last }
          : { positions: size / last, groups: last, size: 1 };
    const sums = this.#tracer.value("sumGroups", [node], grouping, "ops.sum");
    return this.#reshaped(sums, over === "all" ? [] : over === "last" ? shape.slice(0, -1) : shape.slice(-1));
  }

  mean(a: Traced, over: SumOver = "all"): Traced {
    const sum = this.sum(a, over);
    return this.#affine(sum, sizeOf(sum.shape) / sizeOf(a.shape), 0, "ops.mean");
  }

  /** The sum of the products of the entries. */
  dot(a: Traced, b: Traced): Traced {
    return this.sum(this.multiply(a, b));
  }

  /** The largest entry of a vector; its derivative is taken as 0, as for a shift that changes nothing. */
  largest(a: Traced): Traced {
    return this.#unary("largest", a);
  }

  /** log of the sum of exp(a), without overflow. */
  logSumExp(a: Traced): Traced {
    const top = this.largest(a);
    return this.add(this.log(this.sum(this.exp(this.subtract(a, top)))), top);
  }

  /** exp(a - logSumExp(a)) */
  softmax(a: Traced): Traced {
    return this.exp(this.subtract(a, this.logSumExp(a)));
  }

  /** The entry of a vector that the label names. */
  pick(a: Traced, label: Traced): Traced {
    return this.#tracer.value("pick", [this.#node(a, "ops.pick"), this.#node(label, "ops.pick")]);
  }

  /** A vector of zeros with a 1 where the label says. */
  oneHot(label: Traced, size: number): Traced {
    const one = this.#node(this.constant(1), "ops.oneHot");
    return this.#tracer.value("place", [one, this.#node(label, "ops.oneHot")], { size }, "ops.oneHot");
  }

  /** -log softmax(z)[label] */
  softmaxCrossEntropy(z: Traced, label: Traced): Traced {
    const shifted = this.subtract(z, this.largest(z));
    return this.subtract(this.log(this.sum(this.exp(shifted))), this.pick(shifted, label));
  }

  /** Half the sum of (z - target)^2. */
  squaredError(z: Traced, target: Operand): Traced {
    return this.multiply(this.sum(this.square(this.subtract(z, target))), 0.5);
  }

  /** log(1 + exp(-label z)), for one output and a label of +1 or -1. */
  logistic(z: Traced, label: Traced): Traced {
    return this.softplus(this.negate(this.multiply(this.#reshaped(z, []), label)));
  }

  #unary(op: string, a: Traced): Traced {
    return this.#tracer.value(op, [this.#node(a, `ops.${op}`)]);
  }

  #affine(a: unknown, scale: number, offset: number, where: string): Traced {
    finite(scale, where);
    finite(offset, where);
    return this.#tracer.value("affine", [this.#node(a, where)], { scale, offset }, where);
  }

  #channels(op: "addChannels" | "multiplyChannels", a: unknown, p: TracedParameter, where: string): Traced {
    return this.#tracer.value(op, [this.#node(a, where), this.#parameter(p, where)], {}, where);
  }

  #pair(op: string, a: unknown, b: unknown): Traced {
    const where = `ops.${op}`;
    const [left, right] = [this.#node(a, where), this.#node(b, where)];
    const { writer } = this.#tracer;
    const [before, after] = [writer.shapeOf(left), writer.shapeOf(right)];
    const shape = before.length >= after.length ? before : after;
    return this.#tracer.value(
      op,
      [this.#spread(left, shape, after, where), this.#spread(right, shape, before, where)],
      {},
      where,
    );
  }

  /** A value repeated over the axes that it lacks. @param other for errors: the other side's shape */
  #spread(node: number, shape: Shape, other: Shape, where: string): number {
    const { writer } = this.#tracer;
    const own = writer.shapeOf(node);
    if (sameShape(own, shape)) return node;
    if (!sameShape(own, shape.slice(shape.length - own.length))) {
      throw new MarinaError("spec", `${where}: shapes ${shapeText(own)} and ${shapeText(other)} do not fit`);
    }
    const groups = sizeOf(own);
    const grouping = { positions: sizeOf(shape) / groups, groups, size: 1 };
    writer.where = where;
    const flat = groups === 1 ? [] : [groups];
    const from = sameShape(own, flat) ? node : writer.add("reshape", [node], { shape: flat });
    return writer.add("spreadGroups", [from], { ...grouping, shape: [...shape] });
  }

  #along(a: Traced, axis: number, places: readonly number[], where: string): Traced {
    const node = this.#node(a, where);
    const shape = a.shape.map((size, at) => (at === axis ? places.length : size));
    return this.#entries("gather", node, alongAxis(a.shape, axis, places), shape, where);
  }

  #entries(
    op: "gather" | "scatter",
    node: number,
    indices: readonly number[],
    shape: Shape,
    where: string,
  ): Traced {
    if (indices.length > MAX_INDICES) {
      throw new MarinaError(
        "limit",
        `${where}: ${indices.length} entries, expected at most ${MAX_INDICES}: they are written out in the program`,
      );
    }
    return this.#tracer.value(op, [node], { indices: [...indices], shape: [...shape] }, where);
  }

  #reshaped(a: Traced, shape: Shape): Traced {
    return sameShape(a.shape, shape) ? a : this.reshape(a, shape);
  }

  #node(value: unknown, where: string): number {
    return this.#tracer.nodeOf(value, where);
  }

  #parameter(value: unknown, where: string): number {
    return this.#tracer.parameterNode(value, where);
  }
}

/** @throws MarinaError "spec" for an axis that there is not. */
function sizeOfAxis({ shape }: Traced, axis: number, where: string): number {
  const size = shape[axis];
  if (size !== undefined) return size;
  throw new MarinaError(
    "spec",
    `${where}: expected an axis of ${shapeText(shape)}, 0 to ${shape.length - 1}, got ${axis}`,
  );
}

/** Row-major indices of the entries of a tensor whose place on an axis is one of these, in that order. */
function alongAxis(shape: Shape, axis: number, places: readonly number[]): number[] {
  const after = sizeOf(shape.slice(axis + 1));
  const before = sizeOf(shape.slice(0, axis));
  const step = shape[axis]! * after;
  return Array.from({ length: before }, (_, outer) =>
    places.flatMap((place) =>
      Array.from({ length: after }, (_entry, inner) => outer * step + place * after + inner),
    ),
  ).flat();
}

/** The number and the other side, where one of both is a number. */
function numberAnd(a: unknown, b: unknown): readonly [number | undefined, unknown] {
  if (typeof b === "number") return [b, a];
  return typeof a === "number" ? [a, b] : [undefined, a];
}

function finite(value: number, where: string): number {
  if (Number.isFinite(value)) return value;
  throw new MarinaError(
    "spec",
    `${where}: expected a finite number, got ${typeof value === "number" ? value : describe(value)}`,
  );
}

function windowOf({
  window,
  stride,
}: PoolOptions): Readonly<Record<string, WindowAttributes[keyof WindowAttributes]>> {
  return { window, stride, padding: NO_PADDING };
}
