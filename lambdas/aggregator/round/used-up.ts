/**
 * Objects of a round that nobody needs any more. Deleting one takes the aggregator's thread a millisecond, and there may be a
 * thousand: that is done while it waits for the workers of the next round.
 *
 * One that was replaced may do so late, when its successor does a round again. Vectors and sums that are gone are asked for once
 * more; a point that is gone would fail the run: it stays until no successor can come back to the rounds that ask about it.
 */
import type { Log, ObjectStore } from "../../../shared/cloud/index.ts";

export class UsedUp {
  readonly #objects: Pick<ObjectStore, "delete">;
  readonly #log: Log;
  #keys: string[] = [];
  /** Key of a point -> the last round that asks about it. */
  readonly #points = new Map<string, number>();

  constructor({ objects, log }: { readonly objects: Pick<ObjectStore, "delete">; readonly log: Log }) {
    this.#objects = objects;
    this.#log = log;
  }

  add(keys: readonly string[]): void {
    this.#keys.push(...keys);
  }

  /** @param lastRound that asks about it, if it is done again. */
  addPoint(key: string, lastRound: number): void {
    this.#points.set(key, Math.max(lastRound, this.#points.get(key) ?? 0));
  }

  /**
   * What can't be deleted stays until the run is over, or until the store forgets it.
   * @param durable round of the durable checkpoint: none before it is done again.
   */
  async delete(durable: number): Promise<void> {
    const keys = this.#keys;
    this.#keys = [];
    for (const [key, lastRound] of this.#points) {
      if (lastRound >= durable) continue;
      this.#points.delete(key);
      keys.push(key);
    }
    try {
      await Promise.all(keys.map((key) => this.#objects.delete(key)));
    } catch (error) {
      this.#log.warn("objects-not-deleted", { error: String(error) });
    }
  }
}
