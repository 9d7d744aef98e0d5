/** What DIANA and VR-DIANA share: shifts h_i at the workers, their mean at the server. */
import { MarinaError } from "../base/index.ts";
import { cubeRoot } from "../math/index.ts";
import { descend, plus, type Vectors } from "./method.ts";
import { isJoint, omegaOf, type TheorySetting, type WorkerNumbers } from "./theory.ts";

export interface DianaState {
  /** x^t */
  readonly iterate: Float64Array;
  /** hbar^t = mean_i h_i^t */
  readonly shift: Float64Array;
  readonly [name: string]: Float64Array;
}

/** x^{t+1} and hbar^{t+1}; g^t uses the old shift. */
export function dianaStep(
  { iterate, shift }: DianaState,
  { stepSize, shiftStep }: { readonly stepSize: number; readonly shiftStep: number },
  mean: Float64Array,
): DianaState {
  return {
    iterate: descend(iterate, stepSize, plus(shift, 1, mean)),
    shift: plus(shift, shiftStep, mean),
  };
}

/** h_i^{t+1} = h_i^t + alpha m_i */
export function movedShift(own: Vectors, { shiftStep }: WorkerNumbers, decoded: Float64Array): Vectors {
  return { shift: plus(own["shift"]!, shiftStep, decoded) };
}

/** Why the workers of a method with shifts can't change. */
export function shiftsBelongToRows(kind: string): string {
  return `the workers of ${kind} remember a shift each, which belongs to their rows; take a method without worker memory, e.g. marina`;
}

/** What "published" means. */
export const THEOREM_4 = "Theorem 4 of Horvath et al. 2019";

/**
 * Theorem 4 of Horvath et al. 2019: 1/(10 L sqrt(1 + omega/n) (M^{2/3} + omega + 1)), M = 1 for DIANA and m/b for
 * VR-DIANA (the mini-batch form as the MARINA paper's experiments use it, with L = sqrt(mean L_i^2)).
 */
export function publishedStep({ workers: n, compressor, smoothness }: TheorySetting, M: number): number {
  if (isJoint(compressor)) {
    throw new MarinaError(
      "spec",
      'algorithm.stepSize: "published" is for compressors that are drawn independently; take "theory" or a number',
    );
  }
  const omega = omegaOf(compressor);
  return 1 / (10 * smoothness.L * Math.sqrt(1 + omega / n) * (cubeRoot(M * M) + omega + 1));
}
