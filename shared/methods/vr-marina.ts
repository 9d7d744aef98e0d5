/** VR-MARINA: MARINA over mini-batches of a finite sum. */
import * as z from "zod";
import { compressorSchema } from "../compressors/index.ts";
import { orRobust, type RobustSpec } from "./byzantine.ts";
import {
  differenceBatch,
  familySteps,
  JOINT_STEP,
  jointStep,
  marinaServer,
  needsOfJoint,
} from "./marina-family.ts";
import { defineMethod } from "./method.ts";
import { full } from "./requests.ts";
import {
  aggregation,
  batchSize,
  checkAggregation,
  checkSampling,
  EXPLICIT,
  labelOf,
  PL,
  probability,
  replacement,
  sampling,
  stepSize,
  THEOREM,
} from "./spec-fields.ts";
import { density, descentStep, isJoint, omegaOf, type StepRule, type TheorySetting } from "./theory.ts";

type Spec = Parameters<typeof needsOfJoint>[0] &
  Batches &
  RobustSpec & { readonly sampling?: "uniform" | "importance" };

const drawsByImportance = ({ sampling: how }: Spec): boolean => how === "importance";

const theory: StepRule<Spec> = {
  source: "Theorem 3.1 of MARINA",
  formula: "1/(L + sqrt(((1-p)/(p n)) (omega L^2 + (1 + omega) cL^2/b)))",
  joint: JOINT_STEP,
  importance: {
    source: "Theorem 3.1 of MARINA for rows drawn by importance",
    formula: "1/(L + sqrt(((1-p)/(p n)) (omega L^2 + (1 + omega) cL^2/b))), cL_i = mean_l L_il",
  },
  needs: needsOfJoint,
  value(spec, setting, p) {
    if (isJoint(setting.compressor)) {
      const V = drawsByImportance(spec) ? lossVariance(spec, setting) : batchVariance(spec, setting);
      return jointStep(setting, p, V);
    }
    if (drawsByImportance(spec))
      return descentStep(setting.smoothness.L, inside31(spec, setting, p, cLoss(spec, setting)));
    return theorem31(spec, setting, p);
  },
};

/** cL of the losses alone: the regulariser is added exactly. */
function cLoss(spec: Spec, { smoothness: { cL, cLoss: known } }: TheorySetting): number {
  return known?.[drawsByImportance(spec) ? "importance" : "uniform"] ?? cL;
}

/** cL^2/b, of the losses alone. */
function lossVariance(spec: Spec, setting: TheorySetting): number {
  const cL = cLoss(spec, setting);
  return (cL * cL) / spec.batchSize;
}

/** Its steps besides. */
const STEPS_31 = {
  explicit: "1/(L_f + sqrt(((1-p)/(p n)) (omega L^2 + (1 + omega) cL^2/b)))",
  plSource: "the proof of Theorem 3.1 under the Polyak-Lojasiewicz condition",
  pl: "min{1/(L + sqrt((2 (1-p)/(p n)) (omega L^2 + (1 + omega) cL^2/b))), p/(2 mu)}",
  importance: {
    explicit: "1/(L_f + sqrt(((1-p)/(p n)) (omega L^2 + (1 + omega) cL^2/b))), cL_i = mean_l L_il",
    pl: "min{1/(L + sqrt((2 (1-p)/(p n)) (omega L^2 + (1 + omega) cL^2/b))), p/(2 mu)}, cL_i = mean_l L_il",
  },
};

/** What stands under the root of those, S/p. */
const insideOfOthers = (spec: Spec, setting: TheorySetting, p: number): number =>
  inside31(spec, setting, p, cLoss(spec, setting));

/**
 * VR-MARINA (Algorithm 2), J the mini-batch of worker i in this round, the same at both points:
 *
 *   g^0 = mean_i grad f_i(x^0);
 *   with probability p:  g^t = mean_i grad f_i(x^t)
 *   else:                g^t = g^{t-1} + mean_i Q_i(grad f_J(x^t) - grad f_J(x^{t-1}))
 *   x^{t+1} = x^t - gamma g^t
 *
 * With "sampling": "importance" row l of worker i is drawn with probability q_il = L_il/sum_l L_il, in proportion to |a_il|^2, and
 * its gradient counts 1/(m q_il); then cL_i is the mean of L_il, not their quadratic mean. b rows of a mini-batch, m = N/n. By theory p = min{zeta/d, b/(m+b)} and
 * gamma = 1/(L + sqrt(((1-p)/(p n)) (omega L^2 + (1+omega) cL^2 / b))) (Theorem 3.1); with Q_i drawn jointly see `jointStep`.
 * @example { "kind": "vr-marina", "compressor": { "kind": "rand-k", "k": 10 }, "batchSize": 17 }
 * @see Gorbunov, Burlachenko, Li, Richtarik, ICML 2021.
 */
export const vrMarina = defineMethod({
  schema: z
    .strictObject({
      kind: z.literal("vr-marina"),
      compressor: compressorSchema({ promises: ["unbiased"], joint: true }),
      batchSize,
      replacement,
      sampling,
      aggregation,
      probability,
      stepSize: stepSize({ theory: THEOREM, explicit: EXPLICIT, pl: PL }),
    })
    .superRefine(checkSampling)
    .superRefine(checkAggregation),
  example: { kind: "vr-marina", compressor: { kind: "rand-k", k: 10 }, batchSize: 17 },
  equation: [
    "g^0 = mean_i grad f_i(x^0);",
    "with probability p:  g^t = mean_i grad f_i(x^t)",
    "else:                g^t = g^{t-1} + mean_i Q_i(grad f_J(x^t) - grad f_J(x^{t-1}))",
    "x^{t+1} = x^t - gamma g^t",
  ],
  label: labelOf,
  theory: {
    probability: ({ batchSize: b }, { compressor, rowsPerWorker: m }) =>
      Math.min(density(compressor), b / (m + b)),
    steps: orRobust({ theory, ...familySteps<Spec>(insideOfOthers, lossVariance, STEPS_31) }, lossVariance),
  },
  requests: [full, differenceBatch],
  server: (_spec, numbers) => marinaServer(numbers, { dense: full, compressed: differenceBatch }),
  workerState: null,
  membership: "dense round",
});

interface Batches {
  /** b */
  readonly batchSize: number;
}

/** Theorem 3.1: 1/(L + sqrt(((1-p)/(p n)) (omega L^2 + (1+omega) cL^2 / b))) */
export function theorem31(spec: Batches, setting: TheorySetting, p: number): number {
  return descentStep(setting.smoothness.L, inside31(spec, setting, p));
}

/** What stands under its root. */
export function inside31(
  { batchSize: b }: Batches,
  { workers: n, compressor, smoothness: { L, cL: known } }: TheorySetting,
  p: number,
  cL = known,
): number {
  const omega = omegaOf(compressor);
  return ((1 - p) / (p * n)) * (omega * L * L + ((1 + omega) * cL * cL) / b);
}

/** cL^2/b */
function batchVariance({ batchSize: b }: Batches, { smoothness: { cL } }: TheorySetting): number {
  return (cL * cL) / b;
}
