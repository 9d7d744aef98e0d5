/** All problems. Schemas, labels, rules and tests go through this list: a new family is a file and a line here. */
import * as z from "zod";
import { MarinaError } from "../base/index.ts";
import { leastSquares, logistic, nonconvexBinary } from "./linear/linear.ts";
import type {
  DataForm,
  DataLabels,
  Problem,
  ProblemDefinition,
  ProblemSchema,
  SmoothnessRules,
} from "./problem.ts";

export const PROBLEMS = [nonconvexBinary, logistic, leastSquares] as const;

type Definition = (typeof PROBLEMS)[number];
/** A problem as people write it. */
export type ProblemSpec = z.output<Definition["schema"]>;
export type ProblemKind = ProblemSpec["kind"];

const definitions = PROBLEMS as unknown as readonly ProblemDefinition[];
const kindOf = ({ schema }: ProblemDefinition): string => schema.shape.kind.value;
const byKind = new Map(definitions.map((each) => [kindOf(each), each]));

/** In the order of the list. */
export const PROBLEM_KINDS = [...byKind.keys()] as readonly ProblemKind[];

/** The schema of a run's problem. */
export const problemSchema = z
  .discriminatedUnion(
    "kind",
    PROBLEMS.map(({ schema }) => schema) as unknown as [ProblemSchema, ...ProblemSchema[]],
  )
  .describe("The loss f is the mean of, over the rows.") as unknown as z.ZodType<
  ProblemSpec,
  z.input<Definition["schema"]>
>;

/** The definition of a spec's problem. */
export function problemOf({ kind }: { readonly kind: ProblemKind }): ProblemDefinition {
  const definition = byKind.get(kind);
  if (definition === undefined) throw new RangeError(`no problem is called ${JSON.stringify(kind)}`);
  return definition;
}

/**
 * A spec's problem over a data set.
 * @throws MarinaError "spec" or "limit" where the two do not fit.
 */
export function openProblem(spec: ProblemSpec, data: DataForm): Problem {
  const definition = problemOf(spec);
  checkLabels(definition.labels(spec), spec, data);
  return definition.open(spec, data);
}

/** A problem in a few words: "logistic, l2 0.01". */
export function problemLabel(spec: ProblemSpec): string {
  return problemOf(spec).label(spec);
}

/** Why there are no constants that a step size by theory could be made of; undefined where there are. */
export function whyNoSmoothness(spec: Pick<ProblemSpec, "kind">): string | undefined {
  const { smoothness } = problemOf(spec);
  return "unknown" in smoothness ? smoothness.unknown : undefined;
}

/** How a problem's constants are worked out; undefined where there are none: see `whyNoSmoothness`. */
export function smoothnessRules(spec: Pick<ProblemSpec, "kind">): SmoothnessRules<ProblemSpec> | undefined {
  const { smoothness } = problemOf(spec);
  return "unknown" in smoothness ? undefined : (smoothness as SmoothnessRules<ProblemSpec>);
}

const NOUNS: Readonly<Record<DataLabels["kind"], string>> = {
  binary: "two label values",
  real: "real labels",
  classes: "classes as labels",
};

function checkLabels(
  taken: readonly DataLabels["kind"][],
  spec: ProblemSpec,
  { name, labels }: DataForm,
): void {
  if (taken.includes(labels.kind)) return;
  const others = definitions.filter((each) => each.labels(each.example as never).includes(labels.kind));
  const kinds = others.map((each) => `"${kindOf(each)}"`).join(" or ") || "another data set";
  const how =
    labels.kind === "classes" && taken[0] === "binary"
      ? "one class against all others (--positive LABEL)"
      : `${NOUNS[taken[0]!]} (--labels ${taken[0]})`;
  throw new MarinaError(
    "spec",
    `problem: expected ${kinds}, since data set "${name}" was imported with ${NOUNS[labels.kind]}; ` +
      `for "${spec.kind}" import it again with ${how}`,
  );
}
