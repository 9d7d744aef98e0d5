/** What the MARINA family shares: one recursion at the server, differences of gradients from the workers. */
import { type CompressorSpec, isDrawnJointly } from "../compressors/index.ts";
import {
  defineRequest,
  descend,
  everyone,
  type Method,
  minus,
  type Plan,
  plus,
  type RequestDefinition,
  type ServerDraws,
} from "./method.ts";
import {
  averageSmoothness,
  type CalibrationNeed,
  descentStep,
  isJoint,
  type Numbers,
  PL_NEEDS,
  plStep,
  type StepRule,
  type StepSource,
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
  readonly slots?: (draws: ServerDraws) => Pick<Plan, "workers" | "weights">;
}

/**
 * The recursion of the family:
 *
 *   g^0 = mean_i m_i, and with probability p:  g^t = mean_i m_i      (a dense round)
 *   else:                                      g^t = g^{t-1} + mean_slots w_s m_s,  w_s = 1 unless slots are drawn by importance
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
      return { request: compressed, ...(slots?.(draws) ?? { workers: all }), refresh: false };
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
export function jointStep(setting: TheorySetting, p: number, V: number): number {
  return descentStep(averageSmoothness(setting.smoothness), jointInside(setting, p, V));
}

/** What stands under its root. @param Lpm L_pm, or L, which is never less. */
export function jointInside(
  { workers: n, compressor, smoothness: { L } }: TheorySetting,
  p: number,
  V: number,
  Lpm = L,
): number {
  const { A, B } = varianceOfMean(compressor, n);
  return ((1 - p) / p) * ((A - B) * L * L + B * Lpm * Lpm + (A + (1 - B) / n) * V);
}

/** The source of that step. */
export const JOINT_STEP: StepSource = {
  source: "Szlendak, Tyurin and Richtarik 2021, with L for L_pm",
  formula: "1/(L_f + sqrt(((1-p)/p) ((A - B) L^2 + B L^2 + (A + (1 - B)/n) V)))",
};

/** What stands under the root of a member's theorem, S/p, of independent compressors. */
export type Inside<Spec> = (spec: Spec, setting: TheorySetting, p: number) => number;

/** The source and the formula of each of a member's steps. */
interface FamilySteps<Spec> {
  /** With clients or rows drawn by importance. */
  readonly importance?: { readonly explicit: string; readonly pl: string };
  /** Does the spec's step begin with L_f in any case? */
  readonly beginsWithLf?: (spec: Spec) => boolean;
  readonly explicit: string;
  readonly pl: string;
  readonly plSource: string;
}

/**
 * "explicit" and "pl" of a member of the family.
 *
 * explicit: gamma = 1/(L_f + sqrt(S/p)), S as in the member's theorem; with compressors that are drawn jointly S as in
 * `jointStep` with L_pm itself, where it is known.
 * pl: gamma = min{1/(L + sqrt(2 S/p)), p/(2 mu)}; with compressors that are drawn jointly L_f in the place of the first L.
 * @param V cL^2/b, where the member draws mini-batches.
 */
export function familySteps<Spec extends { readonly compressor: CompressorSpec }>(
  inside: Inside<Spec>,
  V: Inside<Spec>,
  { explicit, pl, plSource, importance, beginsWithLf = () => false }: FamilySteps<Spec>,
): { readonly explicit: StepRule<Spec>; readonly pl: StepRule<Spec> } {
  return {
    explicit: {
      source: "the same proof, with L_f from the descent lemma",
      formula: explicit,
      joint: {
        source: "Szlendak, Tyurin and Richtarik 2021",
        formula: "1/(L_f + sqrt(((1-p)/p) ((A - B) L^2 + B L_pm^2 + (A + (1 - B)/n) V)))",
      },
      ...(importance === undefined
        ? {}
        : {
            importance: { source: "the same proof, for draws by importance", formula: importance.explicit },
          }),
      needs: ({ compressor }) =>
        isDrawnJointly(compressor) ? ["average-smoothness", "hessian-variance"] : ["average-smoothness"],
      value(spec, setting, p) {
        const { compressor, smoothness } = setting;
        const under = isJoint(compressor)
          ? jointInside(setting, p, V(spec, setting, p), smoothness.Lpm)
          : inside(spec, setting, p);
        return descentStep(averageSmoothness(smoothness), under);
      },
    },
    pl: {
      source: plSource,
      formula: pl,
      joint: {
        source: "Szlendak, Tyurin and Richtarik 2021, under the Polyak-Lojasiewicz condition",
        formula: "min{1/(L_f + sqrt((2(1-p)/p) ((A - B) L^2 + B L^2 + (A + (1 - B)/n) V))), p/(2 mu)}",
      },
      ...(importance === undefined
        ? {}
        : { importance: { source: `${plSource}, for draws by importance`, formula: importance.pl } }),
      needs: (spec) => [
        ...(beginsWithLf(spec) ? (["average-smoothness"] as const) : needsOfJoint(spec)),
        ...PL_NEEDS,
      ],
      value(spec, setting, p) {
        const { compressor, smoothness } = setting;
        if (isJoint(compressor))
          return plStep(
            averageSmoothness(smoothness),
            jointInside(setting, p, V(spec, setting, p)),
            p,
            setting,
          );
        const first = beginsWithLf(spec) ? averageSmoothness(smoothness) : smoothness.L;
        return plStep(first, inside(spec, setting, p), p, setting);
      },
    },
  };
}
