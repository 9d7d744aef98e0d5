/** QGD: gradient descent with compressed gradients. */
import * as z from "zod";
import { MarinaError } from "../base/index.ts";
import { compressorSchema } from "../compressors/index.ts";
import { descent } from "./descent.ts";
import { defineMethod, defineRequest } from "./method.ts";
import { labelOf, MEASURED, stepSize, THEOREM } from "./spec-fields.ts";
import { averageSmoothness, measuredBy, omegaOf, type StepRule, type TheorySetting } from "./theory.ts";

/** Q(grad f_i(x^t)) */
const fullCompressed = defineRequest({
  name: "full-compressed",
  wire: 1,
  points: ["iterate"],
  dense: false,
  gradients: [{ at: "iterate", rows: "all" }],
  message: ([g]) => g!.vector,
});

const practical: StepRule<unknown> = {
  source: "no theorem: practice, without a guarantee on heterogeneous non-convex data",
  formula: "1/(L (1 + omega/n))",
  value: (_spec, { workers: n, compressor, smoothness: { L } }) => 1 / (L * (1 + omegaOf(compressor) / n)),
};

/**
 * QGD, also called DCGD.
 *
 *   g^t = mean_i Q_i(grad f_i(x^t))
 *   x^{t+1} = x^t - gamma g^t
 *
 * Q unbiased with variance omega; a message is b_Q bits. At a fixed step it converges only to a neighbourhood of a
 * stationary point unless the local gradients vanish there. Steps: "theory" is guaranteed (see `guaranteedStep`),
 * "practical" is 1/(L (1 + omega/n)), without a guarantee on heterogeneous non-convex data.
 * @example { "kind": "qgd", "compressor": { "kind": "rand-k", "k": 10 }, "stepSize": "practical" }
 * @see Khaled and Richtarik, "Better theory for SGD in the nonconvex world", arXiv 2002.03329.
 */
export const qgd = defineMethod({
  schema: z.strictObject({
    kind: z.literal("qgd"),
    compressor: compressorSchema({
      promises: ["unbiased"],
      joint: {
        refused:
          "the step of qgd is for compressors that are drawn independently; take marina, vr-marina or diana",
      },
    }),
    stepSize: stepSize({ theory: THEOREM, practical: "no guarantee", measured: MEASURED }),
  }),
  example: { kind: "qgd", compressor: { kind: "rand-k", k: 10 }, stepSize: "practical" },
  equation: ["g^t = mean_i Q_i(grad f_i(x^t))", "x^{t+1} = x^t - gamma g^t"],
  label: labelOf,
  theory: {
    steps: {
      theory: {
        source: "Khaled and Richtarik 2020, for stop.rounds and the accuracy aimed at",
        formula: "min{1/L_f, 1/sqrt(L_f A T), eps^2/(2 L_f C)}, A = omega L_max/n, C = 2 A f(x^0)",
        needs: ["average-smoothness", "starting-point"],
        value: (_spec, setting) => guaranteedStep(setting),
      },
      practical,
      measured: measuredBy(practical),
    },
  },
  requests: [fullCompressed],
  server: (_spec, numbers) => descent(numbers, fullCompressed),
  workerState: null,
  membership: "any round",
});

/**
 * min{1/L_f, 1/sqrt(L_f A T), eps^2/(2 L_f C)}, A = omega L_max / n, C = 2 A Delta_f*. The heterogeneity
 * Delta_f* = f_* - mean_i f_{i,*} is bounded by f(x^0), as the losses are non-negative.
 */
function guaranteedStep(setting: TheorySetting): number {
  const { workers: n, compressor, smoothness, start, rounds, targetGradientNormSquared } = setting;
  const Lf = averageSmoothness(smoothness);
  const A = (omegaOf(compressor) * smoothness.Lmax) / n;
  if (A === 0) return 1 / Lf;
  if (start === undefined || targetGradientNormSquared === undefined) {
    throw new MarinaError(
      "spec",
      'algorithm.stepSize: the guaranteed step of qgd depends on the accuracy aimed at: set stop.relativeGradientNormSquared or stop.gradientNormSquared, or use "practical" or a number',
    );
  }
  const C = 2 * A * start.loss;
  return Math.min(1 / Lf, 1 / Math.sqrt(Lf * A * rounds), targetGradientNormSquared / (2 * Lf * C));
}
