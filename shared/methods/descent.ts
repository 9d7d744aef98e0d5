/** The server of GD and QGD: no memory but the iterate. */
import { descend, everyone, type Method, type RequestDefinition } from "./method.ts";
import type { Numbers } from "./theory.ts";

export interface DescentState {
  /** x^t */
  readonly iterate: Float64Array;
  readonly [name: string]: Float64Array;
}

/** x^{t+1} = x^t - gamma mean_i m_i, m_i what this request brings. */
export function descent({ workers: n, stepSize }: Numbers, request: RequestDefinition): Method<DescentState> {
  const workers = everyone(n);
  return {
    start: (x0) => ({ iterate: x0.slice() }),
    plan: () => ({ request, workers, refresh: false }),
    step: ({ iterate }, _plan, mean) => ({ iterate: descend(iterate, stepSize, mean) }),
  };
}
