/** What there is: methods and compressors as their files tell of them, for people and for programs. */
import { RULE_KINDS } from "../shared/aggregation/index.ts";
import { COMPRESSORS, type CompressorDefinition } from "../shared/compressors/index.ts";
import { METHODS, type MethodDefinition } from "../shared/methods/index.ts";
import { PROBLEM_KINDS, type ProblemKind, whyNoSmoothness } from "../shared/problems/index.ts";

export interface StepEntry {
  /** As a spec asks for it. */
  readonly stepSize: string;
  readonly source: string;
  /** gamma */
  readonly formula: string;
  /** The same with compressors that are drawn jointly, with draws by importance, and with an aggregation, where that is another. */
  readonly joint?: { readonly source: string; readonly formula: string };
  readonly importance?: { readonly source: string; readonly formula: string };
  readonly robust?: { readonly source: string; readonly formula: string };
  readonly problems: readonly ProblemKind[];
}

export interface MethodEntry {
  readonly kind: string;
  readonly equation: readonly string[];
  readonly compressors: readonly string[];
  /** Rules that its messages may be put together by where some workers may be wrong. */
  readonly aggregations: readonly string[];
  /** Vectors of R^d that a worker keeps from round to round, and where. */
  readonly workerKeeps: readonly string[];
  /** Where these may lie: in the store, or with the aggregator. */
  readonly keptBy: readonly ("stored" | "carried")[];
  /** When the number of workers may change: at any round, at dense ones, or never, with the reason. */
  readonly workersMayChange: string;
  readonly steps: readonly StepEntry[];
  readonly problems: readonly ProblemKind[];
}

export interface CompressorEntry {
  readonly kind: string;
  readonly equation: string;
  readonly promises: "unbiased" | "contractive";
  readonly constants: string;
  /** Of a message. */
  readonly bits: string;
  readonly joint: boolean;
  readonly methods: readonly string[];
}

const methods = METHODS as unknown as readonly MethodDefinition[];
const compressors = COMPRESSORS as unknown as readonly CompressorDefinition[];
const kindOf = ({
  schema,
}: {
  readonly schema: { readonly shape: { readonly kind: { readonly value: string } } };
}) => schema.shape.kind.value;
/** Problems of which the smoothness constants are known, which every step but a measured one or a number is made of. */
const smooth = PROBLEM_KINDS.filter((kind) => whyNoSmoothness({ kind }) === undefined);

export function methodCatalogue(): readonly MethodEntry[] {
  return methods.map((method) => {
    const { schema, workerState, membership, theory, equation } = method;
    return {
      kind: kindOf(method),
      equation,
      compressors: compressors.filter((each) => takes(method, each)).map(kindOf),
      aggregations: "aggregation" in schema.shape ? RULE_KINDS : [],
      workerKeeps: workerState?.vectors ?? [],
      keptBy: workerState === null ? [] : "shift" in schema.shape ? ["stored", "carried"] : ["stored"],
      workersMayChange: typeof membership === "string" ? membership : `never: ${membership.fixed}`,
      steps: Object.entries(theory.steps).map(
        ([stepSize, { source, formula, joint, importance, robust }]) => ({
          ...{ stepSize, source, formula },
          ...(joint === undefined ? {} : { joint: { source: joint.source, formula: joint.formula } }),
          ...(importance === undefined ? {} : { importance }),
          ...(robust === undefined ? {} : { robust }),
          problems: stepSize === "measured" ? PROBLEM_KINDS : smooth,
        }),
      ),
      problems: PROBLEM_KINDS,
    };
  });
}

export function compressorCatalogue(): readonly CompressorEntry[] {
  return compressors.map((compressor) => ({
    kind: kindOf(compressor),
    promises: compressor.promises,
    ...compressor.told,
    joint: compressor.joint,
    methods: methods.filter((method) => takes(method, compressor)).map(kindOf),
  }));
}

/** By the method's own schema. */
function takes({ schema, example }: MethodDefinition, compressor: CompressorDefinition): boolean {
  if (!("compressor" in schema.shape)) return false;
  return schema.safeParse({ ...(example as object), compressor: compressor.example }).success;
}
