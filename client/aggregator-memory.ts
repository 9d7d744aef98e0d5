/** How much memory a run's largest round takes in the aggregator, roughly and before anything is run. */

import { createCompressor } from "../shared/compressors/index.ts";
import { aggregationOf, compressorOf, methodOf, stateHolder } from "../shared/methods/index.ts";
import { type RunSpec, workersAsked } from "../shared/protocol/index.ts";

/** Node, the program, its connections and what is on its way: an estimate, on the safe side. */
const BASE_BYTES = 200_000_000;
/** Vectors of d float64 that live at one time: state, checkpoint, sums. */
const VECTORS = 10;

/**
 * Of the first round, which is the largest: the fold goes by slots, so all n contributions lie in memory until the last has
 * come, each with its message (dense for methods that ask for dense ones) and the exact gradient that the first round is evaluated
 * with, 8 d bytes.
 * @param dimension d
 * @returns bytes
 */
export function aggregatorMemoryBytes(spec: RunSpec, dimension: number): number {
  const { algorithm, wire } = spec;
  const workers = Math.max(...workersAsked(spec.workers));
  const dense = methodOf(algorithm).requests.some((request) => request.dense);
  const entries = dense
    ? dimension
    : createCompressor(compressorOf(algorithm), dimension, wire, { workers }).zeta;
  const message = (wire === "float64" ? 8 : 4) * entries;
  const states = stateHolder(algorithm) === "server" ? workers : 0;
  // A robust rule has all of them decoded at once, and the buckets' means beside them.
  const decoded = aggregationOf(algorithm) === undefined ? 0 : 16 * entries;
  // Exact gradients at two points, of all workers.
  const measured = spec.hessianVariance === undefined ? 0 : 8 * dimension;
  const each = message + decoded + measured + 8 * dimension;
  return BASE_BYTES + 8 * dimension * (VECTORS + states) + workers * each;
}
