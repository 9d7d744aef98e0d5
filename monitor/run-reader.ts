/** Reads a run again and again: of its rounds only what is new. */

import {
  type CollectedRun,
  collectRun,
  type ObjectReader,
  RoundsReader,
  withFinal,
} from "../client/index.ts";
import { readOptional } from "../shared/cloud/index.ts";
import { decodeResult, resultKey } from "../shared/protocol/index.ts";

export class RunReader {
  readonly #objects: ObjectReader;
  readonly #first: CollectedRun;
  readonly #rounds: RoundsReader;

  private constructor(objects: ObjectReader, first: CollectedRun) {
    this.#objects = objects;
    this.#first = first;
    this.#rounds = new RoundsReader(objects, first.stored.run);
  }

  /** @throws MarinaError "usage" for a run that does not exist. */
  static async open(objects: ObjectReader, run: string): Promise<RunReader> {
    return new RunReader(objects, await collectRun(objects, run));
  }

  async read(): Promise<CollectedRun> {
    const { run } = this.#first.stored;
    const objects = this.#objects;
    // The result first: when it is there, everything else is final.
    const result = await readOptional(objects, resultKey(run), decodeResult);
    const { records, checkpoint } = await this.#rounds.read();
    return { ...this.#first, result, progress: checkpoint, records: withFinal(records, result) };
  }
}
