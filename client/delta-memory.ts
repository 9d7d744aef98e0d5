/** What iterates that travel as deltas keep in memory, roughly: the states that environments hold, and the deltas between them. */
import { mostChainBytes, travelsAsDeltas } from "../lambdas/aggregator/index.ts";
import { STATES_KEPT } from "../lambdas/worker/index.ts";
import { createCompressor } from "../shared/compressors/index.ts";
import { compressorOf, serverStateNames } from "../shared/methods/index.ts";
import { type RunSpec, workersAsked } from "../shared/protocol/index.ts";

/** V, the vectors of the server's state, where iterates travel as deltas in any membership of the run; else 0. */
export function heldVectors(spec: RunSpec, dimension: number): number {
  const { algorithm, wire, shardsPerTask } = spec;
  const deltas = workersAsked(spec.workers).some((workers) =>
    travelsAsDeltas({
      ...{ spec, dimension, workers },
      participants: null,
      compressor: createCompressor(compressorOf(algorithm), dimension, wire, { workers }),
      shardsPerTask: typeof shardsPerTask === "number" ? shardsPerTask : 1,
    }),
  );
  return deltas ? serverStateNames(algorithm).length : 0;
}

/** Of the aggregator: its chain of deltas, and a base on its way to the store. */
export function chainMemoryBytes(spec: RunSpec, dimension: number): number {
  const vectors = heldVectors(spec, dimension);
  return vectors === 0 ? 0 : mostChainBytes(dimension, vectors) + 8 * dimension * vectors;
}

/** Of a worker: the states that it holds, the one that it makes with the mean for that, and the deltas that it makes it of. */
export function heldStateMemoryBytes(spec: RunSpec, dimension: number): number {
  const vectors = heldVectors(spec, dimension);
  if (vectors === 0) return 0;
  return 8 * dimension * ((STATES_KEPT + 1) * vectors + 1) + mostChainBytes(dimension, vectors);
}
