/** What a run has used so far, as its aggregator sees it: counted elsewhere, carried from tenure to tenure. */
import type { Usage } from "./usage.ts";

export interface Spending {
  /**
   * Dollars of the method so far, by the price table.
   * @param ahead what is certain to follow, see closing.ts
   */
  usd(ahead?: Usage): number;
  /** Dollars so far of what is outside the method: evaluations and calibration, as far as they are counted apart. */
  observationUsd(): number;
  /** The counts, to be stored with a checkpoint: plain JSON. @param ahead as of `usd`. */
  save(ahead?: Usage): unknown;
  /** Goes on from stored counts. @throws MarinaError when they are not counts. */
  restore(saved: unknown): void;
}
