/** Programs checked: schema, shapes, limits. */
import * as z from "zod";
import { MarinaError } from "../../base/index.ts";
import { isOperation, operations } from "./operations.ts";
import {
  KERNEL_SET,
  MAX_DIMENSION,
  MAX_NODE_ENTRIES,
  MAX_NODES,
  type ProgramNode,
  type RowProgram,
} from "./program.ts";
import { type Shape, sameShape, shapeText, sizeOf } from "./shape.ts";

const size = z.int().min(1).max(MAX_NODE_ENTRIES);
const shapeSchema = z.array(size).max(4);
const position = z
  .int()
  .min(0)
  .max(MAX_NODES - 1);

const programSchema = z.strictObject({
  kernelSet: z.literal(KERNEL_SET),
  row: shapeSchema,
  label: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("classes"), count: z.int().min(2).max(65_536) }),
    z.strictObject({ kind: z.literal("binary") }),
    z.strictObject({ kind: z.literal("real") }),
    z.strictObject({ kind: z.literal("none") }),
  ]),
  parameters: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(200),
        shape: z.array(z.int().min(1).max(MAX_DIMENSION)).max(4),
        offset: z.int().min(0).max(MAX_DIMENSION),
        start: z.enum(["glorot", "he", "zeros", "ones"]),
      }),
    )
    .min(1)
    .max(MAX_NODES),
  nodes: z
    .array(
      z.strictObject({
        op: z.string().max(40),
        inputs: z.array(position).max(4),
        shape: shapeSchema,
        attributes: z.record(z.string().max(40), z.unknown()),
      }),
    )
    .min(1)
    .max(MAX_NODES),
  loss: position,
  outputs: position,
});

/**
 * A stored program, checked: shapes are worked out again from the operations, so that what runs can't read or write
 * beside its buffers.
 * @throws MarinaError `spec` naming the node.
 */
export function parseProgram(value: unknown, source: string): RowProgram {
  const parsed = programSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new MarinaError("spec", `${source}: ${issue.path.map(String).join(".")}: ${issue.message}`);
  }
  const program: RowProgram = parsed.data;
  checkParameters(program, source);
  for (const [index, node] of program.nodes.entries()) checkNode(program, index, node, source);
  const { loss, outputs, nodes } = program;
  const lossShape = nodes[loss]?.shape;
  if (lossShape === undefined || lossShape.length > 0) {
    throw new MarinaError(
      "spec",
      `${source}: loss: expected a node of shape [], got ${lossShape === undefined ? `node ${loss} of ${nodes.length}` : shapeText(lossShape)}`,
    );
  }
  if (nodes[outputs] === undefined) {
    throw new MarinaError("spec", `${source}: outputs: node ${outputs} of ${nodes.length}`);
  }
  return program;
}

function checkParameters({ parameters }: RowProgram, source: string): void {
  let offset = 0;
  for (const [index, parameter] of parameters.entries()) {
    if (parameter.offset !== offset) {
      throw new MarinaError(
        "spec",
        `${source}: parameters[${index}] (${parameter.name}): expected the offset ${offset}, got ${parameter.offset}`,
      );
    }
    offset += sizeOf(parameter.shape);
  }
  if (offset > MAX_DIMENSION) throw tooManyParameters(offset, source);
}

export function tooManyParameters(dimension: number, source: string): MarinaError {
  return new MarinaError(
    "limit",
    `${source}: ${dimension} parameters, expected at most ${MAX_DIMENSION}; use smaller layers`,
  );
}

function checkNode(program: RowProgram, index: number, node: ProgramNode, source: string): void {
  const where = `${source}: nodes[${index}] (${node.op})`;
  if (!isOperation(node.op)) throw new MarinaError("spec", `${where}: unknown operation`);
  for (const input of node.inputs) {
    if (input >= index) {
      throw new MarinaError("spec", `${where}: input ${input} is not an earlier node`);
    }
  }
  const shape = inferShape(program, node, where);
  if (!sameShape(shape, node.shape)) {
    throw new MarinaError(
      "spec",
      `${where}: expected the shape ${shapeText(shape)}, got ${shapeText(node.shape)}`,
    );
  }
}

/** The shape of a node from its operation and inputs. @throws MarinaError `spec` or `limit`. */
export function inferShape(
  program: Pick<RowProgram, "row" | "parameters" | "nodes">,
  { op, inputs, attributes }: Omit<ProgramNode, "shape">,
  where: string,
): Shape {
  const operation = operations[op]!;
  const parsed = operation.attributes.safeParse(attributes);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new MarinaError(
      "spec",
      `${where}: attributes${["", ...issue.path].map(String).join(".")}: ${issue.message}`,
    );
  }
  if (inputs.length !== operation.inputs.length) {
    throw new MarinaError(
      "spec",
      `${where}: expected ${operation.inputs.length} inputs, got ${inputs.length}`,
    );
  }
  for (const [i, kind] of operation.inputs.entries()) {
    const from = program.nodes[inputs[i]!]!.op;
    const isParameter = from === "parameter" || from === "direction";
    if ((kind === "parameter") !== isParameter) {
      throw new MarinaError(
        "spec",
        `${where}: input ${i} must ${isParameter ? "not " : ""}be a parameter, got the result of "${from}"`,
      );
    }
  }
  const shapes = inputs.map((input) => program.nodes[input]!.shape);
  const shape = operation.shape(shapes, attributes as never, program);
  if (typeof shape === "string") throw new MarinaError("spec", `${where}: ${shape}`);
  if (operation.leaf !== "parameter" && sizeOf(shape) > MAX_NODE_ENTRIES) {
    throw new MarinaError(
      "limit",
      `${where}: ${sizeOf(shape)} entries for a row, shape ${shapeText(shape)}; expected at most ${MAX_NODE_ENTRIES}`,
    );
  }
  return shape;
}

export function tooManyNodes(where: string): MarinaError {
  return new MarinaError("limit", `${where}: more than ${MAX_NODES} nodes; use fewer layers`);
}
