/** How a round's points travel: inside the tasks while they are small, else as objects that the tasks name. */
import type { ObjectStore } from "../../../shared/cloud/index.ts";
import { bytesOf, type IteratePrecision, type IterateSpec } from "../../../shared/methods/index.ts";
import {
  encodeVector,
  INLINE_ROUND_BYTES,
  INLINE_TASK_BYTES,
  iterateKey,
  type Point,
} from "../../../shared/protocol/index.ts";
import type { ActiveRun } from "../term/active-run.ts";

/** Bytes of a task's text besides its points, generously. */
export const TASK_OVERHEAD_BYTES = 1024;

/** May vectors of so many bytes travel inside each of `tasks` tasks? */
export function travelInline(bytes: number, tasks: number): boolean {
  const body = TASK_OVERHEAD_BYTES + Math.ceil((bytes * 4) / 3);
  return body <= INLINE_TASK_BYTES && tasks * body <= INLINE_ROUND_BYTES;
}

/** Stores points for the tasks of a run; each point once. */
export class PointStore {
  readonly #objects: ObjectStore;
  readonly #run: string;
  readonly #phase: number;
  readonly #precision: IteratePrecision | undefined;
  readonly #stored = new Set<number>();
  /** Bytes stored so far. */
  bytes = 0;

  constructor({ ports, run, phase, spec }: Pick<ActiveRun, "ports" | "run" | "phase" | "spec">) {
    this.#objects = ports.objects;
    this.#run = run;
    this.#phase = phase;
    this.#precision = spec.iterate;
  }

  /** @param pointRound the round t whose iterate x^t this is: equal rounds have equal bits. */
  async point(vector: Float64Array, pointRound: number): Promise<Point> {
    return { kind: "stored", key: await this.key(vector, pointRound), ...precisely(this.#precision) };
  }

  /** The same by its key. */
  async key(vector: Float64Array, pointRound: number): Promise<string> {
    const key = iterateKey(this.#run, this.#phase, pointRound);
    if (!this.#stored.has(pointRound)) {
      const bytes = encodeVector(vector, this.#precision);
      // Unconditional: every aggregator that writes this key writes the same bytes.
      await this.#objects.put(key, bytes);
      this.bytes += bytes.length;
      this.#stored.add(pointRound);
    }
    return key;
  }

  /** Somebody has not found what was stored: whatever is asked for next is stored anew. */
  storeAgain(): void {
    this.#stored.clear();
  }

  /**
   * Deletes the points that are not named again: not by this aggregator, and not by a successor that goes on from the last
   * durable checkpoint while this one does not know yet that it has been replaced.
   * @param oldest points of this round and later ones stay.
   * @param reference the round of the reference point in use at that round: it stays, too.
   */
  async forgetBelow(oldest: number, reference: number): Promise<void> {
    for (const pointRound of [...this.#stored]) {
      if (pointRound >= oldest || pointRound === reference) continue;
      this.#stored.delete(pointRound);
      await this.#objects.delete(iterateKey(this.#run, this.#phase, pointRound));
    }
  }
}

/** Where a point goes that is only looked at, and what deletes it. */
type Watching = Pick<ActiveRun, "ports" | "dimension" | "shardsPerTask" | "usedUp" | "spec">;

function precisely(precision: IteratePrecision | undefined) {
  return precision === undefined ? {} : { precision };
}

/** An iterate in its tasks. */
export function inlinePoint(vector: Float64Array, { iterate }: IterateSpec): Point {
  return { kind: "inline", vector, ...precisely(iterate) };
}

/** Bytes of a vector that is an iterate. */
export function iterateBytes(dimension: number, { iterate = "float64" }: IterateSpec): number {
  return bytesOf(iterate) * dimension;
}

/**
 * An iterate for those who only look at it: in their tasks, or under a key that is not the method's.
 * @param watchers how many are asked about it.
 * @param lastRound that asks about it: it is deleted after that; undefined: with what the run leaves behind.
 */
export async function watchedPoint(
  { ports, dimension, shardsPerTask, usedUp, spec }: Watching,
  x: Float64Array,
  key: string,
  watchers: number,
  lastRound?: number,
): Promise<Point> {
  if (travelInline(iterateBytes(dimension, spec), Math.ceil(watchers / shardsPerTask)))
    return inlinePoint(x, spec);
  if (lastRound !== undefined) usedUp.addPoint(key, lastRound);
  await ports.objects.put(key, encodeVector(x, spec.iterate));
  return { kind: "stored", key, ...precisely(spec.iterate) };
}
