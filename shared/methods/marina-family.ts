/** What the MARINA family shares: one recursion at the server, differences of gradients from the workers. */
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
import type { Numbers } from "./theory.ts";

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
