/** EF21: error feedback, for compressors that are not unbiased. */
import * as z from "zod";
import { type Compressor, compressorSchema } from "../compressors/index.ts";
import { shiftsBelongToRows } from "./diana-family.ts";
import { defineMethod, descend, everyone, plus } from "./method.ts";
import { shifted, shiftStart } from "./requests.ts";
import { labelOf, shift, stepSize, THEOREM } from "./spec-fields.ts";
import { averageSmoothness, workerNumbers } from "./theory.ts";

export interface Ef21State {
  /** x^t */
  readonly iterate: Float64Array;
  /** g^{t-1} = mean_i g_i^{t-1}; zero before round 0. */
  readonly shift: Float64Array;
  readonly [name: string]: Float64Array;
}

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
 * gamma = 1/(L_f + L sqrt(beta/theta)), theta = 1 - sqrt(1 - alpha), beta = (1 - alpha)/theta (Theorem 1).
 * @example { "kind": "ef21", "compressor": { "kind": "top-k", "k": 10 }, "shift": "carried" }
 * @see Richtarik, Sokolov, Fatkhullin, "EF21: a new, simpler, theoretically better, and practically faster error feedback",
 * NeurIPS 2021, arXiv 2106.05203.
 */
export const ef21 = defineMethod({
  schema: z.strictObject({
    kind: z.literal("ef21"),
    compressor: compressorSchema({
      promises: ["contractive", "unbiased"],
      joint: { refused: "the step of ef21 gains nothing from that; take top-k, or marina" },
    }),
    shift,
    stepSize: stepSize({ theory: THEOREM }),
  }),
  example: { kind: "ef21", compressor: { kind: "top-k", k: 10 }, shift: "carried" },
  label: labelOf,
  theory: {
    steps: {
      theory: {
        needs: ["average-smoothness"],
        value(_spec, { compressor, smoothness }) {
          const alpha = contraction(compressor);
          // 1 - sqrt(1 - alpha) without its cancellation.
          const theta = alpha / (1 + Math.sqrt(1 - alpha));
          const beta = (1 - alpha) / theta;
          return 1 / (averageSmoothness(smoothness) + smoothness.L * Math.sqrt(beta / theta));
        },
      },
    },
  },
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
