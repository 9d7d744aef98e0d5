/** How a round's points travel: inside the tasks while they are small, else as objects that the tasks name. */
import type { ObjectStore } from "../../../shared/cloud/index.ts";
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

/** May `count` points of R^d travel inside each of `tasks` tasks? */
export function travelInline(dimension: number, count: number, tasks: number): boolean {
  const body = TASK_OVERHEAD_BYTES + Math.ceil((8 * dimension * count * 4) / 3);
  return body <= INLINE_TASK_BYTES && tasks * body <= INLINE_ROUND_BYTES;
}

/** Stores points for the tasks of a run; each point once. */
export class PointStore {
  readonly #objects: ObjectStore;
  readonly #run: string;
  readonly #phase: number;
  readonly #stored = new Set<number>();
  /** Bytes stored so far. */
  bytes = 0;

  constructor(objects: ObjectStore, run: string, phase: number) {
    this.#objects = objects;
    this.#run = run;
    this.#phase = phase;
  }

  /** @param pointRound the round t whose iterate x^t this is: equal rounds have equal bits. */
  async point(vector: Float64Array, pointRound: number): Promise<Point> {
    return { kind: "stored", key: await this.key(vector, pointRound) };
  }

  /** The same by its key. */
  async key(vector: Float64Array, pointRound: number): Promise<string> {
    const key = iterateKey(this.#run, this.#phase, pointRound);
    if (!this.#stored.has(pointRound)) {
      const bytes = encodeVector(vector);
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
type Watching = Pick<ActiveRun, "ports" | "dimension" | "shardsPerTask" | "usedUp">;

/**
 * A point for those who only look at it: in their tasks, or under a key that is not the method's.
 * @param watchers how many are asked about it.
 * @param lastRound that asks about it: it is deleted after that; undefined: with what the run leaves behind.
 */
export async function watchedPoint(
  { ports, dimension, shardsPerTask, usedUp }: Watching,
  x: Float64Array,
  key: string,
  watchers: number,
  lastRound?: number,
): Promise<Point> {
  if (travelInline(dimension, 1, Math.ceil(watchers / shardsPerTask))) return { kind: "inline", vector: x };
  if (lastRound !== undefined) usedUp.addPoint(key, lastRound);
  await ports.objects.put(key, encodeVector(x));
  return { kind: "stored", key };
}
