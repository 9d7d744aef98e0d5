/** From round records to what a report shows of held-out data. */
import { accuracyOf, type RoundRecord } from "../shared/protocol/index.ts";
import type { HeldOutPoint } from "./report-data.ts";
import { thin } from "./thin.ts";

const BITS_PER_MBIT = 1e6;

/** What a run saw, and where. */
type Look = Pick<RoundRecord, "round" | "uplinkBitsPerWorker" | "seconds" | "usd" | "heldOut">;

/** @param budget about how many points to keep. */
export function heldOutPoints(run: string, records: readonly Look[], budget: number): HeldOutPoint[] {
  const points = records.flatMap(({ round, uplinkBitsPerWorker, seconds, usd, heldOut }) => {
    if (heldOut === undefined) return [];
    const place = { round, uplinkMbit: uplinkBitsPerWorker / BITS_PER_MBIT, seconds, usd };
    return [{ run, ...place, rows: heldOut.rows, accuracy: accuracyOf(heldOut), loss: heldOut.loss }];
  });
  const values = points.map(({ accuracy, loss }) => accuracy ?? loss);
  return thin(values, budget).map((i) => points[i]!);
}
