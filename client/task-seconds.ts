/** How long a worker's largest task takes, roughly and before anything is run. */
import { AWS_LATENCIES, cpuShare, LAMBDA_RATES, modelMilliseconds } from "../embedded/index.ts";
import { shardsPerTaskOf } from "../lambdas/aggregator/index.ts";
import { type Manifest, readsWhole, rowsOf } from "../shared/data/index.ts";
import type { Problem } from "../shared/problems/index.ts";
import { type RunSpec, workersAsked } from "../shared/protocol/index.ts";

/** Points at which a difference task evaluates its rows. */
const POINTS = 2;

export interface TaskSeconds {
  readonly reading: number;
  readonly computing: number;
}

/**
 * Of a task with all rows of its shards at two points, when nothing of them is in memory yet. Rows are taken to have the
 * mean number of entries.
 * @param memoryMb of the worker's function: its share of a vCPU goes with it.
 */
export function taskSeconds(
  spec: RunSpec,
  manifest: Manifest,
  problem: Problem,
  memoryMb: number,
): TaskSeconds {
  const workers = Math.min(...workersAsked(spec.workers));
  const shards = shardsPerTaskOf(spec, workers, manifest, problem);
  const rows = shards * rowsOf(manifest.rows, workers, spec.remainder, 0).count;
  const share = Math.min(1, rows / manifest.rows);
  const work = {
    ...problem.work(POINTS * rows, POINTS * share * manifest.nonZeros),
    entries: POINTS * problem.parameters.dimension,
  };
  const { bytes } = manifest.object;
  const read = readsWhole(manifest) ? bytes : share * bytes;
  return {
    reading: read / AWS_LATENCIES.networkBytesPerMillisecond / 1000,
    computing: modelMilliseconds(LAMBDA_RATES, work) / cpuShare(memoryMb) / 1000,
  };
}
