/** For tests: the draws of a real run, from its keyed streams, for `simulate`. */
import type { Compressor } from "../../compressors/compressor.ts";
import { serverDraws, workerDraws } from "../draws.ts";
import { type AlgorithmSpec, batchesOf } from "../registry.ts";
import type { PrescribedDraws } from "./simulate.ts";

/** @param rows m_i of every worker; of no use to methods without mini-batches. */
export function keyedDraws(
  seed: number,
  spec: AlgorithmSpec,
  compressor: Compressor,
  rows: readonly number[],
): PrescribedDraws {
  return {
    coin: (round, probability) => serverDraws(seed, round).coin(probability),
    slots: (round, count, workers, replacement) =>
      serverDraws(seed, round).slots(count, workers, replacement),
    weightedSlots: (round, count, cumulative) => serverDraws(seed, round).weightedSlots(count, cumulative),
    compressor: (round, slot) =>
      workerDraws(seed, { round, slot, slots: rows.length }, compressor, undefined).compressor(),
    batch(round, slot, which) {
      const batches = batchesOf(spec);
      if (batches === undefined) throw new RangeError(`${spec.kind} draws no mini-batches`);
      const setting = { ...batches, rows: rows[slot]! };
      return workerDraws(seed, { round, slot, slots: rows.length }, compressor, setting).batch(which);
    },
  };
}
