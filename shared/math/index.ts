/** Random streams, subsets, norms, vectors, power iteration, order statistics. */
export { cubeRoot } from "./cube-root.ts";
export { dirichlet } from "./dirichlet.ts";
export { exp, expNonPositive } from "./exp.ts";
export { kthLargest } from "./kth-largest.ts";
export { log } from "./log.ts";
export { log1pUpToOne } from "./log1p.ts";
export { norm } from "./norm.ts";
export { onFront } from "./pareto.ts";
export { permutation } from "./permutation.ts";
export {
  advance,
  largestEigenvalue,
  POWER_STEP_LIMIT,
  type PowerState,
  startPowerIteration,
} from "./power-iteration.ts";
export { powerOfTwo } from "./powers-of-two.ts";
export { quantile } from "./quantile.ts";
export { Purpose, Stream } from "./streams.ts";
export { sampleSubset } from "./subset.ts";
export { tanh } from "./tanh.ts";
export { dot, firstNonFinite, normSquared } from "./vectors.ts";
export { cumulativeSums, drawIndex, probabilityAt } from "./weighted.ts";
export { Workspace } from "./workspace.ts";
