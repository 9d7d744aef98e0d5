/** Random streams, subsets, norms, vectors, power iteration, order statistics. */
export { expNonPositive } from "./exp.ts";
export { norm } from "./norm.ts";
export { onFront } from "./pareto.ts";
export {
  advance,
  largestEigenvalue,
  POWER_STEP_LIMIT,
  type PowerState,
  startPowerIteration,
} from "./power-iteration.ts";
export { quantile } from "./quantile.ts";
export { Purpose, Stream } from "./streams.ts";
export { sampleSubset } from "./subset.ts";
export { dot, firstNonFinite, normSquared } from "./vectors.ts";
