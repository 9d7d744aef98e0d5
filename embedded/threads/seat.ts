/** What the main thread and a gradient thread share of one worker: its rows, its job at hand, its last result. */
import type { DataForm, Objective, ProblemSpec, Rows, Weights } from "../../shared/problems/index.ts";

/** idle -> queued -> running -> done -> idle; or queued -> idle, where the main thread is quicker. */
export const SeatState = { idle: 0, queued: 1, running: 2, done: 3, failed: 4, closed: 5 } as const;

/** Points of so many rounds are held side by side: a late task may still be at work on an older one. */
export const POINTS_HELD = 4;

/** Sent to a thread once for each of its workers. All memory is shared. */
export interface NewSeat {
  /** Two int32: the state, and which of the held points the job is at; then d + 1 float64: gradient and loss. */
  readonly memory: SharedArrayBuffer;
  /** POINTS_HELD times d float64. */
  readonly points: SharedArrayBuffer;
  readonly spec: ProblemSpec;
  readonly data: DataForm;
  readonly shard: Rows;
  readonly weights: Weights;
}

/** What a thread starts with. */
export interface ThreadStart {
  /** One int32 that changes whenever there may be something to do. */
  readonly bell: Int32Array;
  /** New seats arrive here. */
  readonly port: import("node:worker_threads").MessagePort;
}

const STATE_BYTES = 8;

export function seatMemory(dimension: number): SharedArrayBuffer {
  return new SharedArrayBuffer(STATE_BYTES + 8 * (dimension + 1));
}

export function seatViews(memory: SharedArrayBuffer): {
  readonly state: Int32Array;
  readonly result: Float64Array;
} {
  return { state: new Int32Array(memory, 0, 2), result: new Float64Array(memory, STATE_BYTES) };
}

/** A seat as whoever computes sees it. */
export interface Job {
  readonly state: Int32Array;
  readonly result: Float64Array;
  readonly objective: Objective;
}

/**
 * Computes the gradient that is queued at this seat, unless another thread has begun with it.
 * @param points those that are held, one after the other.
 * @returns the state it was found in.
 */
export function workAt({ state, result, objective }: Job, points: Float64Array): number {
  const found = Atomics.compareExchange(state, 0, SeatState.queued, SeatState.running);
  if (found !== SeatState.queued) return found;
  const { dimension } = objective;
  const at = dimension * Atomics.load(state, 1);
  let outcome: number = SeatState.failed;
  try {
    result[dimension] = objective.gradient(
      points.subarray(at, at + dimension),
      result.subarray(0, dimension),
    );
    outcome = SeatState.done;
  } finally {
    Atomics.store(state, 0, outcome);
    Atomics.notify(state, 0);
  }
  return found;
}

/** The rows in memory that threads can share. */
export function sharedRows(rows: Rows): Rows {
  return Object.fromEntries(
    Object.entries(rows).map(([name, part]) => [
      name,
      ArrayBuffer.isView(part) ? shared(part as Part) : part,
    ]),
  ) as unknown as Rows;
}

/** Bytes of the rows' arrays. */
export function rowsBytes(rows: Rows): number {
  return Object.values(rows).reduce((sum, part) => sum + (ArrayBuffer.isView(part) ? part.byteLength : 0), 0);
}

type Part = Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;

/** A copy in shared memory, of the same type. */
function shared<T extends Part>(source: T): T {
  const memory = new SharedArrayBuffer(source.byteLength);
  const type = source.constructor as new (memory: SharedArrayBuffer) => T;
  const copy = new type(memory);
  copy.set(source);
  return copy;
}
