/** Reads a run again and again: of its rounds only what is new. */

import { type CollectedRun, collectRun, type ObjectReader, withFinal } from "../client/index.ts";
import { readCheckpoint } from "../lambdas/aggregator/index.ts";
import { MarinaError } from "../shared/base/index.ts";
import { readOptional } from "../shared/cloud/index.ts";
import {
  decodeResult,
  decodeRounds,
  ROUNDS_PER_BLOCK,
  type RoundRecord,
  resultKey,
  roundsPrefix,
} from "../shared/protocol/index.ts";

export class RunReader {
  readonly #objects: ObjectReader;
  readonly #first: CollectedRun;
  readonly #whole = new Set<string>();
  readonly #records = new Map<number, RoundRecord>();

  private constructor(objects: ObjectReader, first: CollectedRun) {
    this.#objects = objects;
    this.#first = first;
  }

  /** @throws MarinaError "usage" for a run that does not exist. */
  static async open(objects: ObjectReader, run: string): Promise<RunReader> {
    return new RunReader(objects, await collectRun(objects, run));
  }

  async read(): Promise<CollectedRun> {
    const { run } = this.#first.stored;
    const objects = this.#objects;
    // The result first: when it is there, everything else is final. Then the checkpoint, since its records move into
    // blocks, and those are stored before it.
    const result = await readOptional(objects, resultKey(run), decodeResult);
    const checkpoint = (await readCheckpoint(objects, run))?.checkpoint;
    for (const block of await objects.list(roundsPrefix(run))) await this.#readBlock(block);
    for (const record of checkpoint?.records ?? []) this.#records.set(record.round, record);
    const records = [...this.#records.values()].sort((a, b) => a.round - b.round);
    return { ...this.#first, result, progress: checkpoint, records: withFinal(records, result) };
  }

  async #readBlock(key: string): Promise<void> {
    if (this.#whole.has(key)) return;
    try {
      const records = decodeRounds((await this.#objects.get(key)).body, key);
      for (const record of records) this.#records.set(record.round, record);
      // A shorter one may be stored again when the run is resumed.
      if (records.length >= ROUNDS_PER_BLOCK) this.#whole.add(key);
    } catch (error) {
      if (!(error instanceof MarinaError) || error.code !== "not-found") throw error;
    }
  }
}
