/** DASHA: MARINA without its dense rounds, for the price of an estimate at each worker. */
import * as z from "zod";
import { compressorSchema } from "../compressors/index.ts";
import { shiftsBelongToRows } from "./diana-family.ts";
import { defineMethod, defineRequest, descend, everyone, plus } from "./method.ts";
import { shiftStart } from "./requests.ts";
import { labelOf, MEASURED, PL, shift, stepSize, THEOREM } from "./spec-fields.ts";
import {
  averageSmoothness,
  measuredBy,
  omegaOf,
  PL_NEEDS,
  plStep,
  type StepRule,
  type TheorySetting,
  varianceOfMean,
  type WorkerNumbers,
  workerNumbers,
} from "./theory.ts";

/** Q(grad f_i(x^t) - grad f_i(x^{t-1}) - a (g_i^{t-1} - grad f_i(x^{t-1}))), g_i what the worker keeps. */
const shiftedDifference = defineRequest({
  name: "shifted-difference",
  wire: 11,
  points: ["iterate", "previous"],
  dense: false,
  gradients: [
    { at: "iterate", rows: "all" },
    { at: "previous", rows: "all" },
  ],
  message([x, w], own, out, numbers) {
    const a = momentum(numbers);
    const g = own["shift"]!;
    for (let j = 0; j < out.length; j++) {
      const before = w!.vector[j]!;
      out[j] = x!.vector[j]! - before - a * (g[j]! - before);
    }
    return out;
  },
});

/** a = 1/(2 omega + 1), of alpha = 1/(1 + omega): alpha/(2 - alpha). */
function momentum({ shiftStep: alpha }: WorkerNumbers): number {
  return alpha / (2 - alpha);
}

export interface DashaState {
  /** x^t */
  readonly iterate: Float64Array;
  /** x^{t-1}; x^0 before round 0. */
  readonly previous: Float64Array;
  /** g^{t-1} = mean_i g_i^{t-1}; zero before round 0. */
  readonly shift: Float64Array;
  readonly [name: string]: Float64Array;
}

/** 2 A (2 omega + 1); A = omega/n where the compressors are drawn independently. */
function variance({ workers: n, compressor }: TheorySetting): number {
  return 2 * varianceOfMean(compressor, n).A * (2 * omegaOf(compressor) + 1);
}

const theory: StepRule<unknown> = {
  source: "the proof of DASHA's Theorem 6.1 with its constants kept",
  formula: "1/(L_f + L sqrt(2 omega (2 omega + 1)/n))",
  joint: {
    source: "the same proof, for compressors that are drawn jointly",
    formula: "1/(L_f + L sqrt(2 A (2 omega + 1)))",
  },
  needs: ["average-smoothness"],
  value(_spec, setting) {
    const { smoothness } = setting;
    return 1 / (averageSmoothness(smoothness) + smoothness.L * Math.sqrt(variance(setting)));
  },
};

const pl: StepRule<unknown> = {
  source: "the same proof under the Polyak-Lojasiewicz condition",
  formula: "min{1/(L_f + L sqrt(4 omega (2 omega + 1)/n)), a/(2 mu)}",
  joint: {
    source: "the same proof under the Polyak-Lojasiewicz condition, for compressors that are drawn jointly",
    formula: "min{1/(L_f + L sqrt(4 A (2 omega + 1))), a/(2 mu)}",
  },
  needs: ["average-smoothness", ...PL_NEEDS],
  value(_spec, setting) {
    const { smoothness, compressor } = setting;
    const inside = smoothness.L * smoothness.L * variance(setting);
    return plStep(averageSmoothness(smoothness), inside, momentum(workerNumbers(compressor)), setting);
  },
};

/**
 * DASHA:
 *
 *   g_i^0 = grad f_i(x^0), dense; then, a = 1/(2 omega + 1):
 *   worker: m_i = Q_i(grad f_i(x^t) - grad f_i(x^{t-1}) - a (g_i^{t-1} - grad f_i(x^{t-1}))),  g_i^t = g_i^{t-1} + m_i
 *   server: g^t = g^{t-1} + mean_i m_i,  x^{t+1} = x^t - gamma g^t
 *
 * x^t, g_i^t in R^d, g = mean_i g_i; each worker keeps its g_i, as DIANA's keep their shifts; Q unbiased with variance
 * omega. No round after the first is dense: a message is 32 d bits in round 0, then b_Q. By theory
 * gamma = 1/(L_f + L sqrt(2 omega (2 omega + 1)/n)). That follows from the recursions of e = g - grad f and of
 * e_i = g_i - grad f_i, E e^+ = (1-a) e and E|e^+|^2 = (1-a)^2 |e|^2 + (omega/n^2) sum_i |D_i - a e_i|^2, D_i the
 * difference of the gradients, with the potential f + gamma/(2 a (2-a)) (|e|^2 + (2 a omega/n) mean_i |e_i|^2); it is longer
 * than the step published. With Q_i drawn jointly A takes the place of omega/n (see `varianceOfMean`).
 * @example { "kind": "dasha", "compressor": { "kind": "rand-k", "k": 10 }, "shift": "carried" }
 * @see Tyurin and Richtarik, "DASHA: distributed nonconvex optimization with communication compression and optimal oracle
 * complexity", ICLR 2023, arXiv 2202.01268; Theorem 6.1 for a.
 */
export const dasha = defineMethod({
  schema: z.strictObject({
    kind: z.literal("dasha"),
    compressor: compressorSchema({ promises: ["unbiased"], joint: true }),
    shift,
    stepSize: stepSize({ theory: THEOREM, pl: PL, measured: MEASURED }),
  }),
  example: { kind: "dasha", compressor: { kind: "rand-k", k: 10 }, shift: "carried" },
  equation: [
    "g_i^0 = grad f_i(x^0), dense; then, a = 1/(2 omega + 1):",
    "worker: m_i = Q_i(grad f_i(x^t) - grad f_i(x^{t-1}) - a (g_i^{t-1} - grad f_i(x^{t-1}))),  g_i^t = g_i^{t-1} + m_i",
    "server: g^t = g^{t-1} + mean_i m_i,  x^{t+1} = x^t - gamma g^t",
  ],
  label: labelOf,
  theory: {
    steps: { theory, pl, measured: measuredBy(theory) },
  },
  requests: [shiftStart, shiftedDifference],
  server(_spec, { workers: n, stepSize: gamma }) {
    const workers = everyone(n);
    return {
      start: (x0): DashaState => ({
        iterate: x0.slice(),
        previous: x0.slice(),
        shift: new Float64Array(x0.length),
      }),
      plan: (_state, round) => ({
        request: round === 0 ? shiftStart : shiftedDifference,
        workers,
        refresh: false,
      }),
      step({ iterate, shift: before }, { request }, mean): DashaState {
        const estimate = request.dense ? mean.slice() : plus(before, 1, mean);
        return { iterate: descend(iterate, gamma, estimate), previous: iterate, shift: estimate };
      },
    };
  },
  workerState: {
    vectors: ["shift"],
    spare: [],
    fromMessages: true,
    next: (own, { request, decoded }) => ({
      shift: request.dense ? decoded.slice() : plus(own["shift"]!, 1, decoded),
    }),
  },
  membership: { fixed: shiftsBelongToRows("dasha") },
});
