/** Where everything lies while a graph runs: which nodes are computed, and which of their buffers share memory. */
import type { Accumulation, RowGraph } from "./differentiate.ts";
import { operations } from "./operations.ts";
import type { ProgramNode } from "./program.ts";
import { sizeOf } from "./shape.ts";
import { geometryOf, isPointwise, type WindowAttributes } from "./window.ts";

/** One thing to do for a block of rows. */
export type Step =
  | { readonly kind: "node"; readonly index: number }
  | { readonly kind: "accumulate"; readonly index: number };

/** A parameter (or direction) leaf that products are taken with. */
export interface Factor {
  readonly leaf: number;
  readonly transposed: boolean;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** Of each computed node that is a value of the row: its buffer's first entry, for one row. Others: undefined. */
  readonly values: readonly (number | undefined)[];
  /** Entries of all values, for one row. */
  readonly rowEntries: number;
  /** Parameters that are factors of products, as they are or transposed. */
  readonly factors: readonly Factor[];
  /** Most entries of one image's patches. */
  readonly patchEntries: number;
  readonly usesDirection: boolean;
  /** Floating-point operations for one row. */
  readonly flop: number;
}

/** Buffers begin at multiples of 64 bytes in float64: 16 entries of float32, or 8 of float64, are such a line. */
const ALIGNMENT = 16;

export function aligned(entries: number): number {
  return Math.ceil(entries / ALIGNMENT) * ALIGNMENT;
}

/** Plans the loss, the outputs and the accumulations of a graph; what they don't need is left out. */
export function planOf(graph: RowGraph): Plan {
  const needed = neededNodes(graph);
  const steps = stepsOf(graph, needed);
  const { values, rowEntries } = placeValues(graph, needed, steps);
  return {
    steps,
    values,
    rowEntries,
    factors: factorsOf(graph, needed),
    patchEntries: patchesOf(graph, needed),
    usesDirection: graph.nodes.some(({ op }, index) => op === "direction" && needed[index]),
    flop: flopOf(graph, needed),
  };
}

/** The values that an accumulation reads. */
function operands(accumulation: Accumulation): number[] {
  return accumulation.kind === "positions" ? [accumulation.right] : [accumulation.left, accumulation.right];
}

function neededNodes({ nodes, loss, outputs, accumulations }: RowGraph): boolean[] {
  const needed = new Array<boolean>(nodes.length).fill(false);
  for (const root of [loss, outputs, ...accumulations.flatMap(operands)]) needed[root] = true;
  for (let index = nodes.length - 1; index >= 0; index--) {
    if (needed[index]) for (const input of nodes[index]!.inputs) needed[input] = true;
  }
  return needed;
}

/** Nodes in order; each accumulation as soon as its operands are there, so that their buffers are soon free. */
function stepsOf({ nodes, accumulations }: RowGraph, needed: readonly boolean[]): Step[] {
  const after = new Map<number, number[]>();
  for (const [index, accumulation] of accumulations.entries()) {
    const last = Math.max(...operands(accumulation));
    after.set(last, [...(after.get(last) ?? []), index]);
  }
  const steps: Step[] = [];
  for (const [index, { op }] of nodes.entries()) {
    const leaf = operations[op]!.leaf;
    if (needed[index] && (leaf === undefined || leaf === "constant")) steps.push({ kind: "node", index });
    for (const accumulation of after.get(index) ?? [])
      steps.push({ kind: "accumulate", index: accumulation });
  }
  return steps;
}

/**
 * Buffers by first fit: a value's is free after the last step that reads it. Rows and labels are written once for both
 * points of a pair, and loss and outputs are read afterwards: theirs stay.
 */
function placeValues(
  { nodes, loss, outputs, accumulations }: RowGraph,
  needed: readonly boolean[],
  steps: readonly Step[],
): Pick<Plan, "values" | "rowEntries"> {
  const owner = ownersOf(nodes);
  const lastRead = new Map<number, number>();
  for (const [at, step] of steps.entries()) {
    const read = step.kind === "node" ? nodes[step.index]!.inputs : operands(accumulations[step.index]!);
    for (const value of read) lastRead.set(owner[value]!, at);
  }
  const kept = new Set([owner[loss]!, owner[outputs]!]);
  const space = new Space();
  const values = new Array<number | undefined>(nodes.length).fill(undefined);
  for (const [index, { op, shape }] of nodes.entries()) {
    if (!needed[index] || (op !== "row" && op !== "label")) continue;
    kept.add(index);
    values[index] = space.take(sizeOf(shape));
  }
  for (const [at, step] of steps.entries()) {
    if (step.kind === "node") {
      const { index } = step;
      values[index] =
        owner[index] === index ? space.take(sizeOf(nodes[index]!.shape)) : values[owner[index]!];
    }
    const read =
      step.kind === "node"
        ? [step.index, ...nodes[step.index]!.inputs]
        : operands(accumulations[step.index]!);
    for (const value of new Set(read.map((node) => owner[node]!))) {
      const start = values[value];
      if (start === undefined || kept.has(value) || (lastRead.get(value) ?? at) > at) continue;
      space.release(start, sizeOf(nodes[value]!.shape));
      kept.add(value); // never again
    }
  }
  return { values, rowEntries: space.end };
}

/** The node whose buffer a value lies in: a reshaped value lies in that of its input. */
function ownersOf(nodes: readonly ProgramNode[]): number[] {
  const owner: number[] = [];
  for (const [index, { op, inputs }] of nodes.entries())
    owner.push(op === "reshape" ? owner[inputs[0]!]! : index);
  return owner;
}

/** Entries given out by first fit. */
class Space {
  end = 0;
  /** Free pieces by their start, none touching another. */
  readonly #free: { start: number; length: number }[] = [];

  take(entries: number): number {
    const length = aligned(entries);
    const at = this.#free.findIndex((piece) => piece.length >= length);
    if (at < 0) {
      this.end += length;
      return this.end - length;
    }
    const piece = this.#free[at]!;
    const { start } = piece;
    piece.start += length;
    piece.length -= length;
    if (piece.length === 0) this.#free.splice(at, 1);
    return start;
  }

  release(start: number, entries: number): void {
    const length = aligned(entries);
    let at = this.#free.findIndex((piece) => piece.start > start);
    if (at < 0) at = this.#free.length;
    this.#free.splice(at, 0, { start, length });
    for (const i of [at, at - 1]) {
      const [left, right] = [this.#free[i], this.#free[i + 1]];
      if (left === undefined || right === undefined || left.start + left.length !== right.start) continue;
      left.length += right.length;
      this.#free.splice(i + 1, 1);
    }
  }
}

const factorOperations = new Map([
  ["matmul", false],
  ["conv2d", false],
  ["matmulTransposed", true],
  ["conv2dTransposed", true],
]);

function factorsOf({ nodes }: RowGraph, needed: readonly boolean[]): Factor[] {
  const factors: Factor[] = [];
  for (const [index, { op, inputs }] of nodes.entries()) {
    const transposed = factorOperations.get(op);
    if (!needed[index] || transposed === undefined) continue;
    const leaf = inputs[1]!;
    if (!factors.some((factor) => factor.leaf === leaf && factor.transposed === transposed)) {
      factors.push({ leaf, transposed });
    }
  }
  return factors;
}

function patchesOf({ nodes, accumulations }: RowGraph, needed: readonly boolean[]): number {
  let most = 0;
  for (const [index, node] of nodes.entries()) {
    if (!needed[index]) continue;
    if (node.op === "conv2d") most = Math.max(most, patchEntries(nodes, node.inputs[0]!, node.attributes));
    if (node.op === "conv2dTransposed") most = Math.max(most, patchEntries(nodes, index, node.attributes));
  }
  for (const accumulation of accumulations) {
    if (accumulation.kind !== "conv2d") continue;
    most = Math.max(most, patchEntries(nodes, accumulation.left, accumulation.attributes));
  }
  return most;
}

function patchEntries(nodes: readonly ProgramNode[], image: number, attributes: object): number {
  const geometry = geometryOf(nodes[image]!.shape, attributes as WindowAttributes);
  if (isPointwise(geometry)) return 0;
  const { outHeight, outWidth, windowHeight, windowWidth, channels } = geometry;
  return outHeight * outWidth * windowHeight * windowWidth * channels;
}

function flopOf({ nodes, accumulations }: RowGraph, needed: readonly boolean[]): number {
  const shape = (node: number) => nodes[node]!.shape;
  let flop = 0;
  for (const [index, node] of nodes.entries()) {
    if (needed[index]) flop += operations[node.op]!.flop(node.inputs.map(shape), node.shape);
  }
  for (const accumulation of accumulations) {
    const right = sizeOf(shape(accumulation.right));
    switch (accumulation.kind) {
      case "positions":
        flop += right;
        break;
      case "matmul":
        flop += 2 * right * shape(accumulation.left).at(-1)!;
        break;
      case "conv2d": {
        const [height, width] = accumulation.attributes.window;
        flop += 2 * right * height * width * shape(accumulation.left).at(-1)!;
      }
    }
  }
  return flop;
}
