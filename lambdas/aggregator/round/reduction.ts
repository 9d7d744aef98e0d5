/** Who adds the dense vectors of a round, and into how many ranges they are cut: a rule on n d, from the rates. Pure. */
import {
  NETWORK_BYTES_PER_SECOND,
  type RunSpec,
  STORE_GETS_PER_SECOND,
} from "../../../shared/protocol/index.ts";

/** A second exchange, to its slowest reducer: queue, dispatch, first bytes, the put of a sum, the first bytes of the aggregator's reads. */
const EXCHANGE_SECONDS = 0.4;

/** The vectors that are to be added. */
export interface DenseVectors {
  /** How many: n. */
  readonly vectors: number;
  /** d */
  readonly dimension: number;
  /** Bytes of a number as it is stored. */
  readonly entryBytes: 4 | 8;
}

/**
 * S, the number of reducers, each of which adds one range of coordinates; 0: the aggregator adds whole vectors.
 *
 * A reducer reads n w d / S bytes, and all of them make n S requests of keys with one prefix: at B bytes and R requests a second
 * both take as long at S = sqrt(w d R / B), whatever n; but not more than n, as so many environments are there. "auto": reducers where, with the exchange that they need and 8 d bytes of
 * sums, they take less time than the n w d bytes on their way into one environment.
 */
export function rangesOf(mode: RunSpec["reduction"], vectors: DenseVectors): number {
  if (mode === "aggregator") return 0;
  const { dimension } = vectors;
  // Asked for, they are several also where one would do: else it would be no reduction by ranges.
  const least = mode === "workers" ? 2 : 1;
  const ranges = Math.min(dimension, Math.max(least, Math.min(vectors.vectors, balancedRanges(vectors))));
  if (mode === "workers") return ranges;
  return reducedSeconds(vectors, ranges) < wholeSeconds(vectors) ? ranges : 0;
}

function balancedRanges({ dimension, entryBytes }: DenseVectors): number {
  return Math.ceil(Math.sqrt((entryBytes * dimension * STORE_GETS_PER_SECOND) / NETWORK_BYTES_PER_SECOND));
}

/** All vectors through the aggregator's network interface. */
function wholeSeconds({ vectors, dimension, entryBytes }: DenseVectors): number {
  return (vectors * entryBytes * dimension) / NETWORK_BYTES_PER_SECOND;
}

function reducedSeconds(vectors: DenseVectors, ranges: number): number {
  const sums = (8 * vectors.dimension) / NETWORK_BYTES_PER_SECOND;
  return EXCHANGE_SECONDS + readingSeconds(vectors, ranges) + sums;
}

/** What a reducer waits for the store's rate, or for its network interface. @param ranges S >= 1 */
export function readingSeconds(vectors: DenseVectors, ranges: number): number {
  return Math.max((vectors.vectors * ranges) / STORE_GETS_PER_SECOND, wholeSeconds(vectors) / ranges);
}
