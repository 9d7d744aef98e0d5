/**
 * Objects of a round that nobody needs any more. Deleting one takes the aggregator's thread a millisecond, and there may be a
 * thousand: that is done while it waits for the workers of the next round. A round done again stores them again.
 */
import type { Log, ObjectStore, Ports } from "../../../shared/cloud/index.ts";

export class UsedUp {
  readonly #objects: Pick<ObjectStore, "delete">;
  readonly #log: Log;
  #keys: string[] = [];

  constructor({ objects, log }: Pick<Ports, "objects" | "log">) {
    this.#objects = objects;
    this.#log = log;
  }

  add(keys: readonly string[]): void {
    this.#keys.push(...keys);
  }

  /** What can't be deleted stays until the run is over, or until the store forgets it. */
  async delete(): Promise<void> {
    const keys = this.#keys;
    this.#keys = [];
    try {
      await Promise.all(keys.map((key) => this.#objects.delete(key)));
    } catch (error) {
      this.#log.warn("objects-not-deleted", { error: String(error) });
    }
  }
}
