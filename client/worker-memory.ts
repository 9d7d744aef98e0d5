/** How much memory a worker's rows take, roughly and before anything is run. */
import { shardsPerTaskOf } from "../lambdas/aggregator/index.ts";
import { type Manifest, rowsOf } from "../shared/data/index.ts";
import {
  FUNCTION_MEMORY_LIMIT_MB,
  type RunSpec,
  WHOLE_OBJECT_BYTES,
  workersAsked,
} from "../shared/protocol/index.ts";
import type { Check } from "./preflight.ts";

/** Node, the program and its connections: an estimate; a worker of mushrooms stays below 100 MB. */
const BASE_BYTES = 90_000_000;
/** Vectors of d float64 that live at one time: points, gradients, the difference, the message, state. */
const VECTORS = 8;
/** Labels, offsets and scratch of an opened row. */
const BYTES_PER_ROW = 16;

/** An object is read whole while it is small enough; a larger one by the range of the worker's own rows. */
export function workerMemoryBytes(spec: RunSpec, manifest: Manifest): number {
  const workers = Math.min(...workersAsked(spec.workers));
  const rows =
    shardsPerTaskOf(spec, workers, manifest) * rowsOf(manifest.rows, workers, spec.remainder, 0).count;
  const share = Math.min(1, rows / manifest.rows);
  const { bytes } = manifest.object;
  const read = bytes <= WHOLE_OBJECT_BYTES ? bytes : share * bytes;
  return BASE_BYTES + read + BYTES_PER_ROW * rows + 8 * VECTORS * manifest.dimension;
}

/** The worker's rows, against its function's memory. */
export function checkWorkerMemory(
  spec: RunSpec,
  manifest: Manifest,
  { memoryMb }: { readonly memoryMb: number },
): Check {
  const needed = Math.ceil(workerMemoryBytes(spec, manifest) / 2 ** 20);
  const good = needed <= memoryMb;
  const enough =
    needed <= FUNCTION_MEMORY_LIMIT_MB
      ? `deploy with -c workerMemoryMb=${needed}${newAccount(needed)}`
      : `a function has ${FUNCTION_MEMORY_LIMIT_MB} MB at most: give the spec more workers or fewer shardsPerTask`;
  const advice = good ? "" : `: workers would run out of it; ${enough}`;
  return { good, text: `a worker's rows: about ${needed} MB of its ${memoryMb} MB${advice}` };
}

/** Quota of new accounts. Lambda quotas page. */
const NEW_ACCOUNT_MEMORY_MB = 3008;

/** What is to be known of an advice to take so much memory. */
export function newAccount(memoryMb: number): string {
  return memoryMb > NEW_ACCOUNT_MEMORY_MB
    ? ` (a new account's functions have ${NEW_ACCOUNT_MEMORY_MB} MB at most: ask AWS Support for more)`
    : "";
}
