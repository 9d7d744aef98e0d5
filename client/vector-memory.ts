/** What vectors of d entries take where a run computes with them, roughly and before anything is run. */
import { totalmem } from "node:os";
import { shardsPerTaskOf } from "../lambdas/aggregator/index.ts";
import { MarinaError } from "../shared/base/index.ts";
import { type Manifest, readsWhole, rowsOf } from "../shared/data/index.ts";
import { stateHolder } from "../shared/methods/index.ts";
import type { Problem } from "../shared/problems/index.ts";
import { type RunSpec, workersAsked } from "../shared/protocol/index.ts";
import { aggregatorMemoryBytes } from "./aggregator-memory.ts";
import { heldStateMemoryBytes, heldVectors } from "./delta-memory.ts";

/** Node and the program in a worker's function. */
const WORKER_BASE_BYTES = 80_000_000;
/** Vectors of d float64 of a worker's task: two points, their gradients, the exact one, the message and its text. */
const WORKER_VECTORS = 10;
/** Labels and offsets of an opened row. */
const OPENED_ROW_BYTES = 16;
/** The embedded cloud's workers share their results and compute one after the other: so many vectors for all of them ... */
const EMBEDDED_VECTORS = 16;
/** ... so many for each worker, whose large answers lie in the store, which is this process, until they are garbage ... */
const ANSWER_VECTORS = 2;
/** ... so many states of the server that deltas have led to: the last four, however large they are ... */
const SHARED_STATES = 4;
/** ... and so many for each worker whose state is stored: measured, at d of 2 and 8 million. */
const STATE_VECTORS = 6;
/** A frame's length is a uint32, and the state of a method is up to four vectors in one. */
const CHECKPOINT_BYTES = 2 ** 32;
const CHECKPOINT_VECTORS = 4;

/** Of a worker's function: the rows that a task reads, and its vectors. */
export function workerMemoryBytes(spec: RunSpec, manifest: Manifest, problem: Problem): number {
  const { dimension } = problem.parameters;
  const workers = Math.min(...workersAsked(spec.workers));
  const shards = shardsPerTaskOf(spec, workers, manifest, problem);
  const rows = rowsOf(manifest.rows, workers, spec.remainder, 0).count;
  const { bytes } = manifest.object;
  // A large object is read by ranges, one for each shard of a task.
  const read = readsWhole(manifest) ? bytes : Math.min(1, (shards * rows) / manifest.rows) * bytes;
  const answers = shards * 2 * 8 * dimension;
  return (
    WORKER_BASE_BYTES +
    problem.evaluatorBytes +
    read +
    OPENED_ROW_BYTES * shards * rows +
    8 * dimension * WORKER_VECTORS +
    heldStateMemoryBytes(spec, dimension) +
    (shards > 1 ? answers : 0)
  );
}

/** Of the process in which the embedded cloud runs all functions and keeps what they store. */
export function embeddedMemoryBytes(
  spec: RunSpec,
  { object }: Pick<Manifest, "object">,
  { parameters: { dimension }, evaluatorBytes }: Pick<Problem, "parameters" | "evaluatorBytes">,
): number {
  const workers = Math.max(...workersAsked(spec.workers));
  const states = stateHolder(spec.algorithm) !== "nobody" ? STATE_VECTORS * workers : 0;
  // What reducers add lies in the store, which is this process, too.
  const whole = { ...spec, reduction: "aggregator" } as const;
  return (
    aggregatorMemoryBytes(whole, dimension) +
    evaluatorBytes +
    object.bytes +
    8 *
      dimension *
      (EMBEDDED_VECTORS + ANSWER_VECTORS * workers + SHARED_STATES * heldVectors(spec, dimension) + states)
  );
}

/** This machine's, or what its container may use of it. */
export function machineMemoryBytes(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Infinity);
}

/**
 * Refuses a run that the embedded cloud of a machine can't hold.
 * @throws MarinaError "limit"
 */
export function checkMachine(
  spec: RunSpec,
  manifest: Manifest,
  problem: Problem,
  machineBytes: number,
): void {
  const { name } = manifest;
  const {
    advice,
    parameters: { dimension },
  } = problem;
  const needed = embeddedMemoryBytes(spec, manifest, problem);
  const workers = Math.max(...workersAsked(spec.workers));
  const vectors = `d = ${dimension} of data set "${name}" makes vectors of ${size(8 * dimension)}`;
  if (needed > machineBytes) {
    throw new MarinaError(
      "limit",
      `${vectors}: with ${workers === 1 ? "one worker" : `${workers} workers`} the embedded cloud needs about ${size(needed)}, this machine has ${size(machineBytes)}; ${workers > 1 ? "take fewer workers, or " : ""}${advice}`,
    );
  }
  if (8 * dimension * CHECKPOINT_VECTORS >= CHECKPOINT_BYTES) {
    const most = CHECKPOINT_BYTES / 8 / CHECKPOINT_VECTORS - 1;
    throw new MarinaError("limit", `${vectors}: a checkpoint holds d of ${most} at most; ${advice}`);
  }
}

function size(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;
}
