/**
 * A row program: what one row's loss is, as data. There is no batch axis, so f_i = (1/m) sum over rows of the loss holds
 * by construction, and what would mix rows (batch normalisation) can't be written.
 */
import { type Shape, sizeOf } from "./shape.ts";

/** Version of the set of operations and of the order of their sums: a program means the same bits as long as it stays. */
export const KERNEL_SET = 1;

export const MAX_NODES = 10_000;
/** d at most: a gradient at a pair of points must fit the kernel's memory. */
export const MAX_DIMENSION = 67_108_864;
/** Entries of one node, for one row. */
export const MAX_NODE_ENTRIES = 4_194_304;

/**
 * How a tensor begins: uniform(-a, a) with a = sqrt(6/(in + out)) (glorot) or sqrt(6/in) (he), zeros or ones. The last axis
 * is out, all before it (a convolution's taps too) are in; for glorot a convolution's out counts its taps as well.
 */
export type StartKind = "glorot" | "he" | "zeros" | "ones";

export interface ParameterBlock {
  readonly name: string;
  readonly shape: Shape;
  /** First entry in x. */
  readonly offset: number;
  readonly start: StartKind;
}

/** What a row's label is: an index, a sign, a real number, or nothing (the target is the row itself). */
export type LabelForm =
  | { readonly kind: "classes"; readonly count: number }
  | { readonly kind: "binary" }
  | { readonly kind: "real" }
  | { readonly kind: "none" };

export type Attributes = Readonly<Record<string, unknown>>;

export interface ProgramNode {
  readonly op: string;
  /** Earlier nodes. */
  readonly inputs: readonly number[];
  readonly shape: Shape;
  readonly attributes: Attributes;
}

export interface RowProgram {
  readonly kernelSet: number;
  /** Shape of a row. */
  readonly row: Shape;
  readonly label: LabelForm;
  /** In order of declaration; x is their concatenation, each row-major. */
  readonly parameters: readonly ParameterBlock[];
  readonly nodes: readonly ProgramNode[];
  /** The node that is the row's loss, of shape []. */
  readonly loss: number;
  /** The node that predictions are made of. */
  readonly outputs: number;
}

/** d */
export function dimensionOf(program: Pick<RowProgram, "parameters">): number {
  const last = program.parameters.at(-1);
  return last === undefined ? 0 : last.offset + sizeOf(last.shape);
}

/** JSON with sorted keys and nothing between: equal programs give equal text, hence equal digests. */
export function canonicalProgram(program: RowProgram): string {
  return JSON.stringify(program, (_key, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}
