/** How a run's x is laid out, with the names of features where it has one number for each. */
import { dataForm, type Manifest } from "../../shared/data/index.ts";
import { type Layout, type NamedBlock, openProblem } from "../../shared/problems/index.ts";
import type { RunSpec } from "../../shared/protocol/index.ts";

export interface ParameterLayout extends Layout {
  /** Of the entries of x, where it has one a feature and the features have names. */
  readonly features?: readonly string[];
}

/** The layout of a problem's x over a data set. @throws MarinaError "spec" or "limit" where the two do not fit. */
export function layoutOf({ problem }: Pick<RunSpec, "problem">, manifest: Manifest): ParameterLayout {
  const { dimension, blocks } = openProblem(problem, dataForm(manifest)).parameters;
  const features = featureNames(blocks, manifest);
  return { dimension, blocks, ...(features === undefined ? {} : { features }) };
}

/** One name an entry of x; a data set knows the names of its first features only where it was given more than its file has. */
function featureNames(
  blocks: readonly NamedBlock[],
  { featureCount, features }: Manifest,
): readonly string[] | undefined {
  const [block] = blocks;
  const perFeature = blocks.length === 1 && block!.shape.length === 1 && block!.shape[0] === featureCount;
  const { names } = features ?? {};
  if (!perFeature || names === undefined) return undefined;
  return Array.from({ length: featureCount }, (_, j) => names[j] ?? "");
}
