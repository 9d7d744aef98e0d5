/**
 * Derivatives of row programs, as longer programs in the same operations: reverse mode, written out.
 *
 * The order is part of what a program means: nodes are visited from the last to the first, and of a value that is used more
 * than once the first cotangent is stored and the others are added to it as they come. Each *use* of a parameter has a
 * sum of its own over the rows; the sums are added in the order of the nodes that use it.
 */
import { type AccumulationForm, type Operation, operations } from "./operations.ts";
import type { ParameterBlock, ProgramNode, RowProgram } from "./program.ts";
import type { Shape } from "./shape.ts";
import type { WindowAttributes } from "./window.ts";
import { GraphWriter } from "./writer.ts";

/** One use's sum over the rows. */
export type Accumulation = AccumulationForm & {
  readonly parameter: number;
  /** The node that uses the parameter. */
  readonly use: number;
};

/** Nodes to compute for each row, and the sums that they make. */
export interface RowGraph {
  readonly row: Shape;
  readonly parameters: readonly ParameterBlock[];
  readonly nodes: readonly ProgramNode[];
  /** A scalar, summed over the rows. */
  readonly loss: number;
  readonly outputs: number;
  /** Of one parameter in increasing order of `use`. */
  readonly accumulations: readonly Accumulation[];
}

/** The program alone: loss and outputs. */
export function lossGraph(program: RowProgram): RowGraph {
  return { ...program, accumulations: [] };
}

/** Loss and gradient with respect to the parameters. */
export function gradientGraph(
  program: Pick<RowProgram, "row" | "parameters" | "nodes" | "loss" | "outputs">,
): RowGraph {
  const { loss, outputs, row } = program;
  const writer = new GraphWriter(row, "the derivative", program);
  const needed = dependsOnParameters(program.nodes);
  const cotangents = new Map<number, number>();
  const accumulations: Accumulation[] = [];
  if (needed[loss]) cotangents.set(loss, writer.add("constant", [], { value: 1 }));
  for (let index = loss; index >= 0; index--) {
    const cotangent = cotangents.get(index);
    const node = program.nodes[index]!;
    const operation = operations[node.op]! as unknown as Operation<object>;
    if (cotangent === undefined || operation.pull === undefined) continue;
    const context = { inputs: node.inputs, output: index, attributes: node.attributes, cotangent };
    const pulled = operation.pull(writer, context);
    for (const [i, share] of pulled.entries()) {
      const input = node.inputs[i]!;
      if (share === undefined || !needed[input]) continue;
      if ("accumulate" in share) {
        const parameter = program.nodes[input]!.attributes["parameter"] as number;
        accumulations.push({ ...share.accumulate, parameter, use: index });
      } else {
        const before = cotangents.get(input);
        cotangents.set(input, before === undefined ? share.node : writer.add("add", [before, share.node]));
      }
    }
  }
  accumulations.sort((a, b) => a.use - b.use);
  return { row, parameters: writer.parameters, nodes: writer.nodes, loss, outputs, accumulations };
}

/**
 * The Hessian times a vector v of the parameters' shapes: the gradient of <grad loss, v>. That product is itself a row
 * program, in which v is a second vector (`direction` leaves): each sum over rows of `gradientGraph`, linear in the place of
 * its parameter, gives <sum, v> = <operation(v), cotangent>.
 */
export function hessianVectorGraph(program: RowProgram): RowGraph {
  const gradient = gradientGraph(program);
  const writer = new GraphWriter(program.row, "the second derivative", gradient);
  let total: number | undefined;
  for (const accumulation of gradient.accumulations) {
    const direction = writer.add("direction", [], { parameter: accumulation.parameter });
    const term = along(writer, accumulation, direction);
    total = total === undefined ? term : writer.add("add", [total, term]);
  }
  const loss = total ?? writer.add("constant", [], { value: 0 });
  return gradientGraph({ ...program, parameters: writer.parameters, nodes: writer.nodes, loss });
}

/** <the sum, v> for one row. */
function along(writer: GraphWriter, accumulation: Accumulation, direction: number): number {
  const { right } = accumulation;
  switch (accumulation.kind) {
    case "matmul":
      return dot(writer, writer.add("matmul", [accumulation.left, direction]), right);
    case "positions":
      return total(writer, writer.add("multiplyChannels", [right, direction]));
    case "conv2d": {
      const attributes: WindowAttributes = accumulation.attributes;
      return dot(writer, writer.add("conv2d", [accumulation.left, direction], { ...attributes }), right);
    }
  }
}

function dot(writer: GraphWriter, a: number, b: number): number {
  return total(writer, writer.add("multiply", [a, b]));
}

function total(writer: GraphWriter, a: number): number {
  const size = writer.shapeOf(a).reduce((product, n) => product * n, 1);
  return writer.add("sumGroups", [a], { positions: 1, groups: 1, size });
}

/** Directions are no parameters: nothing is derived with respect to them. */
function dependsOnParameters(nodes: readonly ProgramNode[]): boolean[] {
  const depends: boolean[] = [];
  for (const { op, inputs } of nodes) {
    depends.push(op === "parameter" || inputs.some((input) => depends[input]));
  }
  return depends;
}
