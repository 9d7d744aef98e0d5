/** MARINA: compressed differences of gradients, and now and then a dense round. */
import * as z from "zod";
import { compressorSchema } from "../compressors/index.ts";
import { orRobust, type RobustSpec } from "./byzantine.ts";
import {
  difference,
  familySteps,
  JOINT_STEP,
  jointStep,
  marinaServer,
  needsOfJoint,
} from "./marina-family.ts";
import { defineMethod } from "./method.ts";
import { full } from "./requests.ts";
import {
  aggregation,
  checkAggregation,
  EXPLICIT,
  labelOf,
  MEASURED,
  PL,
  probability,
  stepSize,
  THEOREM,
} from "./spec-fields.ts";
import { density, isJoint, measuredBy, omegaOf, type StepRule, type TheorySetting } from "./theory.ts";

type Spec = Parameters<typeof needsOfJoint>[0] & RobustSpec;

const theory: StepRule<Spec> = {
  source: "Theorem 2.1 of MARINA",
  formula: "1/(L (1 + sqrt((1-p) omega/(p n))))",
  joint: JOINT_STEP,
  needs: needsOfJoint,
  value: (_spec, setting, p) =>
    isJoint(setting.compressor) ? jointStep(setting, p, 0) : theorem21(setting, p),
};

const others = familySteps<Spec>(
  (_spec, { workers: n, compressor, smoothness: { L } }, p) =>
    (((1 - p) * omegaOf(compressor)) / (p * n)) * L * L,
  () => 0,
  {
    explicit: "1/(L_f + L sqrt((1-p) omega/(p n)))",
    plSource: "Theorem 2.2 of MARINA",
    pl: "min{1/(L (1 + sqrt(2 (1-p) omega/(p n)))), p/(2 mu)}",
  },
);

const steps = orRobust({ theory, ...others }, () => 0);

/**
 * MARINA (Algorithm 1):
 *
 *   g^0 = mean_i grad f_i(x^0);
 *   with probability p:  g^t = mean_i grad f_i(x^t)
 *   else:                g^t = g^{t-1} + mean_i Q_i(grad f_i(x^t) - grad f_i(x^{t-1}))
 *   x^{t+1} = x^t - gamma g^t
 *
 * x^t, g^t in R^d; n workers; Q unbiased with variance omega and density zeta. A message is 32 d bits in a dense round,
 * else b_Q. By theory p = zeta/d and gamma = 1/(L (1 + sqrt((1-p) omega / (p n)))) (Theorem 2.1); with Q_i drawn jointly
 * see `jointStep`. With an "aggregation" both means are its middle instead, of messages clipped to what an honest one can be
 * (Byz-VR-MARINA), and the steps those of `robustInside`.
 * @example { "kind": "marina", "compressor": { "kind": "rand-k", "k": 10 } }
 * @see Gorbunov, Burlachenko, Li, Richtarik, "MARINA: faster non-convex distributed learning with compression", ICML 2021.
 */
export const marina = defineMethod({
  schema: z
    .strictObject({
      kind: z.literal("marina"),
      compressor: compressorSchema({ promises: ["unbiased"], joint: true }),
      aggregation,
      probability,
      stepSize: stepSize({ theory: THEOREM, explicit: EXPLICIT, pl: PL, measured: MEASURED }),
    })
    .superRefine(checkAggregation),
  example: { kind: "marina", compressor: { kind: "rand-k", k: 10 } },
  equation: [
    "g^0 = mean_i grad f_i(x^0);",
    "with probability p:  g^t = mean_i grad f_i(x^t)",
    "else:                g^t = g^{t-1} + mean_i Q_i(grad f_i(x^t) - grad f_i(x^{t-1}))",
    "x^{t+1} = x^t - gamma g^t",
  ],
  label: labelOf,
  theory: {
    probability: (_spec, { compressor }) => density(compressor),
    steps: { ...steps, measured: measuredBy(steps.theory) },
  },
  requests: [full, difference],
  server: (_spec, numbers) => marinaServer(numbers, { dense: full, compressed: difference }),
  workerState: null,
  membership: "dense round",
});

function theorem21({ workers: n, compressor, smoothness: { L } }: TheorySetting, p: number): number {
  return 1 / (L * (1 + Math.sqrt(((1 - p) * omegaOf(compressor)) / (p * n))));
}
