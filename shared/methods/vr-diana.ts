/** VR-DIANA: DIANA over mini-batches, with loopless variance reduction. */
import * as z from "zod";
import { compressorSchema } from "../compressors/index.ts";
import {
  type DianaState,
  dianaStep,
  movedShift,
  publishedStep,
  shiftsBelongToRows,
  THEOREM_4,
} from "./diana-family.ts";
import { defineMethod, defineRequest, everyone, type Vectors } from "./method.ts";
import {
  batchSize,
  labelOf,
  MEASURED,
  probability,
  replacement,
  shift,
  stepSize,
  THEOREM,
} from "./spec-fields.ts";
import { measuredBy, type StepRule, type TheorySetting } from "./theory.ts";

export interface VrDianaState extends DianaState {
  /** w^t */
  readonly reference: Float64Array;
}

/** Q(v_i - h_i^t), v_i = grad f_J(x^t) - grad f_J(w^t) + grad f_i(w^t). */
const shiftedReduced = defineRequest({
  name: "shifted-reduced",
  wire: 6,
  points: ["iterate", "reference"],
  dense: false,
  gradients: [
    { at: "reference", rows: "all", held: heldReference },
    { at: "iterate", rows: "batch" },
    { at: "reference", rows: "batch" },
  ],
  message([full, x, w], own, out) {
    const h = own["shift"]!;
    for (let j = 0; j < out.length; j++) {
      out[j] = x!.vector[j]! - w!.vector[j]! + full!.vector[j]! - h[j]!;
    }
    return out;
  },
});

/** grad f_i(w) while the reference point is the one that it was computed at. */
function heldReference({ reference, referenceGradient }: Vectors, w: Float64Array): Float64Array | undefined {
  return reference !== undefined && same(reference, w) ? referenceGradient : undefined;
}

function same(a: Float64Array, b: Float64Array): boolean {
  if (a === b) return true;
  for (let j = 0; j < a.length; j++) if (a[j] !== b[j]) return false;
  return a.length === b.length;
}

const theory: StepRule<Parameters<typeof theorem4>[0]> = {
  source: THEOREM_4,
  formula: "1/(10 L sqrt(1 + omega/n) ((m/b)^(2/3) + omega + 1))",
  value: theorem4,
};

/**
 * VR-DIANA in its loopless form: DIANA with v_i in place of the gradient, h_i^0 = 0, w^0 = x^0:
 *
 *   v_i = grad f_J(x^t) - grad f_J(w^t) + grad f_i(w^t),  J the mini-batch of worker i
 *   worker: m_i = Q_i(v_i - h_i^t),  h_i^{t+1} = h_i^t + alpha m_i
 *   server: g^t = hbar^t + mean_i m_i,  x^{t+1} = x^t - gamma g^t,  hbar^{t+1} = hbar^t + alpha mean_i m_i
 *   w^{t+1} = x^t (the point before the step) with probability q, else w^t; one coin for all workers
 *
 * b rows of a mini-batch, m = N/n; alpha = 1/(1 + omega); q by theory b/m. Step: Theorem 4 of Horvath et al. 2019, which
 * is both "theory" and "published".
 * @example { "kind": "vr-diana", "compressor": { "kind": "natural" }, "batchSize": 17 }
 * @see Horvath, Kovalev, Mishchenko, Stich, Richtarik, "Stochastic distributed learning with gradient quantization and
 * variance reduction", arXiv 1904.05115.
 */
export const vrDiana = defineMethod({
  schema: z.strictObject({
    kind: z.literal("vr-diana"),
    compressor: compressorSchema({
      promises: ["unbiased"],
      joint: { refused: "the step of vr-diana is for compressors that are drawn independently; take diana" },
    }),
    shift,
    batchSize,
    replacement,
    probability,
    stepSize: stepSize({ theory: THEOREM, published: THEOREM_4, measured: MEASURED }),
  }),
  example: { kind: "vr-diana", compressor: { kind: "natural" }, batchSize: 17 },
  equation: [
    "v_i = grad f_J(x^t) - grad f_J(w^t) + grad f_i(w^t),  J the mini-batch of worker i",
    "worker: m_i = Q_i(v_i - h_i^t),  h_i^{t+1} = h_i^t + alpha m_i",
    "server: g^t = hbar^t + mean_i m_i,  x^{t+1} = x^t - gamma g^t,  hbar^{t+1} = hbar^t + alpha mean_i m_i",
    "w^{t+1} = x^t (the point before the step) with probability q, else w^t; one coin for all workers",
  ],
  label: labelOf,
  theory: {
    probability: ({ batchSize: b }, { rowsPerWorker: m }) => Math.min(1, b / m),
    steps: { theory, published: theory, measured: measuredBy(theory) },
  },
  requests: [shiftedReduced],
  server(_spec, numbers) {
    const workers = everyone(numbers.workers);
    return {
      start: (x0): VrDianaState => ({
        iterate: x0.slice(),
        shift: new Float64Array(x0.length),
        reference: x0.slice(),
      }),
      plan: (_state, _round, draws) => ({
        request: shiftedReduced,
        workers,
        refresh: draws.coin(numbers.probability),
      }),
      step: (state, plan, mean): VrDianaState => ({
        ...dianaStep(state, numbers, mean),
        reference: plan.refresh ? state.iterate : state.reference,
      }),
    };
  },
  workerState: {
    vectors: ["shift"],
    spare: ["reference", "referenceGradient"],
    fromMessages: true,
    next(own, { decoded, computed }, numbers) {
      const moved = movedShift(own, numbers, decoded);
      if (computed === null) return moved;
      return {
        ...moved,
        reference: computed.points[1]!,
        referenceGradient: computed.values[0]!.vector,
      };
    },
  },
  membership: { fixed: shiftsBelongToRows("vr-diana") },
});

function theorem4({ batchSize: b }: { readonly batchSize: number }, setting: TheorySetting): number {
  return publishedStep(setting, setting.rowsPerWorker / b);
}
