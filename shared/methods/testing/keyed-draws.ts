/** For tests: the draws of a real run, from its keyed streams, for `simulate`. */
import type { Compressor } from "../../compressors/compressor.ts";
import { serverDraws, workerDraws } from "../draws.ts";
import type { AlgorithmSpec } from "../method.ts";
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
    compressor: (round, slot) =>
      workerDraws(seed, { round, slot, slots: rows.length }, compressor, undefined).compressor(),
    batch(round, slot, which) {
      if (!("batchSize" in spec)) throw new RangeError(`${spec.kind} draws no mini-batches`);
      const setting = {
        rows: rows[slot]!,
        batchSize: spec.batchSize,
        replacement: spec.replacement,
        largeBatchSize: "largeBatchSize" in spec ? spec.largeBatchSize : 0,
      };
      return workerDraws(seed, { round, slot, slots: rows.length }, compressor, setting).batch(which);
    },
  };
}
