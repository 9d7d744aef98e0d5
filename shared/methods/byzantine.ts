/** Steps of the MARINA family where some workers may send anything: Byz-VR-MARINA with clipped differences. */
import { errorFactor, tolerated } from "../aggregation/index.ts";
import type { CompressorSpec } from "../compressors/index.ts";
import type { MayBeRobust } from "./spec-fields.ts";
import {
  averageSmoothness,
  type CalibrationNeed,
  descentStep,
  omegaOf,
  PL_NEEDS,
  type StepRule,
  type StepSource,
  type TheorySetting,
} from "./theory.ts";

/** What of a spec the theorem reads. */
export interface RobustSpec extends MayBeRobust {
  readonly compressor: CompressorSpec;
  /** r; default: all. */
  readonly participants?: number;
}

/** What stands for the theorem's L and L_+-. */
interface Known {
  readonly L: number;
  readonly Lpm: number;
}

/**
 * A of Theorem 4.2, in its form with constants of their own (Theorem E.4), for heterogeneity zeta^2 and B = 0:
 *
 *   A = (4/p) (P (omega L^2 + (omega + 1) (L_+-^2 + V)) + (8/p) R (omega L^2 + (omega + 1) (L_+-^2 + V)) c delta)
 *       + (16/p^2) (1 - p_G) (L^2 + F_A^2 (D_Q L_max)^2)
 *   P = p_G P_k G/(C (1-delta))^2,  R = p_G P_k G/(C (1-delta))
 *
 * C messages in a compressed round, of n or r workers; p_G the probability that at most delta C of them are wrong, P_k that a given sound
 * worker is among them, given that; 1 and 1 where all are asked. c delta is half of `errorFactor`, V = cL^2/b of mini-batches. The rules
 * return a point of the convex hull: F_A = 1. It is unknown how many are really wrong: the worst number, up to delta n, counts.
 */
export function robustInside(
  { aggregation, participants }: RobustSpec,
  { workers: n, compressor, smoothness: { Lmax } }: TheorySetting,
  { L, Lpm }: Known,
  V: number,
  p: number,
): number {
  if (aggregation === undefined) throw new RangeError("nothing is tolerated");
  const omega = omegaOf(compressor);
  const { tolerate: delta } = aggregation;
  const C = participants ?? n;
  const spreadOfOne = omega * L * L + (omega + 1) * (Lpm * Lpm + V);
  const cDelta = errorFactor(aggregation, C) / 2;
  let most = 0;
  for (let wrong = 0; wrong <= tolerated(aggregation, n); wrong++) {
    const G = n - wrong;
    const { pG, soundAsked } = majority(n, G, C, C - tolerated(aggregation, C));
    // p_G P_k G = the expected number of sound messages in a round that counts as sound.
    const R = soundAsked / (C * (1 - delta));
    const P = R / (C * (1 - delta));
    const growth = compressor.growth * Lmax;
    const outvoted = ((16 * (1 - pG)) / (p * p)) * (L * L + growth * growth);
    most = Math.max(most, (4 / p) * (P + (8 / p) * R * cDelta) * spreadOfOne + outvoted);
  }
  return most;
}

/**
 * Of C workers asked out of n, each at most once, of whom G are sound: p_G = P(T >= least) and E[T; T >= least] for T, the sound ones
 * among them, which is hypergeometric.
 */
export function majority(
  n: number,
  G: number,
  C: number,
  least: number,
): { readonly pG: number; readonly soundAsked: number } {
  const from = Math.max(0, C - (n - G));
  const to = Math.min(G, C);
  // Of the most likely number outwards, so that nothing underflows; then divided by the sum.
  const mode = Math.min(to, Math.max(from, Math.floor(((C + 1) * (G + 1)) / (n + 2))));
  const weights = new Map([[mode, 1]]);
  for (let t = mode; t < to; t++)
    weights.set(t + 1, weights.get(t)! * (((G - t) * (C - t)) / ((t + 1) * (n - G - C + t + 1))));
  for (let t = mode; t > from; t--)
    weights.set(t - 1, weights.get(t)! * ((t * (n - G - C + t)) / ((G - t + 1) * (C - t + 1))));
  let all = 0;
  let sound = 0;
  let soundAsked = 0;
  for (let t = from; t <= to; t++) {
    const weight = weights.get(t)!;
    all += weight;
    if (t < least) continue;
    sound += weight;
    soundAsked += t * weight;
  }
  return { pG: sound / all, soundAsked: soundAsked / all };
}

const SOURCE = "Theorem 4.2 of Byz-VR-MARINA-PP, with constants of their own (E.4)";
const UNDER =
  "A = (4/p) (P + (8/p) R c delta) (omega L^2 + (omega + 1) (L_pm^2 + V)) + (16/p^2) (1 - p_G) (L^2 + (D_Q L_max)^2)";

/** Where the robust steps come from, by name. */
const SOURCES: Readonly<Record<string, StepSource>> = {
  theory: { source: SOURCE, formula: `1/(L + sqrt(A)), ${UNDER}, L_pm = L` },
  explicit: { source: SOURCE, formula: `1/(L_f + sqrt(A)), ${UNDER}` },
  pl: {
    source: `${SOURCE}, under the Polyak-Lojasiewicz condition`,
    formula: `min{1/(L + sqrt(2 A)), p/(4 mu)}, ${UNDER}, L_pm = L`,
  },
};

const NEEDS: Readonly<Record<string, readonly CalibrationNeed[]>> = {
  theory: [],
  explicit: ["average-smoothness", "hessian-variance"],
  pl: PL_NEEDS,
};

/**
 * A member's steps, and in their place those of `robustInside` where its spec has an aggregation. With gamma of "pl",
 * E f(x^T) - f_* <= (1 - gamma mu)^T (f(x^0) - f_*) + a neighbourhood; each promises its rate but for one, of size
 * (2 delta/(1 - delta)) (6 c + p) zeta^2/p for |grad f|^2.
 * @param V cL^2/b, where the member draws mini-batches.
 * @see Malinovsky, Richtarik, Horvath, Gorbunov, "Byzantine robustness and partial participation can be achieved at once: just
 * clip gradient differences", NeurIPS 2024, arXiv 2311.14127.
 */
export function orRobust<Spec extends RobustSpec, Name extends string>(
  steps: Readonly<Record<Name, StepRule<Spec>>>,
  V: (spec: Spec, setting: TheorySetting) => number,
): Readonly<Record<Name, StepRule<Spec>>> {
  const wrapped = Object.entries<StepRule<Spec>>(steps).map(([name, rule]) => {
    const robust = SOURCES[name];
    if (robust === undefined) return [name, rule] as const;
    const needs = (spec: Spec): readonly CalibrationNeed[] => {
      if (spec.aggregation !== undefined) return NEEDS[name]!;
      return typeof rule.needs === "function" ? rule.needs(spec) : (rule.needs ?? []);
    };
    const value = (spec: Spec, setting: TheorySetting, p: number): number => {
      if (spec.aggregation === undefined) return rule.value(spec, setting, p);
      const { smoothness } = setting;
      const first = name === "explicit" ? averageSmoothness(smoothness) : smoothness.L;
      const Lpm = name === "explicit" ? (smoothness.Lpm ?? smoothness.L) : smoothness.L;
      const inside = robustInside(spec, setting, { L: first, Lpm }, V(spec, setting), p);
      if (name !== "pl") return descentStep(first, inside);
      if (setting.mu === undefined) throw new RangeError("mu was not found out: see StepRule.needs");
      return Math.min(descentStep(first, 2 * inside), p / (4 * setting.mu));
    };
    // A robust rate is one to a neighbourhood.
    const begins = (spec: Spec, setting: TheorySetting, step: number): number | undefined => {
      if (spec.aggregation !== undefined) return undefined;
      return rule.begins === undefined ? setting.start?.loss : rule.begins(spec, setting, step);
    };
    return [name, { ...rule, robust, needs, value, begins }] as const;
  });
  return Object.fromEntries(wrapped) as Record<Name, StepRule<Spec>>;
}
