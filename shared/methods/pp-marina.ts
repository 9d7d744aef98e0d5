/** PP-MARINA: MARINA with some of the workers in each compressed round. */
import * as z from "zod";
import { compressorSchema } from "../compressors/index.ts";
import { difference, marinaServer } from "./marina-family.ts";
import { defineMethod } from "./method.ts";
import { participantsSchema } from "./participants.ts";
import { full } from "./requests.ts";
import { labelOf, probability, replacement, stepSize, THEOREM } from "./spec-fields.ts";
import { density, omegaOf } from "./theory.ts";

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
    stepSize: stepSize({ theory: THEOREM }),
  }),
  example: { kind: "pp-marina", compressor: { kind: "rand-k", k: 10 }, participants: 2 },
  label: labelOf,
  theory: {
    probability: ({ participants: r }, { compressor, workers: n }) =>
      Math.min(1, (density(compressor) * r) / n),
    steps: {
      theory: {
        value: ({ participants: r }, { compressor, smoothness: { L } }, p) =>
          1 / (L * (1 + Math.sqrt(((1 - p) * (1 + omegaOf(compressor))) / (p * r)))),
      },
    },
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
