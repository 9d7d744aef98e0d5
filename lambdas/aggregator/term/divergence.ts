/** Has a run diverged? It must not go on then, and must not look as if it had converged. Pure. */
import { firstNonFinite } from "../../../shared/math/index.ts";
import type { Vectors } from "../../../shared/methods/index.ts";
import { DIVERGENCE_FACTOR } from "../../../shared/protocol/index.ts";

/** Why the gradient at x^t is so much larger than that at x^0 that the run has diverged; undefined where it is not. */
export function normDivergence(
  norm: number | null,
  initial: number | null,
  round: number,
): string | undefined {
  if (norm === null || initial === null || norm <= DIVERGENCE_FACTOR * initial) return undefined;
  return `|grad f(x^${round})|^2 = ${norm} is more than ${DIVERGENCE_FACTOR} times that of x^0 (${initial}); take a smaller step size`;
}

/** Which entry of the state after this round is no number. */
export function nonFiniteEntry(next: Vectors, round: number): string | undefined {
  for (const [name, vector] of Object.entries(next)) {
    const bad = firstNonFinite(vector);
    if (bad >= 0) {
      return `after round ${round} entry ${bad} of the ${name} is ${vector[bad]}; take a smaller step size`;
    }
  }
  return undefined;
}
