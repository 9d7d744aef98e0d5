/**
 * Runs a graph over blocks of rows. No bit depends on how the rows are cut into blocks: values of a row depend on the row
 * alone, and the sums over rows go on from one block to the next.
 */
import type { Accumulation, RowGraph } from "./differentiate.ts";
import {
  type BinaryOperation,
  binaryOperations,
  type Kernels,
  type UnaryOperation,
  unaryOperations,
} from "./kernels.ts";
import { blockRowsOf, factorShape, type Layout, layoutOf, type PointPlaces } from "./layout.ts";
import { type Plan, planOf } from "./plan.ts";
import { sizeOf } from "./shape.ts";
import { type Geometry, geometryOf, isPointwise, type WindowAttributes } from "./window.ts";

/** Where rows and labels of a block are written. */
export interface BlockInput {
  readonly memory: Float64Array | Float32Array;
  /** Whose memory it is. */
  readonly kernels: Kernels;
  /** First entry of the rows, row-major. */
  readonly rows: number;
  /** First entry of the labels, one a row; undefined where the program does not read them. */
  readonly labels: number | undefined;
}

type Run = (rows: number) => void;

/** A step ready to run, and the node that it computes; undefined where it adds to a parameter's gradient. */
interface ReadyStep {
  readonly run: Run;
  readonly node: number | undefined;
}

/**
 * One graph on one set of kernels, at one point or at a pair of points. A call is `begin`, then for each block `input`,
 * writing rows there, and `block`, then `finish`; runners on the same kernels share memory, so calls must not interleave.
 */
export class Runner {
  readonly #graph: RowGraph;
  readonly #kernels: Kernels;
  readonly #plan: Plan;
  readonly #blockRows: number;
  readonly #layout: Layout;
  readonly #steps: ReadyStep[][];
  readonly #losses: number[];
  #memory: Float64Array | Float32Array;

  constructor(graph: RowGraph, kernels: Kernels, points: 1 | 2, blockRows?: number) {
    this.#graph = graph;
    this.#kernels = kernels;
    this.#plan = planOf(graph);
    this.#blockRows = blockRows ?? blockRowsOf(this.#plan, kernels.precision);
    this.#layout = layoutOf(graph, this.#plan, points, this.#blockRows);
    this.#memory = kernels.memory(0);
    this.#steps = this.#layout.points.map((places) => this.#compile(places));
    this.#losses = this.#layout.points.map(() => 0);
  }

  get blockRows(): number {
    return this.#blockRows;
  }

  /** Starts a call at these points, as many as the runner is for. `direction`: the v of a Hessian-vector product. */
  begin(points: readonly Float64Array[], direction?: Float64Array): void {
    const memory = this.#kernels.memory(this.#layout.entries);
    this.#memory = memory;
    for (const [index, places] of this.#layout.points.entries()) {
      this.#losses[index] = 0;
      this.#load(places.parameter, points[index]!);
      if (direction !== undefined) this.#load(places.direction, direction);
      this.#pack(places);
      for (const [i, accumulation] of this.#graph.accumulations.entries()) {
        const at = places.sums[i]!;
        memory.fill(0, at, at + this.#sizeOf(accumulation.parameter));
      }
    }
  }

  /** Where the next block's rows go. */
  input(): BlockInput {
    const place = (op: string) => {
      const node = this.#graph.nodes.findIndex((candidate) => candidate.op === op);
      const value = node < 0 ? undefined : this.#plan.values[node];
      return value === undefined ? undefined : this.#value(value);
    };
    return { memory: this.#memory, kernels: this.#kernels, rows: place("row")!, labels: place("label") };
  }

  /** Runs the block's rows at every point. */
  block(rows: number): void {
    const loss = this.#value(this.#plan.values[this.#graph.loss]!);
    for (const [point, steps] of this.#steps.entries()) {
      for (const { run } of steps) run(rows);
      let sum = this.#losses[point]!;
      for (let row = 0; row < rows; row++) sum += this.#memory[loss + row]!;
      this.#losses[point] = sum;
    }
  }

  /** Runs a block of one row step by step; what the first non-finite number comes out of, undefined where there is none. */
  firstNonFinite(): string | undefined {
    for (const { run, node } of this.#steps[0]!) {
      run(1);
      if (node === undefined) continue;
      const at = this.#place(node);
      const values = this.#memory.subarray(at, at + sizeOf(this.#shape(node)));
      if (!values.every(Number.isFinite)) return this.#describe(node);
    }
    const out = new Float64Array(this.#graph.parameters.reduce((sum, _, i) => sum + this.#sizeOf(i), 0));
    this.gradient(0, out);
    const at = out.findIndex((value) => !Number.isFinite(value));
    const parameter = this.#graph.parameters.findLast(({ offset }) => offset <= at);
    return at < 0 ? undefined : `the gradient of ${parameter!.name}`;
  }

  /** A node with the parameter that it takes, or the last one before it. */
  #describe(node: number): string {
    const { nodes, parameters, loss } = this.#graph;
    const parameterOf = (index: number) =>
      nodes[index]!.inputs.map((input) => nodes[input]!).find(({ op }) => op === "parameter");
    const own = parameterOf(node);
    let before = node;
    while (before > 0 && parameterOf(before) === undefined) before--;
    const parameter = own ?? parameterOf(before);
    const name = parameter && parameters[parameter.attributes["parameter"] as number]!.name;
    const place = name === undefined ? "" : own === undefined ? `, after ${name}` : ` with ${name}`;
    const pass = node > loss ? " of the gradient" : "";
    return `operation ${node}${pass} ("${nodes[node]!.op}"${place})`;
  }

  /** The outputs of the last block's rows at the last point, [rows, ...outputs]; void at the next block. */
  outputs(rows: number): Float64Array | Float32Array {
    const at = this.#value(this.#plan.values[this.#graph.outputs]!);
    return this.#memory.subarray(at, at + rows * sizeOf(this.#graph.nodes[this.#graph.outputs]!.shape));
  }

  /** The sum of the losses, in order of the rows. */
  loss(point: number): number {
    return this.#losses[point]!;
  }

  /** Writes the sum over the rows of the gradients into out. */
  gradient(point: number, out: Float64Array): void {
    const { accumulations, parameters } = this.#graph;
    const places = this.#layout.points[point]!;
    const seen = new Set<number>();
    out.fill(0);
    for (const [i, { parameter }] of accumulations.entries()) {
      const { offset } = parameters[parameter]!;
      const size = this.#sizeOf(parameter);
      const sum = this.#memory.subarray(places.sums[i]!, places.sums[i]! + size);
      if (seen.has(parameter)) {
        const round = this.#kernels.precision === "float32" ? Math.fround : (x: number) => x;
        for (let j = 0; j < size; j++) out[offset + j] = round(out[offset + j]! + sum[j]!);
      } else out.set(sum, offset);
      seen.add(parameter);
    }
  }

  #sizeOf(parameter: number): number {
    return sizeOf(this.#graph.parameters[parameter]!.shape);
  }

  #load(places: readonly number[], vector: Float64Array): void {
    for (const [index, at] of places.entries()) {
      const { offset } = this.#graph.parameters[index]!;
      this.#memory.set(vector.subarray(offset, offset + this.#sizeOf(index)), at);
    }
  }

  #pack(places: PointPlaces): void {
    for (const [i, factor] of this.#plan.factors.entries()) {
      const from = this.#leaf(factor.leaf, places);
      const [k, n] = factorShape(this.#graph, factor);
      if (factor.transposed) this.#kernels.packTransposed(from, places.factors[i]!, k, n);
      else this.#kernels.pack(from, places.factors[i]!, k, n);
    }
  }

  /** A value's place for a block. */
  #value(start: number): number {
    return this.#layout.values + start * this.#blockRows;
  }

  #compile(places: PointPlaces): ReadyStep[] {
    return this.#plan.steps.flatMap((step) => {
      if (step.kind === "node") {
        const run = this.#compileNode(step.index, places);
        return run === undefined ? [] : { run, node: step.index };
      }
      const accumulation = this.#graph.accumulations[step.index]!;
      return { run: this.#compileAccumulation(accumulation, places.sums[step.index]!), node: undefined };
    });
  }

  #place(node: number): number {
    return this.#value(this.#plan.values[node]!);
  }

  #shape(node: number): readonly number[] {
    return this.#graph.nodes[node]!.shape;
  }

  #compileAccumulation(accumulation: Accumulation, sum: number): Run {
    const k = this.#kernels;
    const right = this.#place(accumulation.right);
    const shape = this.#shape(accumulation.right);
    const columns = shape.at(-1)!;
    const positions = sizeOf(shape) / columns;
    switch (accumulation.kind) {
      case "positions":
        return (rows) => k.addPositions(right, sum, rows * positions, columns);
      case "matmul": {
        const left = this.#place(accumulation.left);
        const inputs = this.#shape(accumulation.left).at(-1)!;
        const packing = this.#layout.packing;
        return (rows) => k.addTransposedProduct(left, right, packing, sum, inputs, rows * positions, columns);
      }
      case "conv2d": {
        const left = this.#place(accumulation.left);
        const image = sizeOf(this.#shape(accumulation.left));
        const g = geometryOf(this.#shape(accumulation.left), accumulation.attributes);
        const taps = g.windowHeight * g.windowWidth * g.channels;
        return (rows) => {
          for (let row = 0; row < rows; row++) {
            const patches = this.#patchesOf(left + row * image, g);
            const from = right + row * positions * columns;
            k.addTransposedProduct(patches, from, this.#layout.packing, sum, taps, positions, columns);
          }
        };
      }
    }
  }

  /** The place of an image's patches. */
  #patchesOf(image: number, geometry: Geometry): number {
    if (isPointwise(geometry)) return image;
    this.#kernels.patches(image, this.#layout.patches, geometry);
    return this.#layout.patches;
  }

  #compileNode(index: number, places: PointPlaces): Run | undefined {
    const k = this.#kernels;
    const { op, inputs, shape, attributes } = this.#graph.nodes[index]!;
    const out = this.#place(index);
    const size = sizeOf(shape);
    const value = (i: number) => this.#place(inputs[i]!);
    if (includes(unaryOperations, op)) {
      const a = value(0);
      return (rows) => k.unary(op as UnaryOperation, a, out, rows * size);
    }
    if (includes(binaryOperations, op)) {
      const [a, b] = [value(0), value(1)];
      return (rows) => k.binary(op as BinaryOperation, a, b, out, rows * size);
    }
    switch (op) {
      case "reshape":
        return undefined;
      case "gather": {
        const a = value(0);
        const from = sizeOf(this.#shape(inputs[0]!));
        const indices = Int32Array.from(attributes["indices"] as readonly number[]);
        return (rows) => this.#gather(a, from, indices, out, rows);
      }
      case "scatter": {
        const a = value(0);
        const indices = Int32Array.from(attributes["indices"] as readonly number[]);
        return (rows) => {
          k.fill(out, rows * size, 0);
          this.#scatter(a, indices, out, size, rows);
        };
      }
      case "constant": {
        const constant = attributes["value"] as number;
        return (rows) => k.fill(out, rows, constant);
      }
      case "affine": {
        const a = value(0);
        const { scale, offset } = attributes as { scale: number; offset: number };
        return (rows) => k.affine(a, out, rows * size, scale, offset);
      }
      case "clip":
      case "within": {
        const a = value(0);
        const limit = attributes["limit"] as number;
        return (rows) => k[op](a, out, rows * size, limit);
      }
      case "matmul":
      case "matmulTransposed": {
        const a = value(0);
        const [from, to] = [this.#shape(inputs[0]!).at(-1)!, shape.at(-1)!];
        const w = this.#factor(inputs[1]!, op === "matmulTransposed", places);
        const positions = size / to;
        return (rows) => k.product(a, w, out, rows * positions, from, to);
      }
      case "addChannels":
      case "multiplyChannels": {
        const a = value(0);
        const p = this.#leaf(inputs[1]!, places);
        const channels = shape.at(-1)!;
        return (rows) => k[op](a, p, out, (rows * size) / channels, channels);
      }
      case "conv2d":
        return this.#convolution(index, places);
      case "conv2dTransposed":
        return this.#convolutionTransposed(index, places);
      case "maxPool2d":
      case "maxPoolPick": {
        const [a, by] = [value(0), value(inputs.length - 1)];
        const g = geometryOf(this.#shape(inputs[0]!), attributes as unknown as WindowAttributes);
        return (rows) => k.maxPoolPick(a, by, out, rows, g);
      }
      case "maxPoolPlace": {
        const [c, by] = [value(0), value(1)];
        const g = geometryOf(shape, attributes as unknown as WindowAttributes);
        return (rows) => k.maxPoolPlace(c, by, out, rows, g);
      }
      case "sumPool2d": {
        const a = value(0);
        const g = geometryOf(this.#shape(inputs[0]!), attributes as unknown as WindowAttributes);
        return (rows) => k.sumPool(a, out, rows, g);
      }
      case "sumPoolTransposed": {
        const c = value(0);
        const g = geometryOf(shape, attributes as unknown as WindowAttributes);
        return (rows) => k.sumPoolTransposed(c, out, rows, g);
      }
      case "sumGroups":
      case "spreadGroups": {
        const a = value(0);
        const grouping = attributes as { positions: number; groups: number; size: number };
        return (rows) => k[op](a, out, rows, grouping.positions, grouping.groups, grouping.size);
      }
      case "largest": {
        const a = value(0);
        const entries = sizeOf(this.#shape(inputs[0]!));
        return (rows) => k.largest(a, out, rows, entries);
      }
      case "pick": {
        const [a, labels] = [value(0), value(1)];
        const entries = sizeOf(this.#shape(inputs[0]!));
        return (rows) => k.pick(a, labels, out, rows, entries);
      }
      case "place": {
        const [a, labels] = [value(0), value(1)];
        return (rows) => k.place(a, labels, out, rows, size);
      }
      default:
        throw new RangeError(`operation "${op}" has no kernel`);
    }
  }

  #gather(a: number, from: number, indices: Int32Array, out: number, rows: number): void {
    const memory = this.#memory;
    const count = indices.length;
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < count; i++) memory[out + row * count + i] = memory[a + row * from + indices[i]!]!;
    }
  }

  /** One addition an entry, which the memory rounds: the same bits whatever the kernels are. */
  #scatter(a: number, indices: Int32Array, out: number, to: number, rows: number): void {
    const memory = this.#memory;
    const count = indices.length;
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < count; i++) memory[out + row * to + indices[i]!]! += memory[a + row * count + i]!;
    }
  }

  /** Where a parameter lies as it is. */
  #leaf(node: number, places: PointPlaces): number {
    const { op, attributes } = this.#graph.nodes[node]!;
    return (op === "direction" ? places.direction : places.parameter)[attributes["parameter"] as number]!;
  }

  /** Where a parameter lies packed. */
  #factor(leaf: number, transposed: boolean, places: PointPlaces): number {
    const index = this.#plan.factors.findIndex(
      (factor) => factor.leaf === leaf && factor.transposed === transposed,
    );
    return places.factors[index]!;
  }

  #convolution(index: number, places: PointPlaces): Run {
    const k = this.#kernels;
    const { inputs, shape, attributes } = this.#graph.nodes[index]!;
    const g = geometryOf(this.#shape(inputs[0]!), attributes as unknown as WindowAttributes);
    const [a, out] = [this.#place(inputs[0]!), this.#place(index)];
    const w = this.#factor(inputs[1]!, false, places);
    const image = sizeOf(this.#shape(inputs[0]!));
    const filters = shape[2]!;
    const windows = g.outHeight * g.outWidth;
    const taps = g.windowHeight * g.windowWidth * g.channels;
    return (rows) => {
      for (let row = 0; row < rows; row++) {
        const patches = this.#patchesOf(a + row * image, g);
        k.product(patches, w, out + row * windows * filters, windows, taps, filters);
      }
    };
  }

  #convolutionTransposed(index: number, places: PointPlaces): Run {
    const k = this.#kernels;
    const { inputs, shape, attributes } = this.#graph.nodes[index]!;
    const g = geometryOf(shape, attributes as unknown as WindowAttributes);
    const [c, out] = [this.#place(inputs[0]!), this.#place(index)];
    const w = this.#factor(inputs[1]!, true, places);
    const image = sizeOf(shape);
    const filters = this.#shape(inputs[0]!)[2]!;
    const windows = g.outHeight * g.outWidth;
    const taps = g.windowHeight * g.windowWidth * g.channels;
    return (rows) => {
      for (let row = 0; row < rows; row++) {
        const from = c + row * windows * filters;
        if (isPointwise(g)) k.product(from, w, out + row * image, windows, filters, taps);
        else {
          k.product(from, w, this.#layout.patches, windows, filters, taps);
          k.addPatches(this.#layout.patches, out + row * image, g);
        }
      }
    };
  }
}

function includes(names: readonly string[], name: string): boolean {
  return names.includes(name);
}
