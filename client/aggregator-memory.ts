/** How much memory a run's largest round takes in the aggregator, roughly and before anything is run. */

import { rangesOf } from "../lambdas/aggregator/index.ts";
import { createCompressor } from "../shared/compressors/index.ts";
import { aggregationOf, compressorOf, methodOf, stateHolder } from "../shared/methods/index.ts";
import { type RunSpec, workersAsked } from "../shared/protocol/index.ts";
import { chainMemoryBytes } from "./delta-memory.ts";

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
  const rule = aggregationOf(algorithm);
  const { requests } = methodOf(algorithm);
  const addedHere = (bytes: 4 | 8): boolean =>
    rangesOf(reduction, { vectors: workers, dimension, entryBytes: bytes }) === 0;
  const dense =
    requests.some((request) => request.dense) && (states > 0 || rule !== undefined || addedHere(entryBytes));
  const compressed = requests.some((request) => !request.dense)
    ? createCompressor(compressorOf(algorithm), dimension, wire, { workers }).zeta
    : 0;
  const entries = dense ? dimension : compressed;
  // A robust rule has all of them decoded at once, and the buckets' means beside them.
  const decoded = rule === undefined ? 0 : 16 * entries;
  // A measured step size, and a measured Hessian variance, are made of every worker's own gradients: at one point, at two.
  const own = spec.hessianVariance === undefined ? Number(algorithm.stepSize === "measured") : 2;
  const exact = 8 * dimension * Math.max(own, Number(addedHere(8)));
  const each = entryBytes * entries + decoded + exact;
  const held = 8 * dimension * (VECTORS + states) + chainMemoryBytes(spec, dimension);
  return BASE_BYTES + held + workers * each;
}
