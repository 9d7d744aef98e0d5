/** Online VR-MARINA: its dense rounds draw a large batch, too. */
import * as z from "zod";
import { compressorSchema } from "../compressors/index.ts";
import { differenceBatch, marinaServer } from "./marina-family.ts";
import { defineMethod, defineRequest } from "./method.ts";
import {
  batchSize,
  EXPLICIT,
  labelOf,
  largeBatchSize,
  probability,
  replacement,
  stepSize,
  THEOREM,
} from "./spec-fields.ts";
import { averageSmoothness, density, descentStep } from "./theory.ts";
import { inside31, theorem31 } from "./vr-marina.ts";

/** The large batch's gradient at x^t, dense. */
const fullLargeBatch = defineRequest({
  name: "full-large-batch",
  wire: 2,
  points: ["iterate"],
  dense: true,
  gradients: [{ at: "iterate", rows: "large-batch" }],
  message: ([g]) => g!.vector,
});

/**
 * VR-MARINA in the online case (Algorithm 3), J a mini-batch of b and J' a large batch of B rows, drawn anew:
 *
 *   g^0 = mean_i grad f_J'(x^0);
 *   with probability p:  g^t = mean_i grad f_J'(x^t)
 *   else:                g^t = g^{t-1} + mean_i Q_i(grad f_J(x^t) - grad f_J(x^{t-1}))
 *   x^{t+1} = x^t - gamma g^t
 *
 * By theory p = min{zeta/d, b/(B+b)}, and gamma as in VR-MARINA (Theorem 3.1).
 * @example
 * { "kind": "vr-marina-online", "compressor": { "kind": "rand-k", "k": 10 }, "batchSize": 17, "largeBatchSize": 400 }
 * @see Gorbunov, Burlachenko, Li, Richtarik, ICML 2021.
 */
export const vrMarinaOnline = defineMethod({
  schema: z.strictObject({
    kind: z.literal("vr-marina-online"),
    compressor: compressorSchema({
      promises: ["unbiased"],
      joint: {
        refused:
          "the step of vr-marina-online is for compressors that are drawn independently; take vr-marina",
      },
    }),
    batchSize,
    replacement,
    largeBatchSize,
    probability,
    stepSize: stepSize({ theory: THEOREM, explicit: EXPLICIT }),
  }),
  example: {
    kind: "vr-marina-online",
    compressor: { kind: "rand-k", k: 10 },
    batchSize: 17,
    largeBatchSize: 400,
  },
  equation: [
    "g^0 = mean_i grad f_J'(x^0);",
    "with probability p:  g^t = mean_i grad f_J'(x^t)",
    "else:                g^t = g^{t-1} + mean_i Q_i(grad f_J(x^t) - grad f_J(x^{t-1}))",
    "x^{t+1} = x^t - gamma g^t",
  ],
  label: labelOf,
  theory: {
    probability: ({ batchSize: b, largeBatchSize: B }, { compressor }) =>
      Math.min(density(compressor), b / (B + b)),
    steps: {
      theory: {
        source: "Theorem 3.1 of MARINA, online",
        formula: "1/(L + sqrt(((1-p)/(p n)) (omega L^2 + (1 + omega) cL^2/b)))",
        value: theorem31,
      },
      explicit: {
        source: "the same proof, with L_f from the descent lemma",
        formula: "1/(L_f + sqrt(((1-p)/(p n)) (omega L^2 + (1 + omega) cL^2/b)))",
        needs: ["average-smoothness"],
        value: (spec, setting, p) =>
          descentStep(
            averageSmoothness(setting.smoothness),
            inside31(spec, setting, p, setting.smoothness.cLoss?.uniform),
          ),
      },
    },
  },
  requests: [fullLargeBatch, differenceBatch],
  server: (_spec, numbers) => marinaServer(numbers, { dense: fullLargeBatch, compressed: differenceBatch }),
  workerState: null,
  membership: "dense round",
});
