/** EF21: error feedback, for compressors that are not unbiased. */
import * as z from "zod";
import { type Compressor, compressorSchema } from "../compressors/index.ts";
import { shiftsBelongToRows } from "./diana-family.ts";
import { defineMethod, descend, everyone, plus } from "./method.ts";
import { shifted, shiftStart } from "./requests.ts";
import { labelOf, MEASURED, PL, shift, stepSize, THEOREM } from "./spec-fields.ts";
import {
  averageSmoothness,
  meanSmoothness,
  measuredBy,
  PL_NEEDS,
  plStep,
  type StepRule,
  type TheorySetting,
  workerNumbers,
} from "./theory.ts";

export interface Ef21State {
  /** x^t */
  readonly iterate: Float64Array;
  /** g^{t-1} = mean_i g_i^{t-1}; zero before round 0. */
  readonly shift: Float64Array;
  readonly [name: string]: Float64Array;
}

interface Spec {
  readonly smoothness?: "quadratic-mean" | "mean";
}

/** L, or the mean of L_i: never more. */
function localSmoothness({ smoothness: which }: Spec, { smoothness }: TheorySetting): number {
  return which === "mean" ? meanSmoothness(smoothness) : smoothness.L;
}

/** theta = 1 - sqrt(1 - alpha), without its cancellation, and beta = (1 - alpha)/theta. */
function constantsOf({ compressor }: TheorySetting): { readonly theta: number; readonly beta: number } {
  const alpha = contraction(compressor);
  const theta = alpha / (1 + Math.sqrt(1 - alpha));
  return { theta, beta: (1 - alpha) / theta };
}

const theory: StepRule<Spec> = {
  source: "Theorem 1 of EF21",
  formula: "1/(L_f + L sqrt(beta/theta)), theta = 1 - sqrt(1 - alpha), beta = (1 - alpha)/theta",
  needs: ["average-smoothness"],
  value(spec, setting) {
    const { theta, beta } = constantsOf(setting);
    return (
      1 / (averageSmoothness(setting.smoothness) + localSmoothness(spec, setting) * Math.sqrt(beta / theta))
    );
  },
};

const pl: StepRule<Spec> = {
  source: "the proof of EF21's Theorem 1 under the Polyak-Lojasiewicz condition",
  formula: "min{1/(L_f + L sqrt(2 beta/theta)), theta/(2 mu)}",
  needs: ["average-smoothness", ...PL_NEEDS],
  value(spec, setting) {
    const { theta, beta } = constantsOf(setting);
    const L = localSmoothness(spec, setting);
    return plStep(averageSmoothness(setting.smoothness), (L * L * beta) / theta, theta, setting);
  },
};

/**
 * EF21:
 *
 *   g_i^0 = grad f_i(x^0), dense; then
 *   worker: m_i = C_i(grad f_i(x^t) - g_i^{t-1}),  g_i^t = g_i^{t-1} + m_i
 *   server: g^t = g^{t-1} + mean_i m_i,  x^{t+1} = x^t - gamma g^t
 *
 * x^t, g_i^t in R^d, g = mean_i g_i; each worker keeps its g_i, as DIANA's keep their shifts. C contracts:
 * E|C(x) - x|^2 <= (1 - alpha)|x|^2; of an unbiased Q with variance omega it is Q/(1 + omega), alpha = 1/(1 + omega): Q
 * travels, and worker and server divide. A message is 32 d bits in round 0, then b_C. By theory
 * gamma = 1/(L_f + L sqrt(beta/theta)), theta = 1 - sqrt(1 - alpha), beta = (1 - alpha)/theta (Theorem 1). With
 * "smoothness": "mean" L is the mean of L_i. That is the step of EF21 with weighted workers, whose proof holds of the
 * method as it is: there is no other one to choose.
 * @example { "kind": "ef21", "compressor": { "kind": "top-k", "k": 10 }, "shift": "carried" }
 * @see Richtarik, Sokolov, Fatkhullin, "EF21: a new, simpler, theoretically better, and practically faster error feedback",
 * NeurIPS 2021, arXiv 2106.05203; Richtarik, Gasanov, Burlachenko, "Error feedback reloaded", arXiv 2402.10774, for the
 * mean of L_i.
 */
export const ef21 = defineMethod({
  schema: z.strictObject({
    kind: z.literal("ef21"),
    compressor: compressorSchema({
      promises: ["contractive", "unbiased"],
      joint: { refused: "the step of ef21 gains nothing from that; take top-k, or marina" },
    }),
    shift,
    smoothness: z
      .enum(["quadratic-mean", "mean"])
      .exactOptional()
      .describe(
        'L of the step: "quadratic-mean", sqrt(mean L_i^2), as published first (default); or "mean", the smaller mean L_i.',
      ),
    stepSize: stepSize({ theory: THEOREM, pl: PL, measured: MEASURED }),
  }),
  example: { kind: "ef21", compressor: { kind: "top-k", k: 10 }, shift: "carried" },
  equation: [
    "g_i^0 = grad f_i(x^0), dense; then",
    "worker: m_i = C_i(grad f_i(x^t) - g_i^{t-1}),  g_i^t = g_i^{t-1} + m_i",
    "server: g^t = g^{t-1} + mean_i m_i,  x^{t+1} = x^t - gamma g^t",
  ],
  label: labelOf,
  theory: { steps: { theory, pl, measured: measuredBy(theory) } },
  requests: [shiftStart, shifted],
  server(_spec, { workers: n, stepSize: gamma, shiftStep }) {
    const workers = everyone(n);
    return {
      start: (x0): Ef21State => ({ iterate: x0.slice(), shift: new Float64Array(x0.length) }),
      plan: (_state, round) => ({ request: round === 0 ? shiftStart : shifted, workers, refresh: false }),
      step({ iterate, shift: before }, { request }, mean): Ef21State {
        const estimate = request.dense ? mean.slice() : plus(before, shiftStep, mean);
        return { iterate: descend(iterate, gamma, estimate), shift: estimate };
      },
    };
  },
  workerState: {
    vectors: ["shift"],
    spare: [],
    fromMessages: true,
    next: (own, { request, decoded }, { shiftStep }) => ({
      shift: request.dense ? decoded.slice() : plus(own["shift"]!, shiftStep, decoded),
    }),
  },
  membership: { fixed: shiftsBelongToRows("ef21") },
});

/** alpha of C. */
function contraction(compressor: Compressor): number {
  return compressor.promises === "contractive" ? compressor.alpha : workerNumbers(compressor).shiftStep;
}
