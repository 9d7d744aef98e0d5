/** What L_pm is at least, as seen on the way: outside the method, where a spec asks for it. */
import { norm } from "../../../shared/math/index.ts";
import { comparedKey } from "../../../shared/protocol/index.ts";
import type { ActiveRun } from "../term/active-run.ts";
import { gradientsAt } from "./evaluate.ts";
import { watchedPoint } from "./points.ts";

/**
 * sqrt(mean_i |D_i|^2 - |Dbar|^2)/|x^t - x^{t-1}| of the exact D_i = grad f_i(x^t) - grad f_i(x^{t-1}), which L_pm bounds; undefined
 * where the two points are one.
 * @param x x^t
 * @param previous x^{t-1}
 */
export async function measureHessianVariance(
  active: ActiveRun,
  x: Float64Array,
  previous: Float64Array,
  round: number,
): Promise<{ readonly measuredLpm: number; readonly bytes: number } | undefined> {
  const length = norm(x.map((value, j) => value - previous[j]!));
  if (length === 0) return undefined;
  const older = await exactGradients(active, previous, round - 1);
  const newer = await exactGradients(active, x, round);
  return {
    measuredLpm: spreadOf(newer.gradients, older.gradients) / length,
    bytes: older.bytes + newer.bytes,
  };
}

/** sqrt(mean_i |D_i - Dbar|^2) of D_i = newer_i - older_i: the same without its cancellation. */
function spreadOf(newer: readonly Float64Array[], older: readonly Float64Array[]): number {
  const n = newer.length;
  const mean = new Float64Array(newer[0]!.length);
  for (const [i, gradient] of newer.entries())
    for (let j = 0; j < mean.length; j++) mean[j] = mean[j]! + (gradient[j]! - older[i]![j]!) / n;
  let sum = 0;
  for (const [i, gradient] of newer.entries()) {
    for (let j = 0; j < mean.length; j++) {
      const away = gradient[j]! - older[i]![j]! - mean[j]!;
      sum += away * away;
    }
  }
  return Math.sqrt(sum / n);
}

async function exactGradients(
  active: ActiveRun,
  x: Float64Array,
  pointRound: number,
): ReturnType<typeof gradientsAt> {
  const key = comparedKey(active.run, active.phase, pointRound);
  // Where that is done in each round, the newer point is the next one's older.
  return gradientsAt(active, await watchedPoint(active, x, key, active.workers, pointRound + 1), pointRound);
}
