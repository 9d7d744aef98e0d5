/** The run's random choices, from keyed streams: functions of (seed, round, slot) alone. */
import type { Compressor, Draw, Place } from "../compressors/index.ts";
import { drawIndex, Purpose, Stream, sampleSubset } from "../math/index.ts";
import type { Rows, ServerDraws } from "./method.ts";

/** The worker's random choices for one slot of one round. */
export interface WorkerDraws {
  compressor(): Draw;
  /** Row indices of the shard for the mini-batch (or the large batch of an online method's dense round). */
  batch(rows: Exclude<Rows, "all">): Uint32Array;
}

/** The server's draws of message round t. */
export function serverDraws(seed: number, round: number): ServerDraws {
  return {
    coin: (probability) =>
      new Stream({ seed, purpose: Purpose.coin, round, index: 0 }).nextUniform() < probability,
    slots(count, workers, replacement) {
      const stream = new Stream({ seed, purpose: Purpose.participants, round, index: 0 });
      if (replacement) return Uint32Array.from({ length: count }, () => stream.nextBelow(workers));
      return sampleSubset(stream, workers, count);
    },
    weightedSlots(count, cumulative) {
      const stream = new Stream({ seed, purpose: Purpose.participants, round, index: 0 });
      return Uint32Array.from({ length: count }, () => drawIndex(stream, cumulative));
    },
  };
}

export interface BatchSetting {
  /** m_i */
  readonly rows: number;
  /** b */
  readonly batchSize: number;
  /** B; of no use but to the online method. */
  readonly largeBatchSize: number;
  readonly replacement: boolean;
  /** Cumulative sums of L_il, where rows are drawn in proportion to them. */
  readonly importance?: Float64Array;
}

/** A worker's draws for one slot of message round t. */
export function workerDraws(
  seed: number,
  place: Place,
  compressor: Compressor,
  batch: BatchSetting | undefined,
): WorkerDraws {
  const { round, slot } = place;
  return {
    compressor: () => compressorDraw(seed, place, compressor),
    batch(rows) {
      if (batch === undefined) throw new RangeError("this method draws no mini-batches");
      const stream = new Stream({ seed, purpose: Purpose.batch, round, index: slot });
      const count = rows === "batch" ? batch.batchSize : batch.largeBatchSize;
      const { importance } = batch;
      if (importance !== undefined)
        return Uint32Array.from({ length: count }, () => drawIndex(stream, importance));
      // An online method samples its distribution: a dense round's batch may be larger than the shard.
      if (batch.replacement || rows === "large-batch") {
        return Uint32Array.from({ length: count }, () => stream.nextBelow(batch.rows));
      }
      return sampleSubset(stream, batch.rows, count);
    },
  };
}

/** The draw of one slot's compressor: whoever receives the message draws the same. */
export function compressorDraw(seed: number, place: Place, compressor: Compressor): Draw {
  const { round, slot } = place;
  const streams = {
    seed,
    own: () => new Stream({ seed, purpose: Purpose.compressor, round, index: slot }),
    shared: () => new Stream({ seed, purpose: Purpose.jointCompressor, round, index: 0 }),
  };
  return compressor.draw(streams, place);
}
