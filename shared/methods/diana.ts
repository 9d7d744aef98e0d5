/** DIANA and VR-DIANA: the workers keep shifts h_i, the server their mean. */
import { descend, everyone, type Method, type Parameters, plus } from "./method.ts";

export interface DianaState {
  /** x^t */
  readonly iterate: Float64Array;
  /** hbar^t = mean_i h_i^t */
  readonly shift: Float64Array;
  readonly [name: string]: Float64Array;
}

/**
 * DIANA (Mishchenko et al., arXiv 1901.09269), h_i^0 = 0:
 *
 *   worker: m_i = Q_i(grad f_i(x^t) - h_i^t),  h_i^{t+1} = h_i^t + alpha m_i
 *   server: g^t = hbar^t + mean_i m_i,  x^{t+1} = x^t - gamma g^t,  hbar^{t+1} = hbar^t + alpha mean_i m_i
 *
 * g^t uses the old shift.
 */
export function diana(parameters: Parameters): Method<DianaState> {
  const workers = everyone(parameters.workers);
  return {
    kind: "diana",
    start: (x0) => ({ iterate: x0.slice(), shift: new Float64Array(x0.length) }),
    plan: (state) => ({ order: { kind: "shifted", x: state.iterate }, workers, refresh: false }),
    step: (state, _plan, mean) => ({
      iterate: descend(state.iterate, parameters.stepSize, plus(state.shift, 1, mean)),
      shift: plus(state.shift, parameters.shiftStep, mean),
    }),
  };
}

export interface VrDianaState extends DianaState {
  /** w^t */
  readonly reference: Float64Array;
}

/**
 * VR-DIANA in its loopless form (Horvath et al., arXiv 1904.05115): DIANA with
 * v_i = grad f_J(x^t) - grad f_J(w^t) + grad f_i(w^t) in place of the gradient, w^0 = x^0, and w^{t+1} = x^t (the point
 * before the step) with probability q, else w^t. One coin for all workers.
 */
export function vrDiana(parameters: Parameters): Method<VrDianaState> {
  const workers = everyone(parameters.workers);
  return {
    kind: "vr-diana",
    start: (x0) => ({ iterate: x0.slice(), shift: new Float64Array(x0.length), reference: x0.slice() }),
    plan: (state, _round, draws) => ({
      order: { kind: "shifted-reduced", x: state.iterate, w: state.reference },
      workers,
      refresh: draws.coin(parameters.probability),
    }),
    step: (state, plan, mean) => ({
      iterate: descend(state.iterate, parameters.stepSize, plus(state.shift, 1, mean)),
      shift: plus(state.shift, parameters.shiftStep, mean),
      reference: plan.refresh ? state.iterate : state.reference,
    }),
  };
}
