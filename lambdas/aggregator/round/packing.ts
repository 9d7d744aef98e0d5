/** How many neighbouring workers one task does the work of. */

import type { Manifest } from "../../../shared/data/index.ts";
import { stateHolder } from "../../../shared/methods/index.ts";
import type { Problem } from "../../../shared/problems/index.ts";
import {
  INLINE_TASK_BYTES,
  MESSAGE_LIMIT_BYTES,
  NETWORK_FLOP_PER_SECOND,
  type RunSpec,
} from "../../../shared/protocol/index.ts";

/** Computing that a packed task aims at: as much as a task's own overhead. */
const TARGET_MILLISECONDS = 15;
/** More tasks than this take longer to send and receive than they save. */
const TASKS_LIMIT = 300;
/** Of one Lambda vCPU, as the embedded cloud charges them. */
const MILLISECONDS_PER_ROW = 16e-6;
const MILLISECONDS_PER_NON_ZERO = 4.64e-6;
/** Over each worker's vectors beside its rows: made of zeros, subtracted, looked through, rounded and written. */
const VECTOR_PASSES = 9;
export const MILLISECONDS_PER_ENTRY = 1.76e-6;

/** @returns b >= 1: the spec's, or for "auto" the b for which b mean shards and their vectors take TARGET_MILLISECONDS. */
export function shardsPerTaskOf(
  { algorithm, shardsPerTask = 1 }: RunSpec,
  workers: number,
  { rows, nonZeros }: Pick<Manifest, "rows" | "nonZeros">,
  problem: Pick<Problem, "parameters" | "work">,
): number {
  const { dimension } = problem.parameters;
  const most = Math.min(workers, stateHolder(algorithm) === "server" ? shiftsInMessage(dimension) : workers);
  if (shardsPerTask !== "auto") return Math.min(most, shardsPerTask);
  const milliseconds =
    gradientsMilliseconds(problem, { rows, nonZeros }) / workers +
    VECTOR_PASSES * dimension * MILLISECONDS_PER_ENTRY;
  const byComputing = Math.max(1, Math.floor(TARGET_MILLISECONDS / milliseconds));
  return Math.min(most, Math.max(byComputing, Math.ceil(workers / TASKS_LIMIT)));
}

/** Computing of the gradients of all workers at one point, their vectors apart. */
export function gradientsMilliseconds(
  problem: Pick<Problem, "work">,
  { rows, nonZeros }: Pick<Manifest, "rows" | "nonZeros">,
): number {
  const work = problem.work(rows, nonZeros);
  return (
    work.rows * MILLISECONDS_PER_ROW +
    work.nonZeros * MILLISECONDS_PER_NON_ZERO +
    (1000 * work.flop) / NETWORK_FLOP_PER_SECOND
  );
}

/** Carried shifts that fit into one task's message, in base64, beside the rest of it; at least one: see launch. */
function shiftsInMessage(dimension: number): number {
  const bytes = (MESSAGE_LIMIT_BYTES * 3) / 4 - INLINE_TASK_BYTES;
  return Math.max(1, Math.floor(bytes / (8 * (dimension + 2))));
}
