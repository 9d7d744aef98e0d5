/** Values of a model while it is traced: they have a shape and no numbers. */
import { MarinaError } from "../../base/index.ts";
import type { Attributes } from "./program.ts";
import { type Shape, shapeText } from "./shape.ts";
import { GraphWriter } from "./writer.ts";

/** A value of the row. */
export interface Traced {
  readonly kind: "value";
  readonly shape: Shape;
}

/** A block of x, which operations with parameters take: matmul, conv2d, and add and multiply for one number a channel. */
export interface TracedParameter {
  readonly kind: "parameter";
  readonly shape: Shape;
}

/** Writes the program down. */
export class Tracer {
  readonly writer: GraphWriter;
  readonly #nodes = new WeakMap<object, number>();

  constructor(row: Shape) {
    this.writer = new GraphWriter(row, "model");
  }

  /** A new node. @param where of what errors speak */
  value(op: string, inputs: readonly number[], attributes: Attributes = {}, where = `ops.${op}`): Traced {
    return this.at(this.#add(op, inputs, attributes, where));
  }

  /** A node as a value in the hands of the model. */
  at(node: number): Traced {
    return this.#known({ kind: "value", shape: this.writer.shapeOf(node) } as const, node);
  }

  parameter(node: number): TracedParameter {
    return this.#known({ kind: "parameter", shape: this.writer.shapeOf(node) } as const, node);
  }

  /** The node of what should be a value. @throws MarinaError "spec" for anything else. */
  nodeOf(value: unknown, where: string): number {
    const node = this.#find(value);
    if (node === undefined)
      throw new MarinaError("spec", `${where}: expected a value of this model, got ${describe(value)}`);
    if ((value as Traced | TracedParameter).kind === "parameter") {
      throw new MarinaError(
        "spec",
        `${where}: expected a value of the row, got a parameter ${shapeText((value as TracedParameter).shape)}: parameters come in by ops.matmul and ops.conv2d, and, one number a channel, by ops.add and ops.multiply`,
      );
    }
    return node;
  }

  /** The node of what should be a parameter. @throws MarinaError "spec" for anything else. */
  parameterNode(value: unknown, where: string): number {
    const node = this.#find(value);
    if (node !== undefined && (value as Traced | TracedParameter).kind === "parameter") return node;
    throw new MarinaError(
      "spec",
      `${where}: expected a parameter, got ${node === undefined ? describe(value) : `a value ${shapeText((value as Traced).shape)}`}`,
    );
  }

  isParameter(value: unknown): value is TracedParameter {
    return this.#find(value) !== undefined && (value as Traced | TracedParameter).kind === "parameter";
  }

  #add(op: string, inputs: readonly number[], attributes: Attributes, where: string): number {
    this.writer.where = where;
    return this.writer.add(op, inputs, attributes);
  }

  #find(value: unknown): number | undefined {
    return typeof value === "object" && value !== null ? this.#nodes.get(value) : undefined;
  }

  #known<T extends Traced | TracedParameter>(value: T, node: number): T {
    const guarded = guard(value);
    this.#nodes.set(guarded, node);
    return guarded;
  }
}

const HELD = new Set<string | symbol>(["kind", "shape"]);
/** Asked for by the language where nothing is meant by it: by `await`, and by whatever prints values. */
const UNASKED = new Set<string | symbol>(["then", Symbol.toStringTag, "constructor", "nodeType", "$$typeof"]);

/** Anything but its shape throws. */
function guard<T extends Traced | TracedParameter>(value: T): T {
  const name = value.kind === "parameter" ? "parameter" : "value";
  const refuse = (what: string): never => {
    throw new MarinaError(
      "spec",
      `${what} of a traced ${name} ${shapeText(value.shape)}: it has no numbers while a model is built; write what is meant with ops (for a choice: ops.step, ops.relu, ops.maximum, ops.clip)`,
    );
  };
  return new Proxy(value, {
    get(target, key) {
      if (HELD.has(key)) return Reflect.get(target, key);
      if (UNASKED.has(key)) return undefined;
      if (key === Symbol.toPrimitive || key === "valueOf" || key === "toString" || key === "toJSON")
        return () => refuse("the number or text");
      if (key === Symbol.iterator || key === "length") return refuse("the entries");
      if (typeof key === "symbol") return undefined;
      return refuse(/^\d+$/.test(key) ? `entry ${key}` : `the property ${JSON.stringify(key)}`);
    },
    set: () => refuse("the change"),
    ownKeys: () => refuse("the entries"),
  });
}

export function describe(value: unknown): string {
  if (typeof value === "number") return `the number ${value}`;
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? "an array" : "an object that is none of this model's values";
  return value === undefined ? "undefined" : value === null ? "null" : typeof value;
}
