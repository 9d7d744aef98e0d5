/** Tells a watcher of a run that goes on elsewhere, from looks at its checkpoint. */
import { readCheckpoint } from "../../lambdas/aggregator/index.ts";
import type { ObjectStore } from "../../shared/cloud/index.ts";
import type { Watcher } from "./engine.ts";
import { Quiet } from "./quiet.ts";

export class CheckpointProgress {
  readonly #objects: Pick<ObjectStore, "get">;
  readonly #run: string;
  readonly #watcher: Watcher;
  readonly #quiet = new Quiet();
  #seen = -1;

  constructor(objects: Pick<ObjectStore, "get">, run: string, watcher: Watcher) {
    this.#objects = objects;
    this.#run = run;
    this.#watcher = watcher;
  }

  /** @param now milliseconds. @returns whether there is a checkpoint. */
  async look(now: number): Promise<boolean> {
    const checkpoint = (await readCheckpoint(this.#objects, this.#run))?.checkpoint;
    for (const record of checkpoint?.records ?? []) {
      if (record.round <= this.#seen) continue;
      this.#seen = record.round;
      this.#watcher.round(record);
    }
    const seconds = this.#quiet.look(checkpoint?.commit, now);
    if (seconds !== undefined) this.#watcher.quiet?.(seconds);
    return checkpoint !== undefined;
  }
}
