/** Draws of the Dirichlet distribution. */
import { expNonPositive } from "./exp.ts";
import { log } from "./log.ts";
import type { Stream } from "./streams.ts";

/**
 * Shares p_1 .. p_K >= 0 with sum 1 and density proportional to prod_k p_k^(a_k - 1): gamma variates over their sum. They
 * are drawn as logarithms, since for small a_k they are smaller than any float.
 *
 * @param concentrations a_1 .. a_K > 0.
 */
export function dirichlet(concentrations: readonly number[], stream: Stream): number[] {
  const logs = concentrations.map((shape) => logGamma(shape, stream));
  const most = Math.max(...logs);
  const weights = logs.map((value) => expNonPositive(value - most));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/**
 * The logarithm of a variate with density proportional to g^(shape - 1) e^-g: by rejection for shape >= 1, and below that
 * as G(shape + 1) U^(1/shape).
 * Source: Marsaglia, Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000).
 */
function logGamma(shape: number, stream: Stream): number {
  if (shape < 1) return logGamma(shape + 1, stream) + log(positiveUniform(stream)) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(stream);
    const root = 1 + c * x;
    const v = root * root * root;
    if (v <= 0) continue;
    if (log(positiveUniform(stream)) < x * x * 0.5 + d * (1 - v + log(v))) {
      return log(d) + log(v);
    }
  }
}

/** Standard normal, by the polar method (one of its two variates). */
function normal(stream: Stream): number {
  for (;;) {
    const x = 2 * stream.nextUniform() - 1;
    const y = 2 * stream.nextUniform() - 1;
    const square = x * x + y * y;
    if (square > 0 && square < 1) return x * Math.sqrt((-2 * log(square)) / square);
  }
}

/** On (0, 1]. */
function positiveUniform(stream: Stream): number {
  return 1 - stream.nextUniform();
}
