/** MARINA, VR-MARINA and PP-MARINA: one server recursion, different compressed rounds. */
import { descend, everyone, type Method, type Parameters, plus, type Rows } from "./method.ts";

export interface MarinaState {
  /** x^t */
  readonly iterate: Float64Array;
  /** x^{t-1}; x^0 before round 0. */
  readonly previous: Float64Array;
  /** g^{t-1}; zero before round 0. */
  readonly estimate: Float64Array;
  readonly [name: string]: Float64Array;
}

/** How a member of the family differs from plain MARINA. */
export interface MarinaVariant {
  readonly kind: "marina" | "vr-marina" | "vr-marina-online" | "pp-marina";
  /** Rows of a dense round: all, or a large batch (online). */
  readonly denseRows: Exclude<Rows, "batch">;
  /** Rows of a compressed round: all, or a mini-batch. */
  readonly differenceRows: Exclude<Rows, "large-batch">;
  /** r; absent: all workers take part in every compressed round. */
  readonly participants?: number;
  /** Slots are drawn with replacement. */
  readonly replacement?: boolean;
}

/**
 * MARINA (Algorithm 1 of Gorbunov, Burlachenko, Li, Richtarik, ICML 2021), its variance-reduced forms (Algorithms 2
 * and 3) and its partial participation (Algorithm 4):
 *
 *   g^0 = mean_i grad f_i(x^0);
 *   with probability p:  g^t = mean_i grad f_i(x^t)
 *   else:                g^t = g^{t-1} + mean_slots Q(grad f_i(x^t) - grad f_i(x^{t-1}))
 *   x^{t+1} = x^t - gamma g^t
 *
 * One coin for all workers. A compressed round of PP-MARINA has r slots, divides by r, and a worker drawn twice
 * answers twice with independent compressions. Workers remember nothing.
 */
export function marina(parameters: Parameters, variant: MarinaVariant): Method<MarinaState> {
  const all = everyone(parameters.workers);
  return {
    kind: variant.kind,
    start: (x0) => ({ iterate: x0.slice(), previous: x0.slice(), estimate: new Float64Array(x0.length) }),
    plan(state, round, draws) {
      if (round === 0 || draws.coin(parameters.probability)) {
        const order = { kind: "full", x: state.iterate, rows: variant.denseRows, compressed: false } as const;
        return { order, workers: all, refresh: false };
      }
      const order = {
        kind: "difference",
        x: state.iterate,
        w: state.previous,
        rows: variant.differenceRows,
      } as const;
      const workers =
        variant.participants === undefined
          ? all
          : draws.slots(variant.participants, parameters.workers, variant.replacement ?? true);
      return { order, workers, refresh: false };
    },
    step(state, plan, mean) {
      const estimate = plan.order.kind === "full" ? mean.slice() : plus(state.estimate, 1, mean);
      return {
        iterate: descend(state.iterate, parameters.stepSize, estimate),
        previous: state.iterate,
        estimate,
      };
    },
  };
}
