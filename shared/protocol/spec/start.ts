/** The starting point x^0 of a spec. */
import { Purpose, Stream } from "../../math/index.ts";
import type { RunSpec } from "./spec.ts";

/** x^0 in R^d: zeros, or independent uniform entries of [-a, a) from the run's own stream. */
export function startingPoint(spec: RunSpec, dimension: number): Float64Array {
  const x0 = new Float64Array(dimension);
  if (spec.start === "zeros") return x0;
  const stream = new Stream({ seed: spec.seed, purpose: Purpose.start, round: 0, index: 0 });
  for (let j = 0; j < dimension; j++) x0[j] = spec.start.uniform * (2 * stream.nextUniform() - 1);
  return x0;
}
