/** Random streams, subsets, norms, vectors, power iteration, order statistics. */
export { dirichlet } from "./dirichlet.ts";
export { expNonPositive } from "./exp.ts";
export { norm } from "./norm.ts";
export { onFront } from "./pareto.ts";
export { permutation } from "./permutation.ts";
export { advance, largestEigenvalue, type PowerState, startPowerIteration } from "./power-iteration.ts";
export { quantile } from "./quantile.ts";
export { Purpose, Stream } from "./streams.ts";
export { sampleSubset } from "./subset.ts";
export { dot, firstNonFinite, normSquared } from "./vectors.ts";
