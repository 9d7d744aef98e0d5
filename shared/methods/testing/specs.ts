/** For tests: a spec of every method. A kind that is missing here does not compile. */
import type { UnbiasedSpec } from "../../compressors/registry.ts";
import { type AlgorithmKind, type AlgorithmSpec, METHOD_KINDS } from "../registry.ts";

/** What methods are asked for; each takes what it has. */
export interface Choice {
  readonly compressor: UnbiasedSpec;
  readonly stepSize?: number | "theory" | { readonly times: number };
  readonly probability?: number | "theory";
  /** b */
  readonly batchSize?: number;
  /** B; by default b. */
  readonly largeBatchSize?: number;
  readonly replacement?: boolean;
  /** r */
  readonly participants?: number;
}

type SpecsOf = {
  readonly [K in AlgorithmKind]: (choice: Required<Choice>) => Extract<AlgorithmSpec, { kind: K }>;
};

const compressed = ({ compressor, stepSize }: Required<Choice>) => ({ compressor, stepSize });
const batched = ({ compressor, stepSize, probability, batchSize, replacement }: Required<Choice>) => ({
  ...{ compressor, stepSize, probability, batchSize, replacement },
});

const specsOf: SpecsOf = {
  gd: ({ stepSize }) => ({ kind: "gd", stepSize }),
  qgd: (choice) => ({ kind: "qgd", ...compressed(choice) }),
  diana: (choice) => ({ kind: "diana", ...compressed(choice) }),
  "vr-diana": (choice) => ({ kind: "vr-diana", ...batched(choice) }),
  marina: (choice) => ({ kind: "marina", probability: choice.probability, ...compressed(choice) }),
  "vr-marina": (choice) => ({ kind: "vr-marina", ...batched(choice) }),
  "vr-marina-online": (choice) => ({
    kind: "vr-marina-online",
    largeBatchSize: choice.largeBatchSize,
    ...batched(choice),
  }),
  ef21: (choice) => ({ kind: "ef21", ...compressed(choice) }),
  dasha: (choice) => ({ kind: "dasha", ...compressed(choice) }),
  "pp-marina": (choice) => ({
    kind: "pp-marina",
    participants: choice.participants,
    replacement: choice.replacement,
    probability: choice.probability,
    ...compressed(choice),
  }),
};

/** The spec of a method with what it takes of this choice. */
export function specOf<K extends AlgorithmKind>(
  kind: K,
  {
    compressor,
    stepSize = 1,
    probability = 1,
    batchSize = 1,
    largeBatchSize = batchSize,
    replacement = true,
    participants = 1,
  }: Choice,
): Extract<AlgorithmSpec, { kind: K }> {
  return specsOf[kind]({
    compressor,
    stepSize,
    probability,
    batchSize,
    largeBatchSize,
    replacement,
    participants,
  });
}

/** Every method's. */
export function specsOfAll(choice: Choice): readonly AlgorithmSpec[] {
  return METHOD_KINDS.map((kind) => specOf(kind, choice));
}
