/** PP-MARINA: MARINA with some of the workers in each compressed round. */
import * as z from "zod";
import { type CompressorSpec, compressorSchema } from "../compressors/index.ts";
import { difference, familySteps, marinaServer } from "./marina-family.ts";
import { defineMethod } from "./method.ts";
import { participantsSchema } from "./participants.ts";
import { full } from "./requests.ts";
import {
  EXPLICIT,
  labelOf,
  MEASURED,
  PL,
  probability,
  replacement,
  stepSize,
  THEOREM,
} from "./spec-fields.ts";
import { density, measuredBy, omegaOf, type StepRule } from "./theory.ts";

interface Spec {
  readonly compressor: CompressorSpec;
  /** r */
  readonly participants: number;
}

const theory: StepRule<Spec> = {
  source: "Theorem 4.1 of MARINA",
  formula: "1/(L (1 + sqrt((1-p) (1 + omega)/(p r))))",
  value: ({ participants: r }, { compressor, smoothness: { L } }, p) =>
    1 / (L * (1 + Math.sqrt(((1 - p) * (1 + omegaOf(compressor))) / (p * r)))),
};

const others = familySteps<Spec>(
  ({ participants: r }, { compressor, smoothness: { L } }, p) =>
    (((1 - p) * (1 + omegaOf(compressor))) / (p * r)) * L * L,
  () => 0,
  {
    explicit: "1/(L_f + L sqrt((1-p) (1 + omega)/(p r)))",
    plSource: "the proof of Theorem 4.1 under the Polyak-Lojasiewicz condition",
    pl: "min{1/(L (1 + sqrt(2 (1-p) (1 + omega)/(p r)))), p/(2 mu)}",
  },
);

/**
 * PP-MARINA (Algorithm 4), I' the r slots of this round, drawn with replacement (or, as a variation, without):
 *
 *   g^0 = mean_i grad f_i(x^0);
 *   with probability p:  g^t = mean_i grad f_i(x^t)
 *   else:                g^t = g^{t-1} + (1/r) sum_{s in I'} Q_s(grad f_s(x^t) - grad f_s(x^{t-1}))
 *   x^{t+1} = x^t - gamma g^t
 *
 * A worker drawn twice answers twice, with independent compressions. By theory p = zeta r/(d n) and
 * gamma = 1/(L (1 + sqrt((1-p) (1+omega) / (p r)))) (Theorem 4.1).
 * @example { "kind": "pp-marina", "compressor": { "kind": "rand-k", "k": 10 }, "participants": 2 }
 * @see Gorbunov, Burlachenko, Li, Richtarik, ICML 2021.
 */
export const ppMarina = defineMethod({
  schema: z.strictObject({
    kind: z.literal("pp-marina"),
    compressor: compressorSchema({
      promises: ["unbiased"],
      joint: { refused: "a compressed round of pp-marina has not all of them; take marina" },
    }),
    participants: participantsSchema,
    replacement,
    probability,
    stepSize: stepSize({ theory: THEOREM, explicit: EXPLICIT, pl: PL, measured: MEASURED }),
  }),
  example: { kind: "pp-marina", compressor: { kind: "rand-k", k: 10 }, participants: 2 },
  label: labelOf,
  theory: {
    probability: ({ participants: r }, { compressor, workers: n }) =>
      Math.min(1, (density(compressor) * r) / n),
    steps: { theory, ...others, measured: measuredBy(theory) },
  },
  requests: [full, difference],
  server: ({ participants, replacement: repeats }, numbers) =>
    marinaServer(numbers, {
      dense: full,
      compressed: difference,
      slots: (draws) => draws.slots(participants, numbers.workers, repeats),
    }),
  workerState: null,
  membership: "dense round",
});
