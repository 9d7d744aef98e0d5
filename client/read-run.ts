/** What is stored of a run: its result, checkpoint and rounds. */
import { readCheckpoint } from "../lambdas/aggregator/index.ts";
import { type ObjectStore, readOptional } from "../shared/cloud/index.ts";
import {
  type Checkpoint,
  decodeResult,
  decodeRounds,
  ROUNDS_PER_BLOCK,
  type RoundRecord,
  type RunResult,
  resultKey,
  roundsPrefix,
} from "../shared/protocol/index.ts";

/** undefined while the run has not ended. */
export function readResult(objects: Pick<ObjectStore, "get">, run: string): Promise<RunResult | undefined> {
  return readOptional(objects, resultKey(run), decodeResult);
}

/** The rounds of one run: what is new each time that they are read. */
export class RoundsReader {
  readonly #objects: Pick<ObjectStore, "get" | "list">;
  readonly #run: string;
  /** Blocks that will not change any more. */
  readonly #whole = new Set<string>();
  readonly #records = new Map<number, RoundRecord>();

  constructor(objects: Pick<ObjectStore, "get" | "list">, run: string) {
    this.#objects = objects;
    this.#run = run;
  }

  /** All rounds so far, each once, in order, and the checkpoint that the last of them are from. */
  async read(): Promise<{
    readonly records: readonly RoundRecord[];
    readonly checkpoint: Checkpoint | undefined;
  }> {
    // The checkpoint first: where the run goes on, its records move into blocks, and those are stored before the checkpoint
    // that has them no more.
    const checkpoint = (await readCheckpoint(this.#objects, this.#run))?.checkpoint;
    for (const block of await this.#objects.list(roundsPrefix(this.#run))) await this.#readBlock(block);
    for (const record of checkpoint?.records ?? []) this.#records.set(record.round, record);
    return { records: [...this.#records.values()].sort((a, b) => a.round - b.round), checkpoint };
  }

  async #readBlock(key: string): Promise<void> {
    if (this.#whole.has(key)) return;
    const records = await readOptional(this.#objects, key, decodeRounds);
    for (const record of records ?? []) this.#records.set(record.round, record);
    // A shorter one may be stored again when the run is resumed.
    if (records !== undefined && records.length >= ROUNDS_PER_BLOCK) this.#whole.add(key);
  }
}

/** All rounds of a run. */
export async function readRounds(
  objects: Pick<ObjectStore, "get" | "list">,
  run: string,
): Promise<readonly RoundRecord[]> {
  return (await new RoundsReader(objects, run).read()).records;
}
