/** PP-MARINA: MARINA with some of the workers in each compressed round. */
import * as z from "zod";
import { type CompressorSpec, compressorSchema } from "../compressors/index.ts";
import { cumulativeSums, probabilityAt } from "../math/index.ts";
import { orRobust, type RobustSpec } from "./byzantine.ts";
import { difference, familySteps, marinaServer } from "./marina-family.ts";
import { defineMethod } from "./method.ts";
import { participantsSchema } from "./participants.ts";
import { full } from "./requests.ts";
import {
  aggregation,
  checkAggregation,
  checkSampling,
  EXPLICIT,
  labelOf,
  MEASURED,
  PL,
  probability,
  replacement,
  sampling,
  stepSize,
  THEOREM,
} from "./spec-fields.ts";
import {
  averageSmoothness,
  density,
  descentStep,
  meanSmoothness,
  measuredBy,
  omegaOf,
  type StepRule,
  type TheorySetting,
} from "./theory.ts";

interface Spec extends RobustSpec {
  readonly compressor: CompressorSpec;
  /** r */
  readonly participants: number;
  readonly sampling?: "uniform" | "importance";
}

const drawsByImportance = ({ sampling: how }: Spec): boolean => how === "importance";

/** S/p: L^2 with uniform draws, and (mean_i L_i)^2 with q_i in proportion to L_i: sum_i L_i^2/(n^2 q_i). */
function inside(spec: Spec, { compressor, smoothness }: TheorySetting, p: number): number {
  const L = drawsByImportance(spec) ? meanSmoothness(smoothness) : smoothness.L;
  return (((1 - p) * (1 + omegaOf(compressor))) / (p * spec.participants)) * L * L;
}

const theory: StepRule<Spec> = {
  source: "Theorem 4.1 of MARINA",
  formula: "1/(L (1 + sqrt((1-p) (1 + omega)/(p r))))",
  importance: {
    source: "the proof of Theorem 4.1 for clients drawn by importance",
    formula: "1/(L_f + mean L_i sqrt((1-p) (1 + omega)/(p r)))",
  },
  needs: (spec) => (drawsByImportance(spec) ? ["average-smoothness"] : []),
  value(spec, setting, p) {
    const { compressor, smoothness } = setting;
    if (drawsByImportance(spec)) return descentStep(averageSmoothness(smoothness), inside(spec, setting, p));
    return (
      1 / (smoothness.L * (1 + Math.sqrt(((1 - p) * (1 + omegaOf(compressor))) / (p * spec.participants))))
    );
  },
};

const others = familySteps<Spec>(inside, () => 0, {
  explicit: "1/(L_f + L sqrt((1-p) (1 + omega)/(p r)))",
  plSource: "the proof of Theorem 4.1 under the Polyak-Lojasiewicz condition",
  pl: "min{1/(L (1 + sqrt(2 (1-p) (1 + omega)/(p r)))), p/(2 mu)}",
  importance: {
    explicit: "1/(L_f + mean L_i sqrt((1-p) (1 + omega)/(p r)))",
    pl: "min{1/(L_f + mean L_i sqrt(2 (1-p) (1 + omega)/(p r))), p/(2 mu)}",
  },
  beginsWithLf: drawsByImportance,
});

const steps = orRobust({ theory, ...others }, () => 0);

/**
 * PP-MARINA (Algorithm 4), I' the r slots of this round, drawn with replacement (or, as a variation, without):
 *
 *   g^0 = mean_i grad f_i(x^0);
 *   with probability p:  g^t = mean_i grad f_i(x^t)
 *   else:                g^t = g^{t-1} + (1/r) sum_{s in I'} Q_s(grad f_s(x^t) - grad f_s(x^{t-1}))
 *   x^{t+1} = x^t - gamma g^t
 *
 * With "sampling": "importance" a slot is worker i with probability q_i = L_i/sum_j L_j, and its message counts 1/(n q_i):
 * E|error|^2 = (1/r) ((1 + omega) sum_i |D_i|^2/(n^2 q_i) - |Dbar|^2).
 *
 * A worker drawn twice answers twice, with independent compressions. By theory p = zeta r/(d n) and
 * gamma = 1/(L (1 + sqrt((1-p) (1+omega) / (p r)))) (Theorem 4.1).
 * @example { "kind": "pp-marina", "compressor": { "kind": "rand-k", "k": 10 }, "participants": 2 }
 * @see Gorbunov, Burlachenko, Li, Richtarik, ICML 2021.
 */
export const ppMarina = defineMethod({
  schema: z
    .strictObject({
      kind: z.literal("pp-marina"),
      compressor: compressorSchema({
        promises: ["unbiased"],
        joint: { refused: "a compressed round of pp-marina has not all of them; take marina" },
      }),
      participants: participantsSchema,
      replacement,
      sampling,
      aggregation,
      probability,
      stepSize: stepSize({ theory: THEOREM, explicit: EXPLICIT, pl: PL, measured: MEASURED }),
    })
    .superRefine(checkSampling)
    .superRefine(checkAggregation),
  example: { kind: "pp-marina", compressor: { kind: "rand-k", k: 10 }, participants: 2 },
  equation: [
    "g^0 = mean_i grad f_i(x^0);",
    "with probability p:  g^t = mean_i grad f_i(x^t)",
    "else:                g^t = g^{t-1} + (1/r) sum_{s in I'} Q_s(grad f_s(x^t) - grad f_s(x^{t-1}))",
    "x^{t+1} = x^t - gamma g^t",
  ],
  label: labelOf,
  theory: {
    probability: ({ participants: r }, { compressor, workers: n }) =>
      Math.min(1, (density(compressor) * r) / n),
    steps: { ...steps, measured: measuredBy(steps.theory) },
  },
  requests: [full, difference],
  server({ participants, replacement: repeats }, numbers) {
    const { workers: n, Li } = numbers;
    const cumulative = Li === undefined ? undefined : cumulativeSums(Li);
    return marinaServer(numbers, {
      dense: full,
      compressed: difference,
      slots(draws) {
        if (cumulative === undefined) return { workers: draws.slots(participants, n, repeats) };
        const workers = draws.weightedSlots(participants, cumulative);
        const weights = Float64Array.from(workers, (i) => 1 / (n * probabilityAt(cumulative, i)));
        return { workers, weights };
      },
    });
  },
  workerState: null,
  membership: "dense round",
});
