/** A program while it is written: every node's shape is worked out as it is added. */
import { inferShape, tooManyNodes } from "./check.ts";
import type { NodeWriter } from "./operations.ts";
import { type Attributes, MAX_NODES, type ParameterBlock, type ProgramNode } from "./program.ts";
import type { Shape } from "./shape.ts";

export class GraphWriter implements NodeWriter {
  readonly row: Shape;
  readonly parameters: ParameterBlock[];
  readonly nodes: ProgramNode[];
  /** What is being written, for errors. */
  where: string;
  readonly #leaves = new Map<string, number>();

  constructor(
    row: Shape,
    where: string,
    from?: { parameters: readonly ParameterBlock[]; nodes: readonly ProgramNode[] },
  ) {
    this.row = row;
    this.where = where;
    this.parameters = [...(from?.parameters ?? [])];
    this.nodes = [...(from?.nodes ?? [])];
    for (const [index, node] of this.nodes.entries()) {
      if (node.inputs.length === 0) this.#leaves.set(leafKey(node.op, node.attributes), index);
    }
  }

  /** @throws MarinaError `spec` where shapes don't fit, `limit` where there is too much. */
  add(op: string, inputs: readonly number[], attributes: Attributes = {}): number {
    const key = leafKey(op, attributes);
    const present = inputs.length === 0 ? this.#leaves.get(key) : undefined;
    if (present !== undefined) return present;
    if (this.nodes.length === MAX_NODES) throw tooManyNodes(this.where);
    const shape = inferShape(this, { op, inputs, attributes }, this.where);
    this.nodes.push({ op, inputs, shape, attributes });
    if (inputs.length === 0) this.#leaves.set(key, this.nodes.length - 1);
    return this.nodes.length - 1;
  }

  shapeOf(node: number): Shape {
    return this.nodes[node]!.shape;
  }
}

function leafKey(op: string, attributes: Attributes): string {
  return `${op} ${JSON.stringify(attributes)}`;
}
