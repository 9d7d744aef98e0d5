/** All problems. Schemas, labels, rules and tests go through this list: a new family is a file and a line here. */
import * as z from "zod";
import { otherLabels } from "./labels.ts";
import { leastSquares, logistic, nonconvexBinary } from "./linear/linear.ts";
import { network } from "./network/definition.ts";
import { model } from "./network/model.ts";
import type {
  DataForm,
  DataLabels,
  Problem,
  ProblemDefinition,
  ProblemSchema,
  SmoothnessRules,
} from "./problem.ts";

export const PROBLEMS = [nonconvexBinary, logistic, leastSquares, network, model] as const;

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
  const taken = definition.labels(spec);
  if (!taken.includes(data.labels.kind)) throw otherLabels(spec.kind, taken, data, kindsFor(data.labels));
  return definition.open(spec, data);
}

/** The problems whose examples take such labels. */
function kindsFor({ kind }: DataLabels): readonly string[] {
  return definitions
    .filter(({ schema, example, labels }) => labels(schema.parse(example)).includes(kind))
    .map(kindOf);
}

/** A problem in a few words: "logistic, l2 0.01". */
export function problemLabel(spec: ProblemSpec): string {
  return problemOf(spec).label(spec);
}

/** What a run that stops by this rule must be told. */
export function problemWarning(
  spec: ProblemSpec,
  stop: { readonly relativeGradientNormSquared?: number },
): string | undefined {
  return problemOf(spec).warning?.(spec, stop);
}

/** The SHA-256 of the stored program that a spec's problem is made of; undefined where it names none. */
export function storedProgram(spec: ProblemSpec): string | undefined {
  return problemOf(spec).program?.(spec);
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
