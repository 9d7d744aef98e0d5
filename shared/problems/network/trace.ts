/**
 * From a function of one row to a row program: the function is called once with values that are not numbers but write down what is
 * done to them. What can't be written down throws: an `if` on a value, a loop over its entries, a number made of it.
 */
import { MarinaError } from "../../base/index.ts";
import { parseProgram, tooManyParameters } from "./check.ts";
import {
  dimensionOf,
  KERNEL_SET,
  type LabelForm,
  MAX_DIMENSION,
  type RowProgram,
  type StartKind,
} from "./program.ts";
import { type Shape, sameShape, shapeText, sizeOf } from "./shape.ts";
import { TracedOps } from "./trace-ops.ts";
import { type Traced, type TracedParameter, Tracer } from "./traced.ts";

/** How a parameter begins: see `StartKind`. */
export interface ParameterStart {
  readonly start: StartKind;
}

/** What a model is made of, for one row: there is no batch. */
export interface ModelContext {
  readonly row: Traced;
  /** Of shape []: a class's number, +1 or -1, or a real number. */
  readonly label: Traced;
  /** A block of x. Each name once; the order of the calls is the order in x. */
  parameter(name: string, shape: Shape, start?: ParameterStart): TracedParameter;
  readonly ops: TracedOps;
  /** uniform(-a, a), a = sqrt(6/(in + out)); what a parameter of two or more axes begins with if nothing is said. */
  glorot(): ParameterStart;
  /** uniform(-a, a), a = sqrt(6/in): before relu. */
  he(): ParameterStart;
  /** What a parameter of one axis begins with if nothing is said. */
  zeros(): ParameterStart;
  ones(): ParameterStart;
}

export interface ModelResult {
  /** Of shape []. */
  readonly loss: Traced;
  /** What predictions are made of: of classes the largest entry's number, of two classes the sign, else the first entry. */
  readonly outputs: Traced;
}

export type ModelFunction = (context: ModelContext) => ModelResult;

/** What a model's rows are. */
export interface ModelForm {
  readonly row: Shape;
  readonly label: LabelForm;
}

const STARTS: Readonly<Record<StartKind, ParameterStart>> = {
  glorot: { start: "glorot" },
  he: { start: "he" },
  zeros: { start: "zeros" },
  ones: { start: "ones" },
};

/**
 * Calls the function, once, and gives the program.
 * @param source how errors name it
 * @throws MarinaError "spec" or "limit" for what can't be a program; whatever the function throws.
 */
export function traceModel(model: ModelFunction, { row, label }: ModelForm, source: string): RowProgram {
  const tracer = new Tracer(row);
  const result: unknown = model({
    row: tracer.value("row", []),
    label: tracer.value("label", []),
    parameter: (name, shape, start) => parameterOf(tracer, name, shape, start),
    ops: new TracedOps(tracer),
    glorot: () => STARTS.glorot,
    he: () => STARTS.he,
    zeros: () => STARTS.zeros,
    ones: () => STARTS.ones,
  });
  const { loss, outputs } = resultOf(tracer, result, source);
  const { parameters, nodes } = tracer.writer;
  if (parameters.length === 0) {
    throw new MarinaError(
      "spec",
      `${source}: expected a model with at least one parameter, there is none to optimise`,
    );
  }
  const used = reachable({ parameters, nodes, loss, outputs }, source);
  return parseProgram({ kernelSet: KERNEL_SET, row, label, parameters, ...used }, source);
}

/**
 * Only the nodes that loss or outputs are made of, in their order.
 * @throws MarinaError "spec" for a parameter that the loss is not made of: nothing would ever change it.
 */
function reachable(
  { parameters, nodes, loss, outputs }: Pick<RowProgram, "parameters" | "nodes" | "loss" | "outputs">,
  source: string,
): Pick<RowProgram, "nodes" | "loss" | "outputs"> {
  const within = (...roots: readonly number[]): Set<number> => {
    const found = new Set(roots);
    for (let node = nodes.length - 1; node >= 0; node--)
      if (found.has(node)) for (const input of nodes[node]!.inputs) found.add(input);
    return found;
  };
  const trained = within(loss);
  for (const [index, { name }] of parameters.entries()) {
    const leaf = nodes.findIndex(
      ({ op, attributes }) => op === "parameter" && attributes["parameter"] === index,
    );
    if (!trained.has(leaf))
      throw new MarinaError(
        "spec",
        `${source}: parameter ${JSON.stringify(name)} does not go into the loss: it would never change`,
      );
  }
  const kept = [...within(loss, outputs)].sort((a, b) => a - b);
  const place = new Map(kept.map((node, at) => [node, at]));
  const at = (node: number): number => place.get(node)!;
  return {
    nodes: kept.map((node) => ({ ...nodes[node]!, inputs: nodes[node]!.inputs.map(at) })),
    loss: at(loss),
    outputs: at(outputs),
  };
}

function resultOf(
  tracer: Tracer,
  result: unknown,
  source: string,
): { readonly loss: number; readonly outputs: number } {
  const expected = `${source}: expected the model to return { loss, outputs }`;
  if (result instanceof Promise)
    throw new MarinaError("spec", `${expected}, got a promise: a model is no async function`);
  if (typeof result !== "object" || result === null)
    throw new MarinaError("spec", `${expected}, got ${result === null ? "null" : typeof result}`);
  const { loss, outputs } = result as Record<string, unknown>;
  const nodes = {
    loss: tracer.nodeOf(loss, `${source}: loss`),
    outputs: tracer.nodeOf(outputs, `${source}: outputs`),
  };
  const shape = tracer.writer.shapeOf(nodes.loss);
  if (!sameShape(shape, []))
    throw new MarinaError(
      "spec",
      `${source}: loss: expected the shape [] (sum it: ops.sum), got ${shapeText(shape)}`,
    );
  return nodes;
}

const MOST_AXES = 4;

function parameterOf(
  tracer: Tracer,
  name: string,
  shape: Shape,
  start: ParameterStart | undefined,
): TracedParameter {
  const { writer } = tracer;
  const where = `parameter ${JSON.stringify(name)}`;
  const bad = (problem: string) => new MarinaError("spec", `${where}: ${problem}`);
  if (typeof name !== "string" || name === "") throw bad("expected a name");
  if (writer.parameters.some((other) => other.name === name))
    throw bad("is there already; use what the first call gave, or another name");
  const isShape = Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 1);
  if (!isShape || shape.length < 1 || shape.length > MOST_AXES)
    throw bad(
      `expected a shape of 1 to ${MOST_AXES} sizes, such as [784, 128], got ${JSON.stringify(shape)}`,
    );
  const kind = (start ?? (shape.length === 1 ? STARTS.zeros : STARTS.glorot)).start;
  if (!Object.hasOwn(STARTS, kind)) throw bad(`expected glorot(), he(), zeros() or ones() as its start`);
  const offset = dimensionOf(writer);
  if (offset + sizeOf(shape) > MAX_DIMENSION) throw tooManyParameters(offset + sizeOf(shape), where);
  writer.parameters.push({ name, shape: [...shape], offset, start: kind });
  return tracer.parameter(writer.add("parameter", [], { parameter: writer.parameters.length - 1 }));
}
