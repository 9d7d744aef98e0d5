/** Everything that is stored of a run and that a report or a watcher needs. */

import { type ObjectStore, readOptional } from "../shared/cloud/index.ts";
import { type Manifest, parseManifest } from "../shared/data/index.ts";
import {
  type Checkpoint,
  decodeResult,
  isCalibrated,
  manifestKey,
  type RoundRecord,
  type RunResult,
  resultKey,
  type StoredRun,
} from "../shared/protocol/index.ts";
import { findRun } from "./find.ts";
import { type RoundsDigest, RoundsDigester } from "./rounds/digest.ts";
import { RoundsReader, readRounds } from "./rounds/read-rounds.ts";

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
  /** The row of the final iterate is the last one where the run has ended. */
  readonly rounds: RoundsDigest;
  /** Of the data set, which may have been replaced since; absent where it is gone. */
  readonly manifest: Manifest | undefined;
}

/** @throws MarinaError "usage" for a run that does not exist, with the nearest name. */
export async function collectRun(objects: ObjectReader, run: string): Promise<CollectedRun> {
  return (await RunReader.open(objects, run)).read();
}

/** Reads a run again and again: of its rounds only what is new. */
export class RunReader {
  readonly #objects: ObjectReader;
  readonly #stored: StoredRun;
  readonly #manifest: Manifest | undefined;
  readonly #rounds: RoundsReader;
  #digester: RoundsDigester | undefined;

  private constructor(objects: ObjectReader, stored: StoredRun, manifest: Manifest | undefined) {
    this.#objects = objects;
    this.#stored = stored;
    this.#manifest = manifest;
    this.#rounds = new RoundsReader(objects, stored.run);
  }

  /** @throws MarinaError "usage" for a run that does not exist, with the nearest name. */
  static async open(objects: ObjectReader, run: string): Promise<RunReader> {
    const stored = await findRun(objects, run);
    const manifest = await readOptional(objects, manifestKey(stored.spec.data), parseManifest);
    return new RunReader(objects, stored, manifest);
  }

  async read(): Promise<CollectedRun> {
    const { run, spec } = this.#stored;
    const objects = this.#objects;
    // The result first: when it is there, everything else is final.
    const result = await readOptional(objects, resultKey(run), decodeResult);
    const { newest, checkpoint } = await this.#rounds.read((records, found) => {
      this.#digester ??= new RoundsDigester(epochSetting(spec, result, found));
      for (const record of records) this.#digester.add(record);
    });
    // Before anything has settled a digester is not kept: what it is to know may not be known yet.
    const digester = this.#digester ?? new RoundsDigester(epochSetting(spec, result, checkpoint));
    const unfinished = digester.view(newest);
    const final = finalRow(unfinished.last, result);
    return {
      stored: this.#stored,
      result,
      progress: checkpoint,
      rounds: final === undefined ? unfinished : digester.view(newest, final),
      manifest: this.#manifest,
    };
  }
}

/** Undefined while the run's constants are not known. */
function epochSetting(
  spec: StoredRun["spec"],
  result: RunResult | undefined,
  progress: Pick<Checkpoint, "constants"> | undefined,
) {
  const constants = result?.constants ?? progress?.constants;
  if (constants === undefined || !isCalibrated({ constants })) return undefined;
  return { spec, rows: constants.rows, probability: constants.probability };
}

/** Every round of a run that has ended, the final iterate's row included, in memory at once. */
export async function allRounds(
  objects: ObjectReader,
  run: string,
  result: RunResult | undefined,
): Promise<readonly RoundRecord[]> {
  const records = await readRounds(objects, run);
  const final = finalRow(records.at(-1), result);
  return final === undefined ? records : [...records, final];
}

/** The result's iterate as a row of its own, where no round has begun from it. */
export function finalRow(
  last: RoundRecord | undefined,
  result: RunResult | undefined,
): RoundRecord | undefined {
  if (result === undefined || last === undefined || last.round >= result.rounds) return undefined;
  return {
    round: result.rounds,
    dense: last.dense,
    slots: last.slots,
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
    ...(result.heldOut === undefined ? {} : { heldOut: result.heldOut }),
  };
}
