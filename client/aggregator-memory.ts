/** How much memory a run's largest round takes in the aggregator, roughly and before anything is run. */

import { rangesOf } from "../lambdas/aggregator/index.ts";
import { createCompressor } from "../shared/compressors/index.ts";
import { compressorOf, methodOf, stateHolder } from "../shared/methods/index.ts";
import { type RunSpec, workersAsked } from "../shared/protocol/index.ts";

/** Node, the program, its connections and what is on its way: an estimate, on the safe side. */
const BASE_BYTES = 200_000_000;
/** Vectors of d float64 that live at one time: state, checkpoint, sums. */
const VECTORS = 10;

/**
 * Of the largest round. Messages are added in the order of their slots, so nearly all may lie in memory until the first has come;
 * so do the exact gradients, 8 d bytes each, that the first round is evaluated with. Not those that reducers add: of them the sums
 * are here.
 * @param dimension d
 * @returns bytes
 */
export function aggregatorMemoryBytes(spec: RunSpec, dimension: number): number {
  const { algorithm, wire, reduction } = spec;
  const workers = Math.max(...workersAsked(spec.workers));
  const entryBytes = wire === "float64" ? 8 : 4;
  const states = stateHolder(algorithm) === "server" ? workers : 0;
  const { requests } = methodOf(algorithm);
  const addedHere = (bytes: 4 | 8): boolean =>
    rangesOf(reduction, { vectors: workers, dimension, entryBytes: bytes }) === 0;
  const dense = requests.some((request) => request.dense) && (states > 0 || addedHere(entryBytes));
  const compressed = requests.some((request) => !request.dense)
    ? createCompressor(compressorOf(algorithm), dimension, wire, { workers }).zeta
    : 0;
  // A measured step size is made of every worker's own gradient.
  const exact = addedHere(8) || algorithm.stepSize === "measured" ? dimension : 0;
  const message = entryBytes * (dense ? dimension : compressed) + 8 * exact;
  return BASE_BYTES + 8 * dimension * (VECTORS + states) + workers * message;
}
