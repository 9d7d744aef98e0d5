/** What is stored of a run: its result, checkpoint and rounds. */
import { readCheckpoint } from "../lambdas/aggregator/index.ts";
import { type ObjectStore, readOptional } from "../shared/cloud/index.ts";
import {
  decodeResult,
  decodeRounds,
  type RoundRecord,
  type RunResult,
  resultKey,
  roundsPrefix,
} from "../shared/protocol/index.ts";

/** undefined while the run has not ended. */
export function readResult(objects: ObjectStore, run: string): Promise<RunResult | undefined> {
  return readOptional(objects, resultKey(run), decodeResult);
}

/** All rounds of a run, each once, in order: the stored blocks, then what the checkpoint still holds. */
export async function readRounds(
  objects: Pick<ObjectStore, "get" | "list">,
  run: string,
): Promise<RoundRecord[]> {
  const byRound = new Map<number, RoundRecord>();
  // The checkpoint first: where the run goes on, its records move into blocks, and those are stored before the checkpoint
  // that has them no more.
  const checkpoint = (await readCheckpoint(objects, run))?.checkpoint;
  for (const key of await objects.list(roundsPrefix(run))) {
    for (const record of decodeRounds((await objects.get(key)).body, key)) byRound.set(record.round, record);
  }
  for (const record of checkpoint?.records ?? []) byRound.set(record.round, record);
  return [...byRound.values()].sort((a, b) => a.round - b.round);
}
