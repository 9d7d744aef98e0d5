/** A round that is kept of a run's. */
import type { RoundRecord } from "../../shared/protocol/index.ts";

export interface KeptRound extends RoundRecord {
  /** Passes over the data before x^t could be formed; null where it is not known how many rows there are. */
  readonly epochs: number | null;
}
