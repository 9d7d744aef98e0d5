/** A run's stored rounds, read block by block: a run may have millions, and none of them is kept here. */
import { readCheckpoint } from "../../lambdas/aggregator/index.ts";
import { type ObjectStore, readOptional } from "../../shared/cloud/index.ts";
import {
  type Checkpoint,
  decodeResult,
  decodeRounds,
  ROUNDS_PER_BLOCK,
  type RoundRecord,
  type RunResult,
  resultKey,
  roundsPrefix,
} from "../../shared/protocol/index.ts";

type Objects = Pick<ObjectStore, "get" | "list">;

/** Blocks that are asked for at one time: on S3 each takes some 20 ms to come. */
const BLOCKS_AHEAD = 32;

/** undefined while the run has not ended. */
export function readResult(objects: ObjectStore, run: string): Promise<RunResult | undefined> {
  return readOptional(objects, resultKey(run), decodeResult);
}

/** The rounds of one run, some at a time: each once and in order. */
export async function* roundBlocks(
  objects: Objects,
  run: string,
  { from = 0, to = Infinity }: { readonly from?: number; readonly to?: number } = {},
): AsyncGenerator<readonly RoundRecord[], void, undefined> {
  // The checkpoint first: where the run goes on, its records move into blocks, and those are stored before the checkpoint
  // that has them no more.
  const checkpoint = (await readCheckpoint(objects, run))?.checkpoint;
  const fresh = checkpoint?.records ?? [];
  const keys = await objects.list(roundsPrefix(run));
  let next = from;
  for await (const { records, end } of storedBlocks(objects, keys, from, Math.min(to, firstOf(fresh)))) {
    const wanted = records.filter(({ round }) => round >= next && round < end);
    if (wanted.length === 0) continue;
    next = wanted.at(-1)!.round + 1;
    yield wanted;
  }
  const last = fresh.filter(({ round }) => round >= next && round < to);
  if (last.length > 0) yield last;
}

/** What is new of a run's rounds each time that they are read. */
export class RoundsReader {
  readonly #objects: Objects;
  readonly #run: string;
  /** Rounds before this one have been read, and will not change any more. */
  #settled = 0;

  constructor(objects: Objects, run: string) {
    this.#objects = objects;
    this.#run = run;
  }

  /**
   * @param settled takes the rounds that are new and will not change any more, some at a time
   * @returns the rounds after those, which come again the next time, and the checkpoint that the last of them are from
   */
  async read(
    settled: (records: readonly RoundRecord[], checkpoint: Checkpoint | undefined) => void,
  ): Promise<{
    readonly newest: readonly RoundRecord[];
    readonly checkpoint: Checkpoint | undefined;
  }> {
    // The checkpoint first, as above.
    const checkpoint = (await readCheckpoint(this.#objects, this.#run))?.checkpoint;
    const fresh = checkpoint?.records ?? [];
    const keys = await this.#objects.list(roundsPrefix(this.#run));
    const newest: RoundRecord[] = [];
    for await (const block of storedBlocks(this.#objects, keys, this.#settled, firstOf(fresh))) {
      const { records, end, isLast } = block;
      const wanted = records.filter(({ round }) => round >= this.#settled && round < end);
      // A short one may be stored again when the run is resumed, unless there are others behind it.
      if (newest.length === 0 && (!isLast || records.length >= ROUNDS_PER_BLOCK)) {
        settled(wanted, checkpoint);
        this.#settled = Math.max(this.#settled, (wanted.at(-1)?.round ?? -1) + 1);
      } else newest.push(...wanted);
    }
    newest.push(...fresh.filter(({ round }) => round >= this.#settled));
    return { newest, checkpoint };
  }
}

/** All rounds of a run, in memory at once. */
export async function readRounds(objects: Objects, run: string): Promise<readonly RoundRecord[]> {
  const records: RoundRecord[] = [];
  for await (const block of roundBlocks(objects, run)) for (const record of block) records.push(record);
  return records;
}

interface Block {
  readonly records: readonly RoundRecord[];
  /** Its rounds from this one on are told anew behind it. */
  readonly end: number;
  readonly isLast: boolean;
}

/** The blocks that may hold rounds of [from, to), in order; each key names its block's first round. */
async function* storedBlocks(
  objects: Objects,
  keys: readonly string[],
  from: number,
  to: number,
): AsyncGenerator<Block, void, undefined> {
  const all = keys.map((key) => ({ key, first: Number(key.slice(key.lastIndexOf("/") + 1)) }));
  const begin = Math.max(
    0,
    all.findLastIndex(({ first }) => first <= from),
  );
  const blocks = all.slice(begin).filter(({ first }) => first < to);
  const coming: Promise<readonly RoundRecord[] | undefined>[] = [];
  for (let i = 0; i < blocks.length; i++) {
    while (coming.length < BLOCKS_AHEAD && i + coming.length < blocks.length)
      coming.push(asked(readOptional(objects, blocks[i + coming.length]!.key, decodeRounds)));
    const records = await coming.shift()!;
    if (records === undefined) continue;
    yield {
      records,
      end: Math.min(to, blocks[i + 1]?.first ?? Infinity),
      isLast: begin + i === all.length - 1,
    };
  }
}

/** Its failure is told when it is awaited; whoever stops reading before does not hear of it. */
function asked<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

function firstOf(records: readonly RoundRecord[]): number {
  return records[0]?.round ?? Infinity;
}
