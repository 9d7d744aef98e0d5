/** GD and QGD: no memory anywhere but the iterate. */
import { descend, everyone, type Method, type Parameters } from "./method.ts";

export interface DescentState {
  readonly iterate: Float64Array;
  readonly [name: string]: Float64Array;
}

/**
 * Gradient descent: g^t = mean_i grad f_i(x^t), x^{t+1} = x^t - gamma g^t. With `compressed`, QGD (also called DCGD):
 * g^t = mean_i Q_i(grad f_i(x^t)), which at a fixed step converges only to a neighbourhood of a stationary point
 * unless the local gradients vanish there. Source: Khaled and Richtarik, arXiv 2002.03329.
 */
export function gradientDescent(parameters: Parameters, compressed: boolean): Method<DescentState> {
  const workers = everyone(parameters.workers);
  return {
    kind: compressed ? "qgd" : "gd",
    start: (x0) => ({ iterate: x0.slice() }),
    plan: (state) => ({
      order: { kind: "full", x: state.iterate, rows: "all", compressed },
      workers,
      refresh: false,
    }),
    step: (state, _plan, mean) => ({ iterate: descend(state.iterate, parameters.stepSize, mean) }),
  };
}
