/** DIANA: compressed differences of gradients to shifts that the workers keep. */
import * as z from "zod";
import { compressorSchema } from "../compressors/index.ts";
import {
  type DianaState,
  dianaStep,
  movedShift,
  publishedStep,
  shiftsBelongToRows,
  THEOREM_4,
} from "./diana-family.ts";
import { defineMethod, everyone } from "./method.ts";
import { shifted } from "./requests.ts";
import { labelOf, MEASURED, PL, shift, stepSize, THEOREM } from "./spec-fields.ts";
import {
  averageSmoothness,
  isJoint,
  measuredBy,
  omegaOf,
  PL_NEEDS,
  type StepRule,
  type TheorySetting,
  varianceOfMean,
} from "./theory.ts";

const theory: StepRule<unknown> = {
  source: "the proof of DIANA with its constants kept",
  formula: "min{1/(2 L_f), 1/(2 L sqrt(omega (1 + omega) (3 + 2 omega)/n))}",
  joint: {
    source: "the same proof, for compressors that are drawn jointly",
    formula: "min{1/(2 L_f), 1/(2 L sqrt(A (1 + omega) (3 + 2 omega)))}",
  },
  needs: ["average-smoothness"],
  value(_spec, { workers: n, compressor, smoothness }) {
    const omega = omegaOf(compressor);
    // omega/n is the variance of the mean of independent compressors; of joint ones that is A.
    const variance = isJoint(compressor)
      ? varianceOfMean(compressor, n).A * (1 + omega) * (3 + 2 * omega)
      : (omega * (1 + omega) * (3 + 2 * omega)) / n;
    return Math.min(1 / (2 * averageSmoothness(smoothness)), 1 / (2 * smoothness.L * Math.sqrt(variance)));
  },
};

/** E|mean_i Q_i(a_i) - abar|^2 <= A mean_i |a_i|^2: omega/n of independent compressors. */
function varianceOf({ workers, compressor }: TheorySetting): number {
  return isJoint(compressor) ? varianceOfMean(compressor, workers).A : omegaOf(compressor) / workers;
}

/**
 * Under the Polyak-Lojasiewicz condition, Psi = f - f_* + c mean_i |grad f_i - h_i|^2 with c = 4 L_f gamma^2 A (1 + omega): with this step
 *
 *   E Psi^{t+1} <= max(1 - gamma mu, 1 - 1/(4 (1 + omega))) Psi^t <= (1 - gamma mu) Psi^t.
 *
 * At x^0 h_i = 0, and |grad f_i|^2 <= 2 L_i f_i as losses are not negative, so Psi^0 <= (1 + 2 c L_max) f(x^0).
 */
const pl: StepRule<unknown> = {
  source: "the same proof under the Polyak-Lojasiewicz condition",
  formula: "min{1/(2 L_f), 1/(L sqrt(8 omega (1 + omega) (3 + 2 omega)/n)), 1/(4 (1 + omega) mu)}",
  joint: {
    source: "the same proof under the Polyak-Lojasiewicz condition, for compressors that are drawn jointly",
    formula: "min{1/(2 L_f), 1/(L sqrt(8 A (1 + omega) (3 + 2 omega))), 1/(4 (1 + omega) mu)}",
  },
  needs: ["average-smoothness", ...PL_NEEDS],
  value(_spec, setting) {
    const { compressor, smoothness, mu } = setting;
    if (mu === undefined) throw new RangeError("mu was not found out: see StepRule.needs");
    const omega = omegaOf(compressor);
    const inside = 8 * varianceOf(setting) * (1 + omega) * (3 + 2 * omega);
    return Math.min(
      1 / (2 * averageSmoothness(smoothness)),
      1 / (smoothness.L * Math.sqrt(inside)),
      1 / (4 * (1 + omega) * mu),
    );
  },
  begins(_spec, setting, step) {
    const { compressor, smoothness, start } = setting;
    if (start === undefined) return undefined;
    const c =
      4 * averageSmoothness(smoothness) * step * step * varianceOf(setting) * (1 + omegaOf(compressor));
    return (1 + 2 * c * smoothness.Lmax) * start.loss;
  },
};

/**
 * DIANA, h_i^0 = 0:
 *
 *   worker: m_i = Q_i(grad f_i(x^t) - h_i^t),  h_i^{t+1} = h_i^t + alpha m_i
 *   server: g^t = hbar^t + mean_i m_i,  x^{t+1} = x^t - gamma g^t,  hbar^{t+1} = hbar^t + alpha mean_i m_i
 *
 * x^t, h_i^t in R^d, hbar = mean_i h_i; alpha = 1/(1 + omega). A message is b_Q bits. Steps: "theory" is
 * min{1/(2 L_f), 1/(2 L sqrt(omega (1 + omega) (3 + 2 omega) / n))}, "published" Theorem 4 of Horvath et al. 2019. With
 * Q_i drawn jointly A takes the place of omega/n (see `varianceOfMean`), and there is no published step.
 * @example { "kind": "diana", "compressor": { "kind": "rand-k", "k": 10 }, "shift": "carried" }
 * @see Mishchenko, Gorbunov, Takac, Richtarik, "Distributed learning with compressed gradient differences", arXiv
 * 1901.09269.
 */
export const diana = defineMethod({
  schema: z.strictObject({
    kind: z.literal("diana"),
    compressor: compressorSchema({ promises: ["unbiased"], joint: true }),
    shift,
    stepSize: stepSize({ theory: THEOREM, published: THEOREM_4, pl: PL, measured: MEASURED }),
  }),
  example: { kind: "diana", compressor: { kind: "rand-k", k: 10 }, shift: "carried" },
  equation: [
    "worker: m_i = Q_i(grad f_i(x^t) - h_i^t),  h_i^{t+1} = h_i^t + alpha m_i",
    "server: g^t = hbar^t + mean_i m_i,  x^{t+1} = x^t - gamma g^t,  hbar^{t+1} = hbar^t + alpha mean_i m_i",
  ],
  label: labelOf,
  theory: {
    steps: {
      theory,
      published: {
        source: THEOREM_4,
        formula: "1/(10 L sqrt(1 + omega/n) (omega + 2))",
        value: (_spec, setting) => publishedStep(setting, 1),
      },
      pl,
      measured: measuredBy(theory),
    },
  },
  requests: [shifted],
  server(_spec, numbers) {
    const workers = everyone(numbers.workers);
    return {
      start: (x0): DianaState => ({ iterate: x0.slice(), shift: new Float64Array(x0.length) }),
      plan: () => ({ request: shifted, workers, refresh: false }),
      step: (state, _plan, mean) => dianaStep(state, numbers, mean),
    };
  },
  workerState: {
    vectors: ["shift"],
    spare: [],
    fromMessages: true,
    next: (own, { decoded }, numbers) => movedShift(own, numbers, decoded),
  },
  membership: { fixed: shiftsBelongToRows("diana") },
});
