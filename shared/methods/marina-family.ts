/** What the MARINA family shares: one recursion at the server, differences of gradients from the workers. */
import { type CompressorSpec, isDrawnJointly } from "../compressors/index.ts";
import {
  defineRequest,
  descend,
  everyone,
  type Method,
  minus,
  plus,
  type RequestDefinition,
  type ServerDraws,
} from "./method.ts";
import {
  averageSmoothness,
  type CalibrationNeed,
  type Numbers,
  type TheorySetting,
  varianceOfMean,
} from "./theory.ts";

export interface MarinaState {
  /** x^t */
  readonly iterate: Float64Array;
  /** x^{t-1}; x^0 before round 0. */
  readonly previous: Float64Array;
  /** g^{t-1}; zero before round 0. */
  readonly estimate: Float64Array;
  readonly [name: string]: Float64Array;
}

/** Q(grad f_i(x^t) - grad f_i(x^{t-1})) over all rows. */
export const difference = defineRequest({
  name: "difference",
  wire: 3,
  points: ["iterate", "previous"],
  dense: false,
  gradients: [
    { at: "iterate", rows: "all" },
    { at: "previous", rows: "all" },
  ],
  message: ([x, w], _own, out) => minus(x!.vector, w!.vector, out),
});

/** The same over a mini-batch, of the same rows at both points. */
export const differenceBatch = defineRequest({
  name: "difference-batch",
  wire: 4,
  points: ["iterate", "previous"],
  dense: false,
  gradients: [
    { at: "iterate", rows: "batch" },
    { at: "previous", rows: "batch" },
  ],
  message: ([x, w], _own, out) => minus(x!.vector, w!.vector, out),
});

/** How a member of the family differs from plain MARINA. */
export interface MarinaRounds {
  /** What a dense round asks for. */
  readonly dense: RequestDefinition;
  /** What a compressed round asks for, */
  readonly compressed: RequestDefinition;
  /** and of whom; absent: of all workers. */
  readonly slots?: (draws: ServerDraws) => Uint32Array;
}

/**
 * The recursion of the family:
 *
 *   g^0 = mean_i m_i, and with probability p:  g^t = mean_i m_i      (a dense round)
 *   else:                                      g^t = g^{t-1} + mean_slots m_s
 *   x^{t+1} = x^t - gamma g^t
 *
 * One coin for all workers. Workers remember nothing.
 */
export function marinaServer(
  { workers, stepSize, probability }: Numbers,
  { dense, compressed, slots }: MarinaRounds,
): Method<MarinaState> {
  const all = everyone(workers);
  return {
    start: (x0) => ({ iterate: x0.slice(), previous: x0.slice(), estimate: new Float64Array(x0.length) }),
    plan(_state, round, draws) {
      if (round === 0 || draws.coin(probability)) return { request: dense, workers: all, refresh: false };
      return { request: compressed, workers: slots?.(draws) ?? all, refresh: false };
    },
    step(state, { request }, mean) {
      const estimate = request.dense ? mean.slice() : plus(state.estimate, 1, mean);
      return {
        iterate: descend(state.iterate, stepSize, estimate),
        previous: state.iterate,
        estimate,
      };
    },
  };
}

/** What calibration must find out: `jointStep` begins with L_f. */
export function needsOfJoint({
  compressor,
}: {
  readonly compressor: CompressorSpec;
}): readonly CalibrationNeed[] {
  return isDrawnJointly(compressor) ? ["average-smoothness"] : [];
}

/**
 * The step with compressors that are drawn jointly:
 *
 *   gamma = 1/(L_f + sqrt(((1-p)/p) ((A - B) L^2 + B L_pm^2 + (A + (1 - B)/n) V)))
 *
 * A and B as in `varianceOfMean`; L_pm bounds the variance of the differences D_i of gradients among the workers,
 * mean_i |D_i|^2 - |Dbar|^2 <= L_pm^2 |x - y|^2, and L stands in for it: L_pm <= L. V = 0 where the differences are exact;
 * cL^2/b for mini-batches, whose errors v_i are independent and unbiased: they add A mean |v_i|^2 - B |vbar|^2 to what
 * the compressors lose of exact differences, and |vbar|^2 = mean |v_i|^2 / n by themselves, all in expectation.
 * With A = omega/n and B = 0 that is Theorem 3.1, but for L_f in the place of L.
 * @see Szlendak, Tyurin, Richtarik, arXiv 2110.03300.
 */
export function jointStep(
  { workers: n, compressor, smoothness }: TheorySetting,
  p: number,
  V: number,
): number {
  const { L } = smoothness;
  const { A, B } = varianceOfMean(compressor, n);
  const Lpm = L;
  const inside = (A - B) * L * L + B * Lpm * Lpm + (A + (1 - B) / n) * V;
  return 1 / (averageSmoothness(smoothness) + Math.sqrt(((1 - p) / p) * inside));
}
