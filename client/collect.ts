/** Everything that is stored of a run and that a report needs. */

import { type ObjectStore, readOptional } from "../shared/cloud/index.ts";
import { type Manifest, parseManifest } from "../shared/data/index.ts";
import {
  type Checkpoint,
  checkpointKey,
  decodeCheckpoint,
  decodeResult,
  manifestKey,
  type RoundRecord,
  type RunResult,
  resultKey,
  type StoredRun,
} from "../shared/protocol/index.ts";
import { findRun } from "./find.ts";
import { readRounds } from "./read-run.ts";

/** All that a report asks of a store. */
export type ObjectReader = Pick<ObjectStore, "get" | "list">;

/** The part of a checkpoint that is told of a run: not its vectors. */
export type Progress = Omit<Checkpoint, "state" | "records">;

export interface CollectedRun {
  readonly stored: StoredRun;
  /** Absent while the run goes on, or where it was cut off. */
  readonly result: RunResult | undefined;
  /** Absent before the first checkpoint. */
  readonly progress: Progress | undefined;
  /** By round; the row of the final iterate is the last one where the run has ended. */
  readonly records: readonly RoundRecord[];
  /** Of the data set, which may have been replaced since; absent where it is gone. */
  readonly manifest: Manifest | undefined;
}

/** @throws MarinaError "usage" for a run that does not exist, with the nearest name. */
export async function collectRun(objects: ObjectReader, run: string): Promise<CollectedRun> {
  const stored = await findRun(objects, run);
  const key = checkpointKey(run);
  const result = await readOptional(objects, resultKey(run), decodeResult);
  const progress = await readOptional(objects, key, progressOf);
  const dataKey = manifestKey(stored.spec.data);
  const manifest = await readOptional(objects, dataKey, parseManifest);
  return { stored, result, progress, records: withFinal(await readRounds(objects, run), result), manifest };
}

export function progressOf(body: Uint8Array, key: string): Progress {
  const { state: _state, records: _records, ...progress } = decodeCheckpoint(body, key);
  return progress;
}

/** The result's iterate as a row of its own, where no round has begun from it. */
export function withFinal(
  records: readonly RoundRecord[],
  result: RunResult | undefined,
): readonly RoundRecord[] {
  const last = records.at(-1);
  if (result === undefined || last === undefined || last.round >= result.rounds) return records;
  const final: RoundRecord = {
    ...last,
    round: result.rounds,
    loss: result.loss,
    gradientNormSquared: result.gradientNormSquared,
    uplinkBitsPerWorker: result.uplinkBitsPerWorker,
    uplinkBytes: result.uplinkBytesMeasured,
    downlinkBytes: result.downlinkBytesMeasured,
    seconds: result.seconds,
    usd: result.usd,
    resent: 0,
    hedged: 0,
    dropped: 0,
  };
  return [...records, final];
}
