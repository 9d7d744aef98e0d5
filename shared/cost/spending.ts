/** What a run has used so far, as its aggregator sees it: counted elsewhere, carried from tenure to tenure. */
export interface Spending {
  /** Dollars of the method so far, by the price table. */
  usd(): number;
  /** The counts, to be stored with a checkpoint: plain JSON. */
  save(): unknown;
  /** Goes on from stored counts. @throws MarinaError when they are not counts. */
  restore(saved: unknown): void;
}
