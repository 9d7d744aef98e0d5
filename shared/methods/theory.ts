/** Step sizes and probabilities from the convergence theorems. Symbols as in the papers; L, cL, L_f as in `Smoothness`. */

import { MarinaError } from "../base/index.ts";
import type { Compressor } from "../compressors/index.ts";
import { cubeRoot } from "../math/index.ts";
import type { Smoothness } from "../problems/index.ts";
import type { AlgorithmSpec, Parameters } from "./method.ts";

/** What the theory is told. */
export interface TheorySetting {
  /** n */
  readonly workers: number;
  /** m = N/n, mean rows a worker. */
  readonly rowsPerWorker: number;
  readonly compressor: Compressor;
  readonly smoothness: Smoothness;
  /** Needed by QGD's guaranteed step only. */
  readonly start?: StartingPoint;
  /** T, the rounds allowed; needed by QGD's guaranteed step only. */
  readonly rounds: number;
  /** eps^2, the squared gradient norm aimed at; needed by QGD's guaranteed step only. */
  readonly targetGradientNormSquared?: number;
}

/** f and its gradient at x^0. */
export interface StartingPoint {
  readonly loss: number;
  readonly gradientNormSquared: number;
}

/**
 * Does this method's step need L_f, the constant of the average function? It takes many rounds to compute, so it is
 * asked for only where it is used: GD (1/L_f), DIANA by theory, QGD with its guarantee.
 */
export function needsAverageSmoothness(spec: AlgorithmSpec<unknown>): boolean {
  const theoretical = spec.stepSize === "theory" || typeof spec.stepSize === "object";
  return theoretical && (spec.kind === "gd" || spec.kind === "diana" || spec.kind === "qgd");
}

/** Does this method's step need f(x^0) and |grad f(x^0)|^2? Only QGD's guaranteed one. */
export function needsStartingPoint(spec: AlgorithmSpec<unknown>): boolean {
  return spec.kind === "qgd" && (spec.stepSize === "theory" || typeof spec.stepSize === "object");
}

/**
 * The numbers a method runs with.
 * @throws MarinaError "spec" where the asked step size does not exist for the method, naming what does.
 */
export function resolveParameters(spec: AlgorithmSpec, setting: TheorySetting): Parameters {
  const probability = resolveProbability(spec, setting);
  return {
    workers: setting.workers,
    probability,
    stepSize: resolveStepSize(spec, setting, probability),
    shiftStep: 1 / (1 + setting.compressor.omega),
  };
}

/**
 * p by theory: zeta/d (MARINA), min{zeta/d, b/(m+b)} (VR-MARINA), min{zeta/d, b/(B+b)} (online), zeta r/(d n)
 * (PP-MARINA); q = b/m (VR-DIANA). Where zeta = d tells nothing (quantisers that send every coordinate), b_Q/(32 d)
 * takes the place of zeta/d: dense and compressed rounds then cost the same expected bits.
 */
export function resolveProbability(spec: AlgorithmSpec, setting: TheorySetting): number {
  if (spec.kind === "gd" || spec.kind === "qgd" || spec.kind === "diana") return 1;
  if (spec.probability !== "theory") return spec.probability;
  const { compressor, workers, rowsPerWorker: m } = setting;
  const { zeta, dimension, expectedBits } = compressor;
  const density = zeta < dimension ? zeta / dimension : Math.min(1, expectedBits / (32 * dimension));
  switch (spec.kind) {
    case "marina":
      return density;
    case "vr-marina":
      return Math.min(density, spec.batchSize / (m + spec.batchSize));
    case "vr-marina-online":
      return Math.min(density, spec.batchSize / (spec.largeBatchSize + spec.batchSize));
    case "pp-marina":
      return Math.min(1, (density * spec.participants) / workers);
    case "vr-diana":
      return Math.min(1, spec.batchSize / m);
  }
}

function resolveStepSize(spec: AlgorithmSpec, setting: TheorySetting, probability: number): number {
  checkStepSize(spec);
  const asked = spec.stepSize;
  if (typeof asked === "number") return asked;
  if (typeof asked === "object") return asked.times * theoreticalStep(spec, setting, probability);
  if (asked === "published") return dianaPublishedStep(spec, setting);
  if (asked === "practical") {
    // 1/(L (1 + omega/n)): no guarantee on heterogeneous non-convex data.
    return 1 / (setting.smoothness.L * (1 + setting.compressor.omega / setting.workers));
  }
  return theoreticalStep(spec, setting, probability);
}

/** @throws MarinaError "spec" where the method has no such step size, naming those that it has. */
export function checkStepSize(spec: AlgorithmSpec<unknown>): void {
  const asked = spec.stepSize;
  const named: readonly unknown[] =
    spec.kind === "qgd"
      ? ["theory", "practical"]
      : spec.kind === "diana" || spec.kind === "vr-diana"
        ? ["theory", "published"]
        : ["theory"];
  if (typeof asked !== "string" || named.includes(asked)) return;
  throw new MarinaError(
    "spec",
    `algorithm.stepSize: ${spec.kind} has no "${asked}" step size; use ${named.map((name) => `"${name}"`).join(" or ")}, a number, or { "times": 4 }`,
  );
}

/** The step of the method's theorem for general non-convex functions. */
function theoreticalStep(spec: AlgorithmSpec, setting: TheorySetting, p: number): number {
  const { workers: n, compressor, smoothness } = setting;
  const { omega } = compressor;
  const { L, cL } = smoothness;
  switch (spec.kind) {
    case "gd":
      return 1 / averageSmoothness(smoothness);
    case "qgd":
      return qgdGuaranteedStep(setting);
    case "diana":
      // min{1/(2 L_f), 1/(2 L sqrt(omega (1 + omega) (3 + 2 omega) / n))}
      return Math.min(
        1 / (2 * averageSmoothness(smoothness)),
        1 / (2 * L * Math.sqrt((omega * (1 + omega) * (3 + 2 * omega)) / n)),
      );
    case "vr-diana":
      return dianaPublishedStep(spec, setting);
    case "marina":
      // Theorem 2.1: 1/(L (1 + sqrt((1-p) omega / (p n))))
      return 1 / (L * (1 + Math.sqrt(((1 - p) * omega) / (p * n))));
    case "vr-marina":
    case "vr-marina-online":
      // Theorem 3.1: 1/(L + sqrt(((1-p)/(p n)) (omega L^2 + (1+omega) cL^2 / b)))
      return (
        1 / (L + Math.sqrt(((1 - p) / (p * n)) * (omega * L * L + ((1 + omega) * cL * cL) / spec.batchSize)))
      );
    case "pp-marina":
      // Theorem 4.1: 1/(L (1 + sqrt((1-p) (1+omega) / (p r))))
      return 1 / (L * (1 + Math.sqrt(((1 - p) * (1 + omega)) / (p * spec.participants))));
  }
}

/**
 * Theorem 4 of Horvath et al. 2019: 1/(10 L sqrt(1 + omega/n) (M^{2/3} + omega + 1)), M = 1 for DIANA and m/b for
 * VR-DIANA (the mini-batch form as the MARINA paper's experiments use it, with L = sqrt(mean L_i^2)).
 */
function dianaPublishedStep(spec: AlgorithmSpec, setting: TheorySetting): number {
  const { workers: n, compressor, smoothness, rowsPerWorker } = setting;
  const { omega } = compressor;
  const M = spec.kind === "vr-diana" ? rowsPerWorker / spec.batchSize : 1;
  return 1 / (10 * smoothness.L * Math.sqrt(1 + omega / n) * (cubeRoot(M * M) + omega + 1));
}

/**
 * QGD's guaranteed step: min{1/L_f, 1/sqrt(L_f A T), eps^2/(2 L_f C)}, A = omega L_max / n, C = 2 A Delta_f*. The
 * heterogeneity Delta_f* = f_* - mean_i f_{i,*} is bounded by f(x^0), as the losses are non-negative.
 */
function qgdGuaranteedStep(setting: TheorySetting): number {
  const { workers: n, compressor, smoothness, start, rounds, targetGradientNormSquared } = setting;
  const Lf = averageSmoothness(smoothness);
  const A = (compressor.omega * smoothness.Lmax) / n;
  if (A === 0) return 1 / Lf;
  if (start === undefined || targetGradientNormSquared === undefined) {
    throw new MarinaError(
      "spec",
      'algorithm.stepSize: the guaranteed step of qgd depends on the accuracy aimed at: set stop.relativeGradientNormSquared or stop.gradientNormSquared, or use "practical" or a number',
    );
  }
  const C = 2 * A * start.loss;
  return Math.min(1 / Lf, 1 / Math.sqrt(Lf * A * rounds), targetGradientNormSquared / (2 * Lf * C));
}

function averageSmoothness(smoothness: Smoothness): number {
  if (smoothness.Lf === undefined) throw new RangeError("L_f was not computed: see needsAverageSmoothness");
  return smoothness.Lf;
}
