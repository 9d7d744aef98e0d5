/** The starting point x^0 of a spec. */
import { Purpose, Stream } from "../../math/index.ts";
import type { Problem } from "../../problems/index.ts";
import { isGiven } from "./given-start.ts";
import type { RunSpec } from "./spec.ts";

/**
 * x^0 in R^d: zeros, or drawn from the run's own stream, as the problem says or as uniform entries of [-a, a).
 * @throws RangeError for a start that is given, and hence stored: see `isGiven`.
 */
export function startingPoint(
  { start, seed }: Pick<RunSpec, "start" | "seed">,
  problem: Pick<Problem, "parameters" | "start">,
): Float64Array {
  if (isGiven(start)) throw new RangeError("a start that is given is read, not drawn");
  const x0 = new Float64Array(problem.parameters.dimension);
  if (start === "zeros") return x0;
  const stream = new Stream({ seed, purpose: Purpose.start, round: 0, index: 0 });
  if (start === "model") return problem.start(stream);
  for (let j = 0; j < x0.length; j++) x0[j] = start.uniform * (2 * stream.nextUniform() - 1);
  return x0;
}
