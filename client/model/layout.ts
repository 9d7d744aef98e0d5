/** How a run's x is laid out: tensors by name, one after the other. */
import type { Manifest } from "../../shared/data/index.ts";
import type { RunSpec } from "../../shared/protocol/index.ts";

/** A tensor within x, row-major. */
export interface NamedBlock {
  readonly name: string;
  readonly shape: readonly number[];
  /** Its first entry in x. */
  readonly offset: number;
}

export interface Layout {
  /** d */
  readonly dimension: number;
  readonly blocks: readonly NamedBlock[];
  /** Of the entries of x, where it has one a feature and the features have names. */
  readonly features?: readonly string[];
}

/** The layout of a problem's x over a data set. */
export async function layoutOf(_spec: Pick<RunSpec, "problem">, manifest: Manifest): Promise<Layout> {
  const { dimension } = manifest;
  const blocks = [{ name: "weights", shape: [dimension], offset: 0 }];
  const features = featureNames(blocks, manifest);
  return { dimension, blocks, ...(features === undefined ? {} : { features }) };
}

/** One name an entry of x; a data set knows the names of its first features only where it was given more than its file has. */
function featureNames(
  blocks: readonly NamedBlock[],
  { dimension, features }: Manifest,
): readonly string[] | undefined {
  const perFeature =
    blocks.length === 1 && blocks[0]!.shape.length === 1 && blocks[0]!.shape[0] === dimension;
  const { names } = features ?? {};
  if (!perFeature || names === undefined) return undefined;
  return Array.from({ length: dimension }, (_, j) => names[j] ?? "");
}
